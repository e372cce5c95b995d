// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "klantreis/detail/log/builder_state.hpp"

// Customers, times and orders of the rows of a batch that are kept.

namespace klantreis {

KLANTREIS_INLINE detail::kept_rows log_builder::state::wanted_rows(const column_view& touchpoints) const {
  if (options.only.empty()) {
    return {.count = touchpoints.size()};
  }
  const auto wanted = [this](std::string_view name) {
    return std::find(options.only.begin(), options.only.end(), name) != options.only.end();
  };
  detail::kept_rows kept{.all = false};
  if (touchpoints.kind() == column_kind::dictionary) {
    std::vector<std::uint8_t> marks(touchpoints.dictionary_size());
    for (std::size_t i = 0; i < marks.size(); ++i) {
      marks[i] = !touchpoints.dictionary_is_null(i) && wanted(touchpoints.dictionary_text(i)) ? 1 : 0;
    }
    kept.rows = touchpoints.rows_with(marks);
  } else if (touchpoints.kind() == column_kind::text) {
    for (std::size_t i = 0; i < touchpoints.size(); ++i) {
      if (!touchpoints.is_null(i) && wanted(touchpoints.text(i))) {
        kept.rows.push_back(static_cast<std::uint32_t>(i));
      }
    }
  } else {
    throw input_error("column touchpoint holds " + touchpoints.type_name() +
                      "; to keep only some touchpoints it must be text: cast it first");
  }
  kept.count = kept.rows.size();
  return kept;
}

/// Refuses ids that are neither texts nor whole numbers, or of another kind than before.
KLANTREIS_INLINE void log_builder::state::check_customers(const column_view& view) {
  const bool is_text = view.kind() == column_kind::text || view.kind() == column_kind::dictionary;
  const auto kind = is_text                                ? column_kind::text
                    : view.kind() == column_kind::floating ? column_kind::integer
                                                           : view.kind();
  if (kind != column_kind::text && kind != column_kind::integer && kind != column_kind::unsigned_integer) {
    throw input_error("column customer holds " + view.type_name() +
                      "; ids must be text or whole numbers: cast it first");
  }
  if (customer_kind == column_kind::absent) {
    customer_kind = kind;
  }
  if (customer_kind != kind) {
    throw input_error("column customer holds " + view.type_name() +
                      " here and another type before; cast it to one type");
  }
}

KLANTREIS_INLINE void log_builder::state::append_customers(const column_view& view, const detail::kept_rows& kept,
                                                           fault_list& faults) {
  using detail::row_fault;
  const std::size_t first = keys.size();
  keys.resize(first + kept.count);
  if (customer_kind == column_kind::text) {
    append_texts(view, kept, faults);
    return;
  }
  if (view.kind() == column_kind::floating) {
    std::vector<double> readings(kept.count);
    kept.numbers(view, readings.data());
    for (std::size_t i = 0; i < readings.size(); ++i) {
      constexpr double largest = 9007199254740992.0;  // 2^53: above it, neighbours share a double
      if (view.is_null(kept[i])) {
        faults.add(i, row_fault::customer_null);
      } else if (!(std::abs(readings[i]) <= largest) || readings[i] != std::floor(readings[i])) {
        faults.add(i, row_fault::customer_fraction);
      } else {
        keys[first + i] = static_cast<std::uint64_t>(static_cast<std::int64_t>(readings[i]));
      }
    }
    return;
  }
  static_assert(sizeof(std::uint64_t) == sizeof(std::int64_t));
  kept.integers(view, reinterpret_cast<std::int64_t*>(keys.data() + first));
  if (view.may_have_nulls()) {
    for (std::size_t i = 0; i < kept.count; ++i) {
      if (view.is_null(kept[i])) {
        faults.add(i, row_fault::customer_null);
      }
    }
  }
}

/// Makes the pieces of others its own, because what follows cannot be read in place.
KLANTREIS_INLINE void log_builder::state::copy_pieces() {
  for (const detail::row_piece& piece : std::exchange(pieces, {})) {
    keys.insert(keys.end(), piece.keys, piece.keys + piece.count);
    times.insert(times.end(), piece.times, piece.times + piece.count);
  }
  owners.clear();
}

/// The keys of text ids are their codes.
KLANTREIS_INLINE void log_builder::state::append_texts(const column_view& view, const detail::kept_rows& kept,
                                                       fault_list& faults) {
  using detail::row_fault;
  const std::size_t first = keys.size() - kept.count;
  const auto fault_of = [](std::string_view text) {
    return text.empty()            ? row_fault::customer_empty
           : detail::is_utf8(text) ? row_fault::none
                                   : row_fault::customer_utf8;
  };
  if (view.kind() == column_kind::text) {
    kept.look_up(view, id_names, [&](std::size_t i, std::string_view text, name_table::code code) {
      if (code == name_table::absent) {
        const auto fault = text.empty() && view.is_null(kept[i]) ? row_fault::customer_null : fault_of(text);
        if (fault != row_fault::none) {
          faults.add(i, fault);
          return;
        }
        code = id_names.intern(text);
      }
      keys[first + i] = code;
    });
    return;
  }
  std::vector<std::uint32_t> indices(kept.count);
  kept.indices(view, indices.data());
  constexpr std::uint32_t unseen = 0xFFFF'FFFFU;
  std::vector<std::uint32_t> codes(view.dictionary_size(), unseen);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] == column_view::null_index || view.dictionary_is_null(indices[i])) {
      faults.add(i, row_fault::customer_null);
      continue;
    }
    auto& code = codes[indices[i]];
    if (code == unseen) {
      const auto text = view.dictionary_text(indices[i]);
      if (const auto fault = fault_of(text); fault != row_fault::none) {
        faults.add(i, fault);
        continue;
      }
      code = id_names.intern(text);
    }
    keys[first + i] = code;
  }
}

