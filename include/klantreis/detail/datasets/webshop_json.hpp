// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace klantreis::detail {

/// What `webshop_parameters` reads unless another text is given.
inline constexpr std::string_view webshop_json = R"json({
  "about": "A Dutch webshop for washing machines and groceries that does not exist, over one year. Change what you like: klantreis.datasets.webshop(parameters=...) simulates the change and klantreis.datasets.webshop_truth(parameters=...) tells what an analysis must find.",
  "start": "2025-01-01",
  "days": 365,
  "improvement": "2025-07-01",

  "groups": [
    {"segment": "starter", "kind": "b2c", "device": "mobile", "share": 0.27, "order_value": {"median": 58, "spread": 0.45}},
    {"segment": "starter", "kind": "b2c", "device": "desktop", "share": 0.13, "order_value": {"median": 64, "spread": 0.45}},
    {"segment": "family", "kind": "b2c", "device": "mobile", "share": 0.21, "order_value": {"median": 118, "spread": 0.60}},
    {"segment": "family", "kind": "b2c", "device": "desktop", "share": 0.27, "order_value": {"median": 142, "spread": 0.60}},
    {"segment": "business", "kind": "b2b", "device": "desktop", "share": 0.12, "order_value": {"median": 429, "spread": 0.50}}
  ],

  "touchpoints": {
    "ad_impression": {"channel": "display", "phase": "awareness", "cost": [0.01, 0.04], "minutes": 3, "later": 0.75, "days": 2.0},
    "search_click": {"channel": "google", "phase": "awareness", "cost": [0.28, 0.62], "minutes": 1, "later": 0.04, "days": 1.0},
    "social_click": {"channel": "social", "phase": "awareness", "cost": [0.18, 0.44], "minutes": 1, "later": 0.08, "days": 1.5},
    "referral_visit": {"channel": "word_of_mouth", "phase": "awareness", "minutes": 2, "later": 0.10, "days": 1.0},
    "email_click": {"channel": "email", "phase": "consideration", "cost": [0.02, 0.02], "minutes": 1, "later": 0.03, "days": 1.0},
    "product_view": {"channel": "webshop", "phase": "consideration", "minutes": 3, "later": 0.16, "days": 2.0},
    "review_view": {"channel": "reviews", "phase": "consideration", "minutes": 4, "later": 0.14, "days": 1.5},
    "compare_view": {"channel": "compare_site", "phase": "consideration", "cost": [0.25, 0.45], "minutes": 5, "later": 0.25, "days": 1.5},
    "store_visit": {"channel": "store", "phase": "consideration", "minutes": 20, "later": 0.60, "days": 1.5},
    "faq_view": {"channel": "webshop", "phase": "consideration", "minutes": 2, "later": 0.10, "days": 1.0},
    "add_to_cart": {"channel": "webshop", "phase": "decision", "minutes": 2, "later": 0.12, "days": 1.0},
    "help_chat": {"channel": "chat", "phase": "decision", "cost": [2.40, 3.60], "minutes": 6, "later": 0.05, "days": 1.0},
    "checkout_start": {"channel": "webshop", "phase": "purchase", "minutes": 3, "later": 0.02, "days": 1.0},
    "payment_error": {"channel": "webshop", "phase": "purchase", "minutes": 1, "later": 0.10, "days": 1.0},
    "approval": {"channel": "office", "phase": "purchase", "minutes": 240, "later": 0.30, "days": 1.0},
    "order": {"channel": "webshop", "phase": "purchase"},
    "status_mail": {"channel": "email", "phase": "delivery"},
    "delivered": {"channel": "delivery", "phase": "delivery"},
    "contact": {"channel": "phone", "phase": "service"},
    "nps": {"channel": "email", "phase": "service"},
    "share": {"channel": "word_of_mouth", "phase": "ambassador"}
  },

  "arrivals": {"search_click": 0.36, "ad_impression": 0.25, "social_click": 0.13, "product_view": 0.12, "compare_view": 0.08, "store_visit": 0.06},
  "returns": {"email_click": 0.42, "product_view": 0.30, "search_click": 0.18, "store_visit": 0.10},

  "transitions": {
    "ad_impression": {"product_view": 0.22, "search_click": 0.12, "ad_impression": 0.10, "(null)": 0.56},
    "search_click": {"product_view": 0.72, "compare_view": 0.06, "store_visit": 0.04, "(null)": 0.18},
    "social_click": {"product_view": 0.62, "review_view": 0.05, "(null)": 0.33},
    "referral_visit": {"product_view": 0.75, "review_view": 0.10, "(null)": 0.15},
    "email_click": {"product_view": 0.55, "add_to_cart": 0.22, "(null)": 0.23},
    "product_view": {"product_view": 0.22, "review_view": 0.15, "compare_view": 0.07, "faq_view": 0.04, "add_to_cart": 0.17, "search_click": 0.06, "email_click": 0.03, "store_visit": 0.02, "(null)": 0.24},
    "review_view": {"product_view": 0.38, "add_to_cart": 0.26, "compare_view": 0.06, "(null)": 0.30},
    "compare_view": {"product_view": 0.40, "search_click": 0.10, "(null)": 0.50},
    "store_visit": {"order": 0.22, "product_view": 0.25, "add_to_cart": 0.10, "(null)": 0.43},
    "faq_view": {"product_view": 0.45, "help_chat": 0.15, "add_to_cart": 0.08, "(null)": 0.32},
    "help_chat": {"product_view": 0.35, "add_to_cart": 0.25, "checkout_start": 0.10, "(null)": 0.30},
    "add_to_cart": {"checkout_start": 0.56, "product_view": 0.14, "email_click": 0.08, "(null)": 0.22},
    "checkout_start": {"order": 0.76, "payment_error": 0.04, "help_chat": 0.03, "email_click": 0.05, "(null)": 0.12},
    "payment_error": {"checkout_start": 0.35, "help_chat": 0.08, "(null)": 0.57},
    "approval": {"order": 0.88, "(null)": 0.12}
  },

  "changes": [
    {"about": "The problem: on a phone the payment page fails.", "device": "mobile", "from": "checkout_start", "take": "order", "give": "payment_error", "probability": 0.26},
    {"about": "The improvement: from the day named above the cart promises the day of delivery.", "period": "after", "from": "add_to_cart", "take": "(null)", "give": "checkout_start", "probability": 0.10},
    {"about": "Families read more reviews.", "segment": "family", "from": "product_view", "take": "(null)", "give": "review_view", "probability": 0.05},
    {"about": "Businesses know what they want, and ask.", "segment": "business", "from": "product_view", "take": "(null)", "give": "help_chat", "probability": 0.06},
    {"about": "Half of the orders of businesses wait for an approval.", "kind": "b2b", "from": "checkout_start", "take": "order", "give": "approval", "probability": 0.40}
  ],

  "after_order": {
    "status_mail": {"chance": 0.88, "hours": 3},
    "delivery": {"least_days": 1.0, "days": 1.0, "late_after_days": 2.0},
    "contact": {"chance_on_time": 0.12, "chance_late": 0.38, "days": 2.0, "wait_seconds": 160, "by_phone": 0.6, "solved": 0.68, "handed_over": 0.30, "agents": 40, "cost": 4.5},
    "nps": {
      "chance": 0.38, "days": 3.0,
      "scores_content": [0.00, 0.00, 0.01, 0.01, 0.02, 0.04, 0.06, 0.16, 0.26, 0.24, 0.20],
      "scores_late_or_unsolved": [0.06, 0.03, 0.05, 0.08, 0.09, 0.14, 0.17, 0.18, 0.12, 0.05, 0.03]
    },
    "share": {"chance_promoter": 0.30, "chance_other": 0.02, "brings": 0.55, "hours": 30},
    "returns": {"chance_content": 0.46, "chance_late_or_unsolved": 0.24, "least_days": 5, "days": 32}
  },
  "after_no_order": {"chance": 0.10, "least_days": 35, "days": 20},

  "hours": [2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 11, 11, 12, 11, 10, 10, 10, 11, 13, 17, 20, 18, 12, 6]
}
)json";

}  // namespace klantreis::detail
