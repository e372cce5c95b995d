// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <deque>

#include "klantreis/detail/log/events_of.hpp"
#include "klantreis/detail/store/waiting_rows.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/store.hpp"

namespace klantreis {

namespace detail {

/// A file that is closed when it goes, and says what went wrong.
class spill_file {
 public:
  spill_file(const std::string& path, const char* mode) : path_(path), file_(std::fopen(path.c_str(), mode)) {
    if (file_ == nullptr) {
      fail();
    }
  }
  ~spill_file() { close(); }
  spill_file(const spill_file&) = delete;
  spill_file& operator=(const spill_file&) = delete;

  void write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size() || std::fflush(file_) != 0) {
      fail();
    }
  }
  /// Reads `bytes.size()` bytes; false at the end of the file.
  [[nodiscard]] bool read(std::string& bytes) {
    const std::size_t got = std::fread(bytes.data(), 1, bytes.size(), file_);
    if (got == bytes.size()) {
      return true;
    }
    if (got != 0 || std::ferror(file_) != 0) {
      refuse_bytes("the file " + quoted(path_) + " ends too early");
    }
    return false;
  }

 private:
  void close() noexcept {
    if (file_ != nullptr) {
      std::fclose(file_);
      file_ = nullptr;
    }
  }
  [[noreturn]] void fail() {
    const std::string why = std::strerror(errno);
    close();
    throw input_error("the temporary file " + quoted(path_) + " cannot be used: " + why +
                      "; free space on that disk, or name a temporary folder on another one");
  }

  std::string path_;
  std::FILE* file_;
};

/// `text` says "row 12 (counted from 0)" of a batch; what follows is the same of the whole input.
[[nodiscard]] inline std::string with_row_after(const std::string& text, std::uint64_t rows_before) {
  constexpr std::string_view start = "row ";
  std::uint64_t row = 0;
  if (text.rfind(start, 0) == 0) {
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + start.size(), end, row);
    if (error == std::errc{}) {
      return std::string{start} + std::to_string(row + rows_before) + std::string{rest, end};
    }
  }
  return text;
}

}  // namespace detail

struct event_spill::state {
  struct partition {
    std::vector<detail::waiting_column> columns;
    std::uint64_t waiting = 0;
    std::uint64_t rows = 0;
  };

  std::string folder;
  spill_options options;
  std::vector<detail::column_layout> layouts;
  event_batch roles;  // names and presence of the columns; their views are of no batch
  std::vector<partition> partitions;
  std::uint64_t rows = 0;
  std::uint64_t waiting_bytes = 0;
  std::uint64_t written_bytes = 0;

  [[nodiscard]] std::string path(std::size_t index) const { return folder + "/rows-" + std::to_string(index) + ".bin"; }

  /// Calls `use(column, is_name)` for each column there is, in one order.
  template <typename Batch, typename Use>
  static void for_each_column(Batch& batch, Use&& use) {
    const auto given = [&use](auto& view, bool is_name) {
      if (view) {
        use(view, is_name);
      }
    };
    given(batch.customer, false);
    given(batch.touchpoint, true);
    given(batch.time, false);
    given(batch.order, false);
    given(batch.channel, true);
    given(batch.phase, true);
    given(batch.value, false);
    given(batch.cost, false);
    for (auto& entry : batch.attributes) {
      given(entry.second, true);
    }
    for (auto& entry : batch.numbers) {
      given(entry.second, false);
    }
  }

  void start(const event_batch& batch) {
    roles = batch;
    for_each_column(batch, [&](const column_view& view, bool is_name) {
      layouts.push_back(detail::column_layout::of(view, is_name));
    });
    for (partition& part : partitions) {
      part.columns.resize(layouts.size());
    }
  }

