// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/log.hpp"

// Logs that are kept: as bytes, with later events added, or on disk because they are larger than memory.

namespace klantreis {

/// The binary form of a log, with a note of the caller's; the same on every machine.
/// \throws input_error for a log with a map.
[[nodiscard]] std::string to_bytes(const event_log& log, std::string_view note = {});

/// Reads what `to_bytes` wrote, and its note where asked for.
/// \throws input_error when the bytes are something else, damaged, cut off, of another version, or no log.
[[nodiscard]] event_log log_from_bytes(std::string_view bytes, std::string* note = nullptr);

/// The log with `more` events after those it has: what one reading of both inputs, one after the other, would give.
///
/// Events at the same instant keep that order. Only customers with new events are sorted in anew; all others are copied
/// as they are, a few bytes an event. `order` names the number column that also was the order column of both logs; a
/// log that was sorted by an order column which it did not keep as numbers must not be passed. \throws input_error when
/// the two differ in their columns or in the unit of time, have a map, or have neither time nor
///         `order`; or when a number of that column is none or beyond 2⁵³.
[[nodiscard]] event_log updated(const event_log& log, const event_log& more, std::string_view order = {});

/// The journeys of `updated(journeys.log(), more, order)`, cut as `journeys` were.
[[nodiscard]] journey_set updated(const journey_set& journeys, const event_log& more, std::string_view order = {});

struct spill_options {
  log_options reading = {};                                ///< how the rows become a log
  std::size_t partitions = 64;                             ///< each with the customers of some hashes
  std::uint64_t buffer_bytes = std::uint64_t{256} << 20U;  ///< held in memory before it is written
};

/// Rows of a log that is larger than memory, in partitions on disk; all rows of a customer are in one partition.
///
///     event_spill rows{folder, {.reading = {.on_bad = bad_rows::drop}}};
///     append_stream(rows, &stream, columns);
///     rows.finish();
///     for (std::size_t i = 0; i < rows.partitions(); ++i) total += count_transitions(make_journeys(rows.log(i)));
///
/// The folder is the caller's to make, and to remove with the files in it.
class event_spill {
 public:
  /// \throws input_error without partitions.
  explicit event_spill(std::string folder, spill_options options = {});
  ~event_spill();
  event_spill(event_spill&&) noexcept;
  event_spill& operator=(event_spill&&) noexcept;

  /// Adds the rows of `batch`.
  /// \throws input_error at a bad row (unless `on_bad` is `drop`), as `log_builder`; or when the disk is full.
  void append(const event_batch& batch);

  /// Writes what is still in memory. \throws input_error when the disk is full.
  void finish();

  [[nodiscard]] std::size_t partitions() const noexcept;
  [[nodiscard]] std::uint64_t rows() const noexcept;
  /// The most rows that a partition has.
  [[nodiscard]] std::uint64_t largest() const noexcept;
  /// Bytes on disk.
  [[nodiscard]] std::uint64_t bytes() const noexcept;
  /// The names in the touchpoint column, or in a channel, phase or attribute column, in the order of first appearance.
  [[nodiscard]] std::vector<std::string> names(std::string_view label) const;

  /// The rows of a partition in the order of the input, ready to become a log.
  /// \throws input_error when the files are gone or damaged, or the index is no partition.
  [[nodiscard]] log_builder builder(std::size_t partition) const;
  [[nodiscard]] event_log log(std::size_t partition) const { return builder(partition).finish(); }

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Appends all batches of the stream. A column that is missing is an error which lists those there are.
void append_stream(event_spill& rows, ArrowArrayStream* stream, const log_columns& columns);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/store.ipp"
#endif
