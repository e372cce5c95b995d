// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/arrow.hpp"
#include "klantreis/core.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct journey_map;

/// What to do with a row that cannot be an event.
enum class bad_rows : std::uint8_t {
  stop,  ///< throw input_error at the first one
  drop,  ///< leave it out and count it by reason
};

struct log_options {
  bad_rows on_bad = bad_rows::stop;
  /// Seconds, milliseconds, … of an integer time column: its ticks per second. Timestamps and dates know their own.
  std::int64_t ticks_per_second = 0;
  /// Phase of each touchpoint, when no phase column is given; touchpoints that are not listed get `(none)`.
  std::vector<std::pair<std::string, std::string>> phase_of_touchpoint = {};
  /// Keep only events of these touchpoints, which is what a funnel needs of its events; empty: keep all. Other rows are
  /// neither events nor bad rows.
  std::vector<std::string> only = {};
  unsigned threads = 0;  ///< 0: one for each core
};

/// Columns of some rows of a log, all of one length; absent columns stay empty.
///
/// Which columns are present must be the same in every batch of a log.
struct event_batch {
  column_view customer;
  column_view touchpoint;
  column_view time;
  column_view order;
  column_view channel;
  column_view phase;
  column_view value;
  column_view cost;
  std::vector<std::pair<std::string, column_view>> attributes;
  std::vector<std::pair<std::string, column_view>> numbers;
};

/// How a log came out of its input.
struct log_health {
  struct rejection {
    std::string reason;
    std::uint64_t rows = 0;
    std::uint64_t first_row = 0;  ///< counted from 0
  };
  std::uint64_t rows = 0;    ///< rows of the input
  std::uint64_t events = 0;  ///< rows that became events
  std::uint64_t customers = 0;
  std::uint64_t ties = 0;        ///< events that only their position in the input puts after the event before them
  std::uint64_t duplicates = 0;  ///< events equal in every column to an earlier one of the same customer and time
  std::vector<rejection> rejected;
  bool mapped = false;          ///< a map was applied; without it the following are 0
  std::uint64_t excluded = 0;   ///< events that the map excludes; left out
  std::uint64_t repeated = 0;   ///< repeats of events in the columns of the map's `dedupe`; left out
  std::uint64_t unmatched = 0;  ///< events that no touchpoint of the map takes
  std::uint64_t dropped = 0;    ///< those of them that were left out
};

/// A categorical column of the events: one code for each event, and the names of the codes.
struct label_column {
  std::string name;
  name_table names;
  std::vector<std::uint32_t> codes;
  bool is_phase = false;  ///< phases or coarser ones: a run of equal events is one visit
};

/// The numbers of the events in one column, NaN where null; reads like an array and borrows from the log.
///
/// Where most events have the same number (null, or 0), only the others take memory: a bit marks them, and their
/// numbers stand packed in the order of the events.
class number_view {
 public:
  class iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = double;
    using difference_type = std::ptrdiff_t;
    using pointer = const double*;
    using reference = double;

    iterator() = default;
    iterator(const number_view* numbers, std::size_t event) noexcept : numbers_(numbers), event_(event) {}
    [[nodiscard]] double operator*() const noexcept { return (*numbers_)[event_]; }
    iterator& operator++() noexcept {
      ++event_;
      return *this;
    }
    iterator operator++(int) noexcept {
      const iterator before = *this;
      ++event_;
      return before;
    }
    friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.event_ == b.event_; }

   private:
    const number_view* numbers_ = nullptr;
    std::size_t event_ = 0;
  };

  number_view() = default;
  /// One number for each event.
  number_view(std::span<const double> numbers) noexcept : numbers_(numbers.data()), size_(numbers.size()) {}
  /// `usual` for each of `size` events but the marked ones; `ranks` counts the marks before each word of `marks`.
  number_view(std::size_t size, double usual, const std::uint64_t* marks, const std::uint32_t* ranks,
              const double* marked) noexcept
      : numbers_(marked), marks_(marks), ranks_(ranks), size_(size), usual_(usual) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] double operator[](std::size_t event) const noexcept {
    if (marks_ == nullptr) {
      return numbers_[event];
    }
    const std::uint64_t word = marks_[event / 64];
    const std::uint64_t mark = std::uint64_t{1} << (event % 64);
    return (word & mark) == 0
               ? usual_
               : numbers_[ranks_[event / 64] + static_cast<std::uint32_t>(std::popcount(word & (mark - 1)))];
  }
  [[nodiscard]] iterator begin() const noexcept { return {this, 0}; }
  [[nodiscard]] iterator end() const noexcept { return {this, size_}; }

 private:
  const double* numbers_ = nullptr;
  const std::uint64_t* marks_ = nullptr;
  const std::uint32_t* ranks_ = nullptr;
  std::size_t size_ = 0;
  double usual_ = 0.0;
};

/// The touchpoint of events that no touchpoint of the map takes.
inline constexpr std::string_view unmatched_label = "(unmatched)";

namespace detail {
struct log_data;
struct log_access;
}  // namespace detail

/// The events of a log, grouped by customer and in order of time.
///
/// Events sort by (customer, time, order column, position in the input). Columns are stored as arrays; the events of
/// customer c are `[offsets()[c], offsets()[c + 1])`:
///
///     offsets       0                       4         6
///     times         10   20    20    35     12   40         ticks since 1970
///     touchpoints   0    1     2     3      0    4          codes into names
///
/// Rules that hold: `offsets` rises from 0 to `events()`, every customer has at least one event, times never fall
/// within a customer. The order of customers has no meaning. Copies share the data and cost nothing.
class event_log {
 public:
  event_log();