  void flush() {
    for (std::size_t index = 0; index < partitions.size(); ++index) {
      partition& part = partitions[index];
      if (part.waiting == 0) {
        continue;
      }
      detail::byte_writer content;
      content(part.waiting, part.columns);
      const std::string bytes = detail::with_checksum("rows", content.bytes());
      detail::byte_writer length;
      length(static_cast<std::uint64_t>(bytes.size()));
      detail::spill_file file{path(index), "ab"};
      file.write(length.bytes());
      file.write(bytes);
      written_bytes += bytes.size() + sizeof(std::uint64_t);
      for (detail::waiting_column& column : part.columns) {
        column.clear();
      }
      part.waiting = 0;
      check_stop();
    }
    waiting_bytes = 0;
  }
};

KLANTREIS_INLINE event_spill::event_spill(std::string folder, spill_options options)
    : state_(std::make_unique<state>()) {
  if (options.partitions == 0 || options.partitions > 65'535) {
    throw input_error("there are " + std::to_string(options.partitions) + " partitions; give 1 to 65535");
  }
  state_->folder = std::move(folder);
  state_->partitions.resize(options.partitions);
  state_->options = std::move(options);
}
KLANTREIS_INLINE event_spill::~event_spill() = default;
KLANTREIS_INLINE event_spill::event_spill(event_spill&&) noexcept = default;
KLANTREIS_INLINE event_spill& event_spill::operator=(event_spill&&) noexcept = default;

KLANTREIS_INLINE std::size_t event_spill::partitions() const noexcept { return state_->partitions.size(); }
KLANTREIS_INLINE std::uint64_t event_spill::rows() const noexcept { return state_->rows; }
KLANTREIS_INLINE std::uint64_t event_spill::bytes() const noexcept { return state_->written_bytes; }
KLANTREIS_INLINE std::uint64_t event_spill::largest() const noexcept {
  std::uint64_t most = 0;
  for (const state::partition& part : state_->partitions) {
    most = (std::max)(most, part.rows);
  }
  return most;
}

KLANTREIS_INLINE std::vector<std::string> event_spill::names(std::string_view label) const {
  std::size_t at = 0;
  std::vector<std::string> found;
  const auto take = [&](const column_view& view, std::string_view name) {
    if (view) {
      if (name == label) {
        found = state_->layouts[at].names.to_vector();
      }
      ++at;
    }
  };
  const event_batch& roles = state_->roles;
  take(roles.customer, "");
  take(roles.touchpoint, "touchpoint");
  take(roles.time, "");
  take(roles.order, "");
  take(roles.channel, "channel");
  take(roles.phase, "phase");
  take(roles.value, "");
  take(roles.cost, "");
  for (const auto& [name, view] : roles.attributes) {
    take(view, name);
  }
  return found;
}

KLANTREIS_INLINE void event_spill::append(const event_batch& batch) {
  state& s = *state_;
  // A log of the batch alone finds its bad rows now, and not when the partitions are read.
  log_options reading = s.options.reading;
  reading.threads = 1;
  log_builder checker{std::move(reading)};
  try {
    checker.append(batch);
  } catch (const limit_error&) {
    throw;
  } catch (const input_error& error) {
    throw input_error(detail::with_row_after(error.what(), s.rows));
  }
  if (s.layouts.empty()) {
    s.start(batch);
  }
  const std::size_t rows = batch.customer.size();
  std::vector<std::uint16_t> partition_of(rows);
  std::size_t at = 0;
  state::for_each_column(batch, [&](const column_view& view, bool) {
    if (at == s.layouts.size() ||
        detail::column_layout::of(view, s.layouts[at].kind == detail::waiting_kind::name).format !=
            s.layouts[at].format) {
      throw input_error("the columns of a batch differ from those of the first one; cast them to one type");
    }
    const detail::column_cells cells{view, s.layouts[at]};
    if (at == 0) {
      for (const std::size_t row : each({0, rows})) {
        std::uint64_t hash = cells.key(row) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 32U;
        hash *= 0xD6E8FEB86659FD93U;
        partition_of[row] = static_cast<std::uint16_t>((hash >> 32U) % s.partitions.size());
      }
    }
    // Rows of a partition that earlier columns of this batch have already got do not count yet.
    std::vector<std::uint64_t> filled(s.partitions.size());
    for (std::size_t i = 0; i < filled.size(); ++i) {
      filled[i] = s.partitions[i].waiting;
    }
    for (const std::size_t row : each({0, rows})) {
      const std::size_t index = partition_of[row];
      s.waiting_bytes += cells.put(row, s.partitions[index].columns[at], filled[index]++);
    }
    ++at;
  });
  for (const std::uint16_t index : partition_of) {
    ++s.partitions[index].waiting;
    ++s.partitions[index].rows;
  }
  s.rows += rows;
  if (s.waiting_bytes >= s.options.buffer_bytes) {
    s.flush();
  }
}

