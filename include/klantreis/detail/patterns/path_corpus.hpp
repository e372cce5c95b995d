// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/journeys.hpp"

namespace klantreis::detail {

/// The paths of journeys as rows of codes, customer by customer; those of two groups share codes and customers.
struct path_corpus {
  name_table names;       ///< the items, then the states
  std::size_t items = 0;  ///< codes below this one are items
  bool collapse = false;
  std::vector<std::uint64_t> offsets{0};     ///< items of each journey
  std::vector<std::uint32_t> codes;          ///< of the items
  std::vector<std::int64_t> times;           ///< of the items in ticks; empty without time
  std::vector<std::int64_t> end_times;       ///< of the last event of each journey; empty without time
  std::vector<std::uint32_t> ends;           ///< the state in which each journey ends
  std::vector<std::uint8_t> groups;          ///< of each journey
  std::vector<bool> converted;               ///< settled journeys that converted
  std::vector<std::uint64_t> customers{0};   ///< journeys of each customer
  std::vector<std::uint32_t> log_customers;  ///< the customers' numbers in the (first) log
  std::int64_t ticks_per_second = 0;

  [[nodiscard]] state_codes states() const noexcept { return state_codes{items}; }
  [[nodiscard]] std::size_t size() const noexcept { return ends.size(); }
  [[nodiscard]] std::size_t customer_count() const noexcept { return customers.size() - 1; }
  [[nodiscard]] std::span<const std::uint32_t> path(std::size_t journey) const noexcept {
    return std::span{codes}.subspan(offsets[journey], offsets[journey + 1] - offsets[journey]);
  }
  [[nodiscard]] bool is_open(std::size_t journey) const noexcept { return ends[journey] == states().open; }
  [[nodiscard]] double seconds(std::int64_t ticks) const noexcept {
    return static_cast<double>(ticks) / static_cast<double>(ticks_per_second);
  }

  void append(const journey_set& journeys, const item_source& source, std::uint64_t index, std::uint8_t group,
              std::int64_t scale, std::span<const std::uint32_t> code_of) {
    const journey piece = journeys[index];
    const event_log& log = journeys.log();
    source.for_each(piece, [&](std::uint32_t code, std::uint64_t event) {
      codes.push_back(code_of.empty() ? code : code_of[code]);
      if (log.has_times()) {
        times.push_back(log.times()[event] * scale);
      }
    });
    offsets.push_back(codes.size());
    if (log.has_times()) {
      end_times.push_back(log.times()[piece.end - 1] * scale);
    }
    ends.push_back(piece.settled ? states().of(journeys.end_state_of(piece)) : states().open);
    groups.push_back(group);
    converted.push_back(piece.is_conversion());
  }

  void end_customer(std::size_t number) {
    if (customers.back() != size()) {
      customers.push_back(size());
      log_customers.push_back(static_cast<std::uint32_t>(number));
    }
  }
};

/// The paths of journeys, one group: settled ones, and open ones where asked.
[[nodiscard]] inline path_corpus make_path_corpus(const journey_set& journeys, std::string_view by, bool collapse,
                                                  bool open_too) {
  const item_source source = items_of(journeys, by, collapse);
  path_corpus corpus;
  corpus.items = source.names->size();
  corpus.collapse = source.collapse;
  corpus.names = corpus.states().with_names(*source.names);
  corpus.ticks_per_second = journeys.log().ticks_per_second();
  for (std::size_t customer = 0; customer < journeys.customers(); ++customer) {
    for (std::uint64_t index = journeys.customer_offsets()[customer]; index < journeys.customer_offsets()[customer + 1];
         ++index) {
      if (open_too || journeys[index].settled) {
        corpus.append(journeys, source, index, 0, 1, {});
      }
    }
    corpus.end_customer(customer);
  }
  return corpus;
}

/// The code of an item or state. \throws input_error when nothing carries the name.
[[nodiscard]] inline std::uint32_t corpus_code(const path_corpus& corpus, std::string_view name, std::string_view by) {
  const auto code = corpus.names.find(name);
  if (code && (*code < corpus.items || name != open_state)) {
    return *code;
  }
  std::vector<std::string> known = corpus.names.to_vector();
  known.resize(corpus.items);
  throw input_error(unknown_label_message(name, by, name_table{known}));
}

inline void add_cut_options(table& result, const journey_set& journeys) {
  for (const auto& [name, value] : cut_options(journeys)) {
    result.set_option(name, value);
  }
}

inline void set_corpus_options(table& result, const path_corpus& corpus, std::string_view by) {
  result.set_option("by", std::string{by});
  result.set_option("collapse", corpus.collapse ? "yes" : "no");
}

}  // namespace klantreis::detail