  /// Builds a log from spans: ids and names as text or numbers, times in microseconds since 1970-01-01 UTC.
  /// \throws input_error when lengths differ or a row is bad.
  template <typename Customer, typename Name>
  [[nodiscard]] static event_log from_columns(std::span<const Customer> customers, std::span<const std::int64_t> times,
                                              std::span<const Name> touchpoints, std::span<const double> values = {},
                                              const log_options& options = {});

  [[nodiscard]] std::size_t events() const noexcept;
  [[nodiscard]] std::size_t customers() const noexcept;
  [[nodiscard]] std::span<const std::uint64_t> offsets() const noexcept;

  [[nodiscard]] bool has_times() const noexcept;
  [[nodiscard]] std::span<const std::int64_t> times() const noexcept;  ///< empty without time
  [[nodiscard]] std::int64_t ticks_per_second() const noexcept;        ///< 1, 1e3, 1e6 or 1e9; 0 without time
  [[nodiscard]] std::int64_t last_time() const noexcept;               ///< in ticks; 0 without events

  [[nodiscard]] std::span<const std::uint32_t> touchpoints() const noexcept;
  [[nodiscard]] const name_table& touchpoint_names() const noexcept;
  [[nodiscard]] number_view values() const noexcept;  ///< NaN where null; empty when not given
  [[nodiscard]] number_view costs() const noexcept;   ///< NaN where null; empty when not given

  /// True when `name` is a numeric column: `value`, `cost` or one of those named when the log was built.
  [[nodiscard]] bool has_numbers(std::string_view name) const noexcept;
  /// A numeric column of the events; NaN where null.
  /// \throws input_error when the log has no such column; the message lists those it has.
  [[nodiscard]] number_view numbers(std::string_view name) const;
  /// What `numbers` accepts.
  [[nodiscard]] std::vector<std::string> number_names() const;

  /// True when `by` is `touchpoint`, or a channel, phase or attribute that the log has.
  [[nodiscard]] bool has_labels(std::string_view by) const noexcept;
  /// The codes of the events by `touchpoint`, `channel`, `phase` or an attribute.
  /// \throws input_error when the log has no such labels; the message lists those it has.
  [[nodiscard]] const label_column& labels(std::string_view by) const;
  /// What `labels` accepts.
  [[nodiscard]] std::vector<std::string> label_names() const;

  /// The id of a customer as text.
  [[nodiscard]] std::string customer_id(std::size_t customer) const;
  /// Finds a customer by the text of its id; linear in the number of customers.
  [[nodiscard]] std::optional<std::size_t> find_customer(std::string_view id) const;

  [[nodiscard]] const log_health& health() const noexcept;

  /// The map whose labels the log carries (see `apply_map`); null pointer without.
  [[nodiscard]] const journey_map* map() const noexcept;

 private:
  friend struct detail::log_access;
  friend class log_builder;
  explicit event_log(std::shared_ptr<const detail::log_data> data);
  std::shared_ptr<const detail::log_data> data_;
};

/// Collects rows in batches and makes a log of them.
///
/// Batches that are given without an owner are copied, so each may be released right after `append`.
class log_builder {
 public:
  explicit log_builder(log_options options = {});
  ~log_builder();
  log_builder(log_builder&&) noexcept;
  log_builder& operator=(log_builder&&) noexcept;

  /// Adds the rows of `batch`.
  /// \throws input_error at a bad row (unless `on_bad` is `drop`), when columns differ in length, or when the set of
  ///         columns or their types differ from the first batch.
  void append(const event_batch& batch);

  /// The same for columns that stay as they are for as long as `owner` lives: ids and times are read in place where
  /// that pays. The builder holds `owner` until `finish`.
  void append(const event_batch& batch, std::shared_ptr<const void> owner);

  /// Sorts, groups and checks what was appended. The builder is empty afterwards.
  [[nodiscard]] event_log finish();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Which column of a table is what.
struct log_columns {
  std::string customer = "customer";
  std::string touchpoint = "touchpoint";
  std::string time = "time";  ///< empty: the log has no time
  std::string order = {};     ///< empty: absent, as for those below
  std::string channel = {};
  std::string phase = {};
  std::string value = {};
  std::string cost = {};
  std::vector<std::string> attributes = {};
  std::vector<std::string> numbers = {};  ///< further numeric columns: a score, a waiting time
};

/// Appends all batches of the stream to `builder`. A column that is missing is an error which lists those there are.
void append_stream(log_builder& builder, ArrowArrayStream* stream, const log_columns& columns);

/// Reads a whole Arrow stream into a log; the stream is consumed.
[[nodiscard]] event_log read_log(ArrowArrayStream* stream, const log_columns& columns, const log_options& options = {});

/// One row per figure of `log.health()`: rows, events, customers, touchpoints, first and last time, ties, duplicates,
/// rejected rows by reason.
[[nodiscard]] table health_table(const event_log& log);

/// Events and customers of each label, most events first.
[[nodiscard]] table label_counts(const event_log& log, std::string_view by = "touchpoint");

template <typename Customer, typename Name>
event_log event_log::from_columns(std::span<const Customer> customers, std::span<const std::int64_t> times,
                                  std::span<const Name> touchpoints, std::span<const double> values,
                                  const log_options& options) {
  log_builder builder{options};
  event_batch batch;
  batch.customer = column_view{customers};
  batch.touchpoint = column_view{touchpoints};
  batch.time = column_view::timestamps(times, 1'000'000);
  if (!values.empty()) {
    batch.value = column_view{values};
  }
  builder.append(batch);
  return builder.finish();
}

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/log.ipp"
#endif