KLANTREIS_INLINE void event_spill::finish() {
  state_->flush();
  for (state::partition& part : state_->partitions) {
    part.columns = std::vector<detail::waiting_column>(part.columns.size());  // gives the memory back
  }
}

KLANTREIS_INLINE log_builder event_spill::builder(std::size_t partition) const {
  const state& s = *state_;
  if (partition >= s.partitions.size()) {
    throw input_error("there is no partition " + std::to_string(partition) + "; there are " +
                      std::to_string(s.partitions.size()));
  }
  if (s.waiting_bytes != 0) {
    throw input_error("rows still wait to be written; call finish first");
  }
  log_builder result{s.options.reading};
  std::vector<std::vector<std::string>> names;
  for (const detail::column_layout& layout : s.layouts) {
    names.push_back(layout.names.to_vector());
  }
  const auto append = [&](std::uint64_t rows, std::vector<detail::waiting_column>&& columns) {
    if (columns.size() != s.layouts.size()) {
      detail::refuse_bytes("columns are missing");
    }
    std::deque<detail::read_column> read;
    event_batch batch = s.roles;
    std::size_t at = 0;
    state::for_each_column(batch, [&](column_view& view, bool) {
      read.emplace_back(std::move(columns[at]), s.layouts[at], names[at], static_cast<std::size_t>(rows));
      view = read.back().view();
      ++at;
    });
    result.append(batch);
  };
  if (s.partitions[partition].rows == 0) {
    // The types of the columns are known also where there are no rows.
    if (!s.layouts.empty()) {
      append(0, std::vector<detail::waiting_column>(s.layouts.size()));
    }
    return result;
  }
  detail::spill_file file{s.path(partition), "rb"};
  std::uint64_t rows_read = 0;
  for (std::string length(sizeof(std::uint64_t), '\0'); file.read(length);) {
    std::uint64_t size = 0;
    detail::byte_reader{length}(size);
    if (size > s.written_bytes) {
      detail::refuse_bytes("a temporary file is damaged");
    }
    std::string bytes(static_cast<std::size_t>(size), '\0');
    if (!file.read(bytes)) {
      detail::refuse_bytes("a temporary file ends too early");
    }
    detail::byte_reader in{detail::check_bytes(bytes).content};
    std::uint64_t rows = 0;
    std::vector<detail::waiting_column> columns;
    in(rows, columns);
    bytes = {};
    append(rows, std::move(columns));
    rows_read += rows;
    check_stop();
  }
  if (rows_read != s.partitions[partition].rows) {
    detail::refuse_bytes("a temporary file has lost rows");
  }
  return result;
}

KLANTREIS_INLINE void append_stream(event_spill& rows, ArrowArrayStream* stream, const log_columns& columns) {
  arrow_reader reader{stream};
  begin_stage("reading", 0);
  while (const auto batch = reader.next()) {
    rows.append(detail::events_of(*batch, columns));
    advance(batch->rows());
  }
}

}  // namespace klantreis