KLANTREIS_INLINE void log_builder::state::check_unit(const column_view& view) {
  std::int64_t ticks = view.ticks_per_second();
  if (view.kind() == column_kind::integer || view.kind() == column_kind::unsigned_integer) {
    ticks = options.ticks_per_second;
    if (ticks == 0) {
      throw input_error("column time holds " + view.type_name() +
                        " without a unit; say what it counts (Python: time_unit=\"s\", \"ms\", \"us\" or \"ns\")");
    }
  } else if (view.kind() != column_kind::timestamp && view.kind() != column_kind::date) {
    throw input_error("column time holds " + view.type_name() + "; cast it to a timestamp first");
  }
  if (ticks != 1 && ticks != 1'000 && ticks != 1'000'000 && ticks != 1'000'000'000) {
    throw input_error("ticks_per_second is " + std::to_string(ticks) + "; it must be 1, 1000, 1000000 or 1000000000");
  }
  if (ticks_per_second == 0) {
    ticks_per_second = ticks;
  }
  if (ticks != ticks_per_second) {
    throw input_error("column time counts in another unit here than before; cast it to one unit");
  }
}

KLANTREIS_INLINE detail::time_bounds log_builder::state::append_times(const column_view& view,
                                                                      const detail::kept_rows& kept,
                                                                      fault_list& faults) {
  const std::size_t first = times.size();
  times.resize(first + kept.count);
  kept.integers(view, times.data() + first);
  return check_times(view, kept, times.data() + first, faults);
}

/// Finds the times that cannot be, and the bounds of all.
KLANTREIS_INLINE detail::time_bounds log_builder::state::check_times(const column_view& view,
                                                                     const detail::kept_rows& kept,
                                                                     const std::int64_t* read,
                                                                     fault_list& faults) const {
  using detail::row_fault;
  // Years -9999 … 9999, and differences that fit 64 bits.
  constexpr std::int64_t year_limit = 253'402'300'800;
  const std::int64_t limit = ticks_per_second == 1'000'000'000 ? (std::numeric_limits<std::int64_t>::max)() / 2
                                                               : year_limit * ticks_per_second;
  detail::time_bounds found;
  found.add(std::span{read, kept.count});
  const bool nulls = view.may_have_nulls();
  if (!nulls && found.first >= -limit && found.last <= limit) {
    return found;
  }
  for (std::size_t i = 0; i < kept.count; ++i) {
    if (nulls && view.is_null(kept[i])) {
      faults.add(i, row_fault::time_null);
    } else if (read[i] > limit || read[i] < -limit) {
      faults.add(i, row_fault::time_range);
    }
  }
  return found;
}

KLANTREIS_INLINE void log_builder::state::append_orders(const column_view& view, const detail::kept_rows& kept,
                                                        fault_list& faults) {
  using detail::row_fault;
  const auto kind = view.kind();
  if (kind == column_kind::text || kind == column_kind::dictionary || kind == column_kind::boolean) {
    throw input_error("column order holds " + view.type_name() + "; it must be numbers or times");
  }
  if (order_kind == column_kind::absent) {
    order_kind = kind;
  }
  if (order_kind != kind) {
    throw input_error("column order holds " + view.type_name() + " here and another type before; cast it to one type");
  }
  const std::size_t first = orders.size();
  orders.resize(first + kept.count);
  if (kind == column_kind::floating) {
    std::vector<double> readings(kept.count);
    kept.numbers(view, readings.data());
    for (std::size_t i = 0; i < readings.size(); ++i) {
      orders[first + i] = detail::sortable_bits(readings[i]);
      if (std::isnan(readings[i]) && !view.is_null(kept[i])) {
        faults.add(i, row_fault::order_nan);
      }
    }
  } else {
    kept.integers(view, orders.data() + first);
    if (kind == column_kind::unsigned_integer) {
      for (std::size_t i = first; i < orders.size(); ++i) {
        orders[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(orders[i]) ^ (std::uint64_t{1} << 63U));
      }
    }
  }
  if (view.may_have_nulls()) {
    for (std::size_t i = 0; i < kept.count; ++i) {
      if (view.is_null(kept[i])) {
        faults.add(i, row_fault::order_null);
      }
    }
  }
}

}  // namespace klantreis
