// SPDX-License-Identifier: MIT

// Events come in and results go out as Arrow C streams.
//
// Any program with an Arrow library (a database, a data frame, another language) can hand over such a stream without
// copying, and take one. Here klantreis plays both sides: it exports a table of events and reads it back.

#include <iostream>
#include <string>
#include <vector>

#include "klantreis.hpp"

namespace {

/// Stands for the host program: six events of three customers as an Arrow stream.
ArrowArrayStream events_of_the_host() {
  klantreis::table events;
  events.add("user", std::vector<std::int64_t>{7, 7, 7, 8, 8, 9});
  events.add("page", std::vector<std::string>{"visit", "cart", "order", "visit", "cart", "visit"});
  events.add("at", std::vector<std::int64_t>{0, 60'000'000, 90'000'000, 5'000'000, 65'000'000, 9'000'000},
             klantreis::quantity::moment);
  ArrowArrayStream stream{};
  klantreis::export_table(events, &stream);
  return stream;
}

}  // namespace

int main() {
  // In: the stream is consumed; nothing of the host is needed afterwards.
  ArrowArrayStream input = events_of_the_host();
  const auto log = klantreis::read_log(&input, {.customer = "user", .touchpoint = "page", .time = "at"});
  const auto journeys = klantreis::make_journeys(log, {.conversion = {"order"}});

  // Out: a table becomes a stream that outlives it.
  ArrowArrayStream output{};
  klantreis::export_table(klantreis::transitions(klantreis::count_transitions(journeys)), &output);

  // The other side reads the columns it knows by name.
  klantreis::arrow_reader reader{&output};
  while (const auto batch = reader.next()) {
    const auto from = batch->column("from");
    const auto to = batch->column("to");
    std::vector<std::int64_t> weight(batch->rows());
    batch->column("weight").integers(weight.data());
    for (std::size_t row = 0; row < batch->rows(); ++row) {
      std::cout << from.text(row) << " -> " << to.text(row) << "  " << weight[row] << '\n';
    }
  }
}
