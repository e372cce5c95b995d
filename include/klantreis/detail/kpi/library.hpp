// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <span>

#include "klantreis/kpi/definition.hpp"

// The key figures, each defined once, in the order of a journey.

namespace klantreis::detail {

struct library_entry {
  const char* id;
  const char* name;
  const char* formula;
  const char* unit;
  kpi_direction direction;
  const char* interval;
  const char* source;
};

[[nodiscard]] inline std::span<const library_entry> library_entries() {
  constexpr auto up = kpi_direction::up;
  constexpr auto down = kpi_direction::down;
  constexpr auto none = kpi_direction::none;
  constexpr const char* exact = "none (exact)";
  constexpr const char* outside = "none (no customers)";
  constexpr const char* wilson = "Wilson, by customers";
  constexpr const char* influence = "influence values by customers";
  constexpr const char* woodruff = "Woodruff, by customers";
  constexpr const char* plain = "definition";
  static constexpr library_entry entries[]{
      // Being known.
      {"reach", "Customers reached", "customers()", "customers", up, exact, plain},
      {"frequency", "Events per customer", "count() / customers()", "", none, influence, plain},
      {"impressions", "Impressions", "sum(impressions)", "", up, outside, plain},
      {"video_views", "Video views", "sum(video_views)", "", up, outside, plain},
      {"seo_rank", "Rank in search results", "last(seo_rank)", "", down, outside, plain},
      // Choosing.
      {"clicks", "Clicks", "count([search_click, social_click, ad_click, click])", "", up, exact, plain},
      {"click_cost", "Cost of clicks", "sum(cost, of=[search_click, social_click, ad_click, click])", "amount", none,
       exact, plain},
      {"ctr", "Click-through rate", "clicks / impressions", "share", up, "none (impressions have no customers)", plain},
      {"cpc", "Cost per click", "click_cost / clicks", "amount", down, influence, plain},
      {"compare_rate", "Customers who compare", "share_of_customers(compare_view, among={phase: consideration})",
       "share", none, wilson, plain},
      {"review_exposure", "Buyers who read reviews", "exposure(review_view, among=buyers)", "share", up, wilson, plain},
      {"review_effect", "Buying with reviews − without", "exposure_effect(review_view, outcome=conversion)", "share",
       none, "Newcombe", "Newcombe 1998, method 10; an association, not an effect"},
      // Buying.
      {"conversion_rate", "Customers who convert", "share_of_customers(outcome=conversion)", "share", up, wilson,
       "Wilson 1927"},
      {"buyers", "Customers with a conversion", "customers(conversion)", "customers", up, exact, plain},
      {"orders", "Conversions", "count(conversion)", "", up, exact, plain},
      {"revenue", "Value of conversions", "sum(value, of=conversion)", "amount", up, exact, plain},
      {"aov", "Average order value", "revenue / orders", "amount", up, influence, plain},
      {"revenue_per_customer", "Value per buyer", "revenue / buyers", "amount", up, influence, plain},
      {"quote_requests", "Quote requests", "count([quote_request, quote])", "", up, exact, plain},
      {"leads", "Leads", "count([lead, lead_form, sign_up])", "", up, exact, plain},
      {"cost", "Cost", "sum(cost)", "amount", down, exact, plain},
      {"cost_per_lead", "Cost per lead", "cost / leads", "amount", down, influence, plain},
      {"cost_per_customer", "Cost per buyer", "cost / buyers", "amount", down, influence, plain},
      {"cart_abandonment", "Carts abandoned", "share_without([add_to_cart, cart], outcome=conversion)", "share", down,
       wilson, plain},
      {"checkout_abandonment", "Customers who leave the checkout",
       "share_without([checkout_start, checkout], outcome=conversion)", "share", down, wilson, plain},
      {"checkout_attempts_lost", "Checkout attempts without order right after",
       "not_followed_by(of=[checkout_start, checkout], next=conversion)", "share", down, influence, plain},
      {"checkout_time", "Time from checkout to order",
       "duration(from=[checkout_start, checkout], to=conversion, stat=median)", "min", down, woodruff, plain},
      {"checkout_time_p90", "Time from checkout to order, 90 % are faster",
       "duration(from=[checkout_start, checkout], to=conversion, stat=p90)", "min", down, woodruff, plain},
      {"payment_failures", "Failed payments per checkout",
       "count([payment_failed, payment_error]) / count([checkout_start, checkout])", "", down, influence, plain},
      {"time_to_conversion", "Time from first event to first conversion",
       "duration(from=first_event, to=conversion, stat=median)", "h", down, woodruff, plain},
      {"impulse_share", "Buyers within an hour of the first event",
       "duration(from=first_event, to=conversion, stat=share_within, limit=1h)", "share", none, wilson, plain},
      {"effort", "Actions before the first conversion", "actions_before(conversion, stat=mean)", "", down, influence,
       plain},
      {"effort_median", "Actions before the first conversion, median", "actions_before(conversion, stat=median)", "",
       down, woodruff, plain},
      {"help_rate", "Buyers who asked for help before the order",
       "share_of_customers([contact, chat, call, help, faq_view, faq_voor], before=conversion, among=conversion)",
       "share", down, wilson, plain},
      {"phone_reachability", "Calls answered",
       "share_of_events([call, contact], channel=phone, where={answered: [yes, ja, \"true\", 1]})", "share", up,
       influence, plain},
      // Receiving.
      {"delivery_days", "Days from order to delivery", "duration(from=conversion, to=delivered, stat=median)", "d",
       down, woodruff, plain},
      {"on_time_rate", "Deliveries within two days",
       "duration(from=conversion, to=delivered, stat=share_within, limit=2d)", "share", up, influence, plain},
      {"status_reach", "Deliveries with news on the way",
       "share_between(of=[status_mail, status], from=conversion, to=delivered)", "share", up, influence, plain},
      // Using and asking.
      {"aftercare_reach", "Buyers seen again after the first purchase",
       "share_of_customers(after=conversion, among=conversion)", "share", up, wilson, plain},
      {"time_to_answer", "Time from question to answer", "duration(from=question, to=answer, stat=median)", "h", down,
       woodruff, plain},
      {"unanswered_questions", "Questions without answer", "unanswered(from=question, to=answer)", "", down, exact,
       plain},
      {"nps", "Net promoter score", "nps(score, of=[nps, nps_survey])", "points", up,
       "normal with the variance of three classes", "Reichheld 2003, Harvard Business Review 81(12)"},
      {"csat", "Satisfaction, mean", "mean(score, of=[csat, csat_survey])", "", up, influence, plain},
      {"csat_top2", "Satisfaction, the two best answers of five", "share_at_least(score, 4, of=[csat, csat_survey])",
       "share", up, influence, plain},
      {"ces", "Customer effort score, mean", "mean(score, of=[ces, ces_survey])", "", up, influence,
       "Dixon, Freeman and Toman 2010, Harvard Business Review 88(7)"},
      {"feedback_rate", "Buyers who gave a score",
       "share_of_customers([nps, nps_survey, csat, csat_survey, ces, ces_survey, feedback], after=conversion, "
       "among=conversion)",
       "share", up, wilson, plain},
      {"review_rate", "Buyers who left a review",
       "share_of_customers([review_left, review], after=conversion, among=conversion)", "share", up, wilson, plain},
      {"contacts", "Contacts", "count(contact)", "", down, exact, plain},
      {"issues", "Problems that customers made contact about", "issues(contact, window=7d)", "", down, exact, plain},
      {"fcr", "Problems solved by one contact", "fcr(contact, window=7d)", "share", up, influence,
       "no contact on the same problem within 7 days of the last"},
      {"repeat_contact_rate", "Contacts that were not the first of a problem", "repeat_contacts(contact, window=7d)",
       "share", down, influence, plain},
      {"contacts_per_issue", "Contacts per problem", "contacts_per_issue(contact, window=7d)", "", down, influence,
       plain},
      {"agents_per_issue", "People per problem", "agents_per_issue(contact, window=7d)", "", down, influence, plain},
      {"issues_with_several_agents", "Problems explained to several people",
       "issues_with(of=contact, window=7d, agents={gt: 1})", "share", down, influence, plain},
      {"wait_mean", "Waiting time, mean", "mean(wait_s)", "s", down, influence, plain},
      {"wait_median", "Waiting time, median", "median(wait_s)", "s", down, woodruff, plain},
      {"wait_p90", "Waiting time, 90 % wait less", "quantile(wait_s, 0.9)", "s", down, woodruff, plain},
      {"wait_max", "Waiting time, longest", "maximum(wait_s)", "s", down, "none", plain},
      {"wait_over_2_min", "Contacts that wait longer than two minutes", "share_above(wait_s, 120)", "share", down,
       influence, plain},
      // Coming back and telling others.
      {"repeat_orders", "Conversions after a customer's first", "repeats(conversion)", "", up, exact, plain},
      {"repeat_rate", "Conversions that are repeats", "share(repeats(conversion), count(conversion))", "share", up,
       influence, plain},
      {"returning_customers", "Buyers who buy again",
       "share_of_customers(outcome=conversion, among=conversion, at_least=2)", "share", up, wilson, plain},
      {"revenue_share_top20", "Value from the best 20 % of buyers", "lorenz_top(0.2)", "share", down, influence,
       "Lorenz 1905"},
      {"customers_for_80", "Buyers who bring 80 % of the value", "customers_for(0.8)", "customers", none, "none",
       "Lorenz 1905"},
      {"smallest_share_80", "Share of buyers who bring 80 % of the value", "smallest_share(0.8)", "share", none, "none",
       "Lorenz 1905"},
      {"gini", "Concentration of value among buyers", "gini()", "", down, influence, "Gini 1912"},
      {"shares", "Experiences shared", "count(share)", "", up, exact, plain},
      {"ambassadors", "Customers who share", "customers(share)", "customers", up, exact, plain},
      {"referrals", "Customers who were referred", "customers(where={referrer: {known: \"true\"}})", "customers", up,
       exact, plain},
      {"referral_conversion", "Referred customers who convert",
       "share_of_customers(outcome=conversion, among={where: {referrer: {known: \"true\"}}})", "share", up, wilson,
       plain},
      {"influenced_purchases", "Buyers who were referred",
       "share_of_customers(where={referrer: {known: \"true\"}}, among=conversion)", "share", none, wilson, plain},
      {"k_factor", "Referred buyers per buyer", "k_factor(referrer=referrer, outcome=conversion)", "", up, wilson,
       plain},
      {"referral_multiplier", "Buyers for each one won without referral", "1 / (1 - k_factor)", "", up,
       "that of k_factor, carried over", "geometric series, for k_factor below 1"},
  };
  return entries;
}

}  // namespace klantreis::detail
