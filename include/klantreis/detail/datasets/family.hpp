// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/datasets.hpp"
#include "klantreis/detail/datasets/rows.hpp"
#include "klantreis/detail/random.hpp"
#include "klantreis/engine.hpp"

// The customers of the webshop and what they do, as plain events.

namespace klantreis::detail {

enum class webshop_origin : std::uint8_t { arrival, referred, returning };
inline constexpr std::array<const char*, 3> webshop_origins{"arrival", "referred", "return"};

/// One simulated event. Money is in cents, times in seconds since 1970.
struct webshop_event {
  std::int64_t time = 0;
  std::uint32_t customer = 0;  ///< counted within the block of families, then over all
  std::uint32_t referrer = no_customer;
  std::int32_t value = none;
  std::int32_t cost = none;
  std::int32_t wait = none;
  std::uint16_t agent = 0;  ///< 0: nobody
  std::uint8_t touchpoint = 0;
  std::uint8_t channel = 0;
  std::uint8_t group = 0;
  std::uint8_t issue = 0;  ///< counted from 1 for each customer; 0: none
  std::int8_t score = -1;
  webshop_origin origin = webshop_origin::arrival;
  std::uint8_t person = 1;

  static constexpr std::uint32_t no_customer = 0xFFFF'FFFFU;
  static constexpr std::int32_t none = -1;
};

/// The parameters ready for drawing: running sums, numbers instead of names.
class webshop_model {
 public:
  explicit webshop_model(const webshop_parameters& parameters) : p(parameters) {
    for (const auto& touchpoint : p.touchpoints) {
      channel_of.push_back(static_cast<std::uint8_t>(channel(touchpoint.channel)));
    }
    store = static_cast<std::uint8_t>(channel("store"));
    chat = static_cast<std::uint8_t>(channel("chat"));
    phone = static_cast<std::uint8_t>(channel("phone"));
    for (const auto& group : p.groups) {
      shares.push_back(group.share);
      for (unsigned period = 0; period < 2; ++period) {
        rows.push_back(effective_rows(p, group, period));
        for (auto& row : rows.back().of) {
          double sum = 0.0;
          for (auto& arrow : row) {
            sum += arrow.probability;
            arrow.probability = sum;
          }
        }
      }
    }
    std::partial_sum(shares.begin(), shares.end(), shares.begin());
    for (const auto& [from, to] : {std::pair{&p.arrivals, &arrivals}, std::pair{&p.returns, &returns}}) {
      double sum = 0.0;
      for (const auto& [name, probability] : *from) {
        to->push_back({touchpoint_number(p, name), sum += probability});
      }
    }
    std::partial_sum(p.hours.begin(), p.hours.end(), hours.begin());
    order = code("order");
    status_mail = code("status_mail");
    delivered = code("delivered");
    contact = code("contact");
    nps = code("nps");
    share = code("share");
    referral_visit = code("referral_visit");
    for (std::size_t i = 0; i < p.touchpoints.size(); ++i) {
      approval = p.touchpoints[i].name == "approval" ? static_cast<std::uint8_t>(i) : approval;
      visit = p.touchpoints[i].name == "store_visit" ? static_cast<std::uint8_t>(i) : visit;
    }
    begin = std::chrono::duration_cast<std::chrono::seconds>(p.start.time_since_epoch()).count();
    end = begin + static_cast<std::int64_t>(p.days * 86'400.0);
    improvement = std::chrono::duration_cast<std::chrono::seconds>(p.improvement.time_since_epoch()).count();
  }

  const webshop_parameters& p;
  std::vector<std::string> channels;
  std::vector<std::uint8_t> channel_of;
  std::vector<webshop_rows> rows;  ///< group * 2 + period; running sums
  std::vector<double> shares;
  std::vector<webshop_rows::arrow> arrivals, returns;
  std::array<double, 24> hours{};
  std::uint8_t order = 0, status_mail = 0, delivered = 0, contact = 0, nps = 0, share = 0, referral_visit = 0;
  std::uint8_t approval = 0xFF, visit = 0xFF;
  std::uint8_t store = 0, chat = 0, phone = 0;
  std::int64_t begin = 0, end = 0, improvement = 0;

 private:
  std::size_t channel(const std::string& name) {
    const auto found = std::find(channels.begin(), channels.end(), name);
    if (found != channels.end()) {
      return static_cast<std::size_t>(found - channels.begin());
    }
    channels.push_back(name);
    return channels.size() - 1;
  }
  [[nodiscard]] std::uint8_t code(std::string_view name) const {
    return static_cast<std::uint8_t>(touchpoint_number(p, name));
  }
};

/// A customer who came by himself, and those who came because of him or of them.
class webshop_family {
 public:
  webshop_family(const webshop_model& model, std::uint64_t seed, std::size_t number, std::uint32_t first_customer,
                 std::vector<webshop_event>& events)
      : m_(model),
        a_(model.p.after_order),
        random_(splitmix64::mix(splitmix64::golden * (seed + 1) + splitmix64::mix(number))),
        next_customer_(first_customer),
        events_(events) {}

  /// Appends the events of all, customer after customer; the number of customers.
  std::uint32_t live() {
    waiting_.push_back(
        {m_.begin + static_cast<std::int64_t>(random_.uniform() * static_cast<double>(m_.end - m_.begin)),
         webshop_event::no_customer});
    const std::uint32_t first = next_customer_;
    constexpr std::size_t largest = 100'000;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      if (waiting_.size() > largest) {
        throw limit_error("one customer brings " + std::to_string(largest) +
                          " others, who bring each other without end; lower after_order.share");
      }
      const auto [time, referrer] = waiting_[i];
      live_one(time, referrer);
      ++next_customer_;
    }
    return next_customer_ - first;
  }

 private:
  struct arriving {
    std::int64_t time;
    std::uint32_t referrer;
  };

  bool happens(double chance) { return random_.uniform() < chance; }
  std::int64_t after(double mean_seconds) {
    return static_cast<std::int64_t>(-mean_seconds * std::log1p(-random_.uniform()));
  }
  std::int64_t after_days(double mean) { return after(mean * 86'400.0); }

  double log_normal(double median, double spread) {
    // Box and Muller (1958, doi:10.1214/aoms/1177706645).
    const double radius = std::sqrt(-2.0 * std::log1p(-random_.uniform()));
    return median * std::exp(spread * radius * std::cos(2.0 * std::numbers::pi * random_.uniform()));
  }

  template <typename Sums>
  std::size_t draw(const Sums& sums) {
    const double u = random_.uniform() * sums.back();
    return static_cast<std::size_t>(std::upper_bound(sums.begin(), sums.end() - 1, u) - sums.begin());
  }
  std::uint32_t draw(const std::vector<webshop_rows::arrow>& row) {
    const double u = random_.uniform();
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      if (u < row[i].probability) {
        return row[i].to;
      }
    }
    return row.back().to;
  }

  /// A moment of that day at an hour at which people shop, no earlier than 40 minutes from now.
  [[nodiscard]] std::int64_t visiting_hour(std::int64_t time) {
    const auto day = time - (time % 86'400 + 86'400) % 86'400;
    const auto hour = static_cast<std::int64_t>(draw(m_.hours));
    const auto within = static_cast<std::int64_t>(random_.uniform() * 3'600.0);
    return (std::max)(day + hour * 3'600 + within, clock_ + 2'400);
  }

  webshop_event& meets(std::uint8_t touchpoint) {
    webshop_event event = now_;
    event.time = clock_;
    event.touchpoint = touchpoint;
    event.channel = m_.channel_of[touchpoint];
    event.person = touchpoint == m_.approval ? 2 : 1;
    const auto& cost = m_.p.touchpoints[touchpoint].cost;
    if (cost[1] > 0.0) {
      event.cost = cents(cost[0] + (cost[1] - cost[0]) * random_.uniform());
    }
    events_.push_back(event);
    return events_.back();
  }
  static std::int32_t cents(double amount) {
    return static_cast<std::int32_t>(std::lround((std::min)(amount, 1e7) * 100.0));
  }

  void live_one(std::int64_t time, std::uint32_t referrer) {
    now_ = webshop_event{};
    now_.customer = next_customer_;
    now_.group = static_cast<std::uint8_t>(draw(m_.shares));
    clock_ = time - 86'400;
    clock_ = referrer == webshop_event::no_customer ? visiting_hour(time) : time;
    issues_ = 0;
    const std::size_t first = events_.size();
    now_.origin = referrer == webshop_event::no_customer ? webshop_origin::arrival : webshop_origin::referred;
    std::uint32_t at = referrer == webshop_event::no_customer ? draw(m_.arrivals) : m_.referral_visit;
    while (clock_ < m_.end) {
      const std::size_t begin = events_.size();
      double chance_of_return = a_.no_order_return;
      double least = a_.no_order_least_days;
      double days = a_.no_order_days;
      if (buys(at)) {
        const bool content = is_served();
        chance_of_return = content ? a_.return_content : a_.return_other;
        least = a_.return_least_days;
        days = a_.return_days;
      }
      if (begin == first && referrer != webshop_event::no_customer) {
        events_[first].referrer = referrer;
      }
      if (!happens(chance_of_return)) {
        break;
      }
      clock_ = visiting_hour(clock_ + static_cast<std::int64_t>(least * 86'400.0) + after_days(days));
      now_.origin = webshop_origin::returning;
      at = draw(m_.returns);
    }
    // Nobody sees what happens after the end.
    while (events_.size() > first && events_.back().time >= m_.end) {
      events_.pop_back();
    }
  }

  /// The way to an order from the first touchpoint on; false when it ends without.
  bool buys(std::uint32_t at) {
    const auto& rows = m_.rows[std::size_t{now_.group} * 2 + (clock_ >= m_.improvement ? 1U : 0U)];
    constexpr int longest = 10'000;
    for (int step = 0; step < longest; ++step) {
      meets(static_cast<std::uint8_t>(at));
      const auto& touchpoint = m_.p.touchpoints[at];
      const auto next = draw(rows.of[at]);
      if (next == webshop_rows::null) {
        return false;
      }
      clock_ = happens(touchpoint.later) ? visiting_hour(clock_ + after_days(touchpoint.days))
                                         : clock_ + 1 + after(touchpoint.minutes * 60.0);
      if (next == webshop_rows::order) {
        const auto& group = m_.p.groups[now_.group];
        auto& event = meets(m_.order);
        event.value = cents(log_normal(group.order_median, group.order_spread));
        event.channel = at == m_.visit ? m_.store : event.channel;
        return true;
      }
      at = next;
    }
    return false;
  }

  /// What follows an order; true when the customer is content with it.
  bool is_served() {
    const auto ordered = clock_;
    const auto arrives =
        ordered + static_cast<std::int64_t>(a_.delivery_least_days * 86'400.0) + after_days(a_.delivery_days);
    const bool late = static_cast<double>(arrives - ordered) > a_.late_after_days * 86'400.0;
    if (happens(a_.mail_chance)) {
      clock_ = (std::min)(ordered + 60 + after(a_.mail_hours * 3'600.0), arrives);
      meets(m_.status_mail);
    }
    clock_ = arrives;
    meets(m_.delivered);
    bool solved = true;
    if (happens(late ? a_.contact_late : a_.contact_on_time)) {
      solved = is_helped();
    }
    const bool content = solved && !late;
    bool promoter = false;
    if (happens(a_.nps_chance)) {
      clock_ += 3'600 + after_days(a_.nps_days);
      auto sums = content ? a_.scores_content : a_.scores_other;
      std::partial_sum(sums.begin(), sums.end(), sums.begin());
      const auto score = static_cast<std::int8_t>(draw(sums));
      meets(m_.nps).score = score;
      promoter = score >= 9;
    }
    if (happens(promoter ? a_.share_promoter : a_.share_other)) {
      clock_ += 60 + after(3'600.0);
      meets(m_.share);
      const arriving friend_of_mine{clock_ + 60 + after(a_.share_hours * 3'600.0), next_customer_};
      if (happens(a_.share_brings) && friend_of_mine.time < m_.end) {
        waiting_.push_back(friend_of_mine);
      }
    }
    return content;
  }

  /// Contacts about one issue until it is solved, four at most.
  bool is_helped() {
    clock_ += after_days(a_.contact_days);
    issues_ = static_cast<std::uint8_t>((std::min)(issues_ + 1, 255));
    constexpr int most = 4;
    for (int contacts = 1;; ++contacts) {
      auto& event = meets(m_.contact);
      event.channel = happens(a_.by_phone) ? m_.phone : m_.chat;
      event.issue = issues_;
      event.agent = static_cast<std::uint16_t>(1 + static_cast<std::uint32_t>(random_.uniform() * a_.agents));
      event.wait = static_cast<std::int32_t>(after(a_.wait_seconds));
      event.cost = cents(a_.contact_cost);
      if (happens(a_.solved)) {
        return true;
      }
      if (contacts == most) {
        return false;
      }
      clock_ += happens(a_.handed_over) ? 60 + after(300.0) : 3'600 + after_days(1.0);
    }
  }

  const webshop_model& m_;
  const webshop_parameters::aftermath& a_;
  splitmix64 random_;
  std::uint32_t next_customer_;
  std::vector<webshop_event>& events_;
  std::vector<arriving> waiting_;
  webshop_event now_;
  std::int64_t clock_ = 0;
  std::uint8_t issues_ = 0;
};

/// All events, by customer; customers are numbered in the order of the families.
[[nodiscard]] inline std::vector<webshop_event> simulate_webshop(const webshop_model& model,
                                                                 const webshop_options& options) {
  if (options.customers > 200'000'000) {
    throw limit_error("customers is " + std::to_string(options.customers) + "; at most 200000000 are simulated");
  }
  constexpr std::size_t block_families = 2'048;
  struct block {
    std::vector<webshop_event> events;
    std::uint32_t customers = 0;
  };
  std::vector<webshop_event> all;
  const unsigned workers = worker_count(options.threads);
  std::vector<block> blocks;
  std::size_t family = 0;
  std::size_t customers = 0;
  while (customers < options.customers) {
    const std::size_t missing = options.customers - customers;
    const std::size_t count = std::clamp<std::size_t>(missing / block_families, 1, std::size_t{4} * workers);
    blocks.assign(count, block{});
    run_parallel(workers, [&](unsigned worker) {
      for (std::size_t b = worker; b < count; b += workers) {
        for (std::size_t i = 0; i < block_families; ++i) {
          webshop_family one{model, options.seed, family + b * block_families + i, blocks[b].customers,
                             blocks[b].events};
          blocks[b].customers += one.live();
        }
      }
    });
    family += count * block_families;
    for (auto& part : blocks) {
      const auto first = static_cast<std::uint32_t>(customers);
      for (auto& event : part.events) {
        if (first + event.customer >= options.customers) {
          break;
        }
        event.customer += first;
        event.referrer += event.referrer == webshop_event::no_customer ? 0U : first;
        all.push_back(event);
      }
      customers = (std::min)(options.customers, customers + part.customers);
    }
  }
  return all;
}

}  // namespace klantreis::detail
