// SPDX-License-Identifier: MIT
#include <cstdint>
#include <iostream>
#include <klantreis/core.hpp>
#include <klantreis/table.hpp>
#include <klantreis/version.hpp>
#include <string>
#include <vector>

int main() {
  klantreis::name_table names;
  const std::vector<klantreis::name_table::code> path{names.intern("visit"), names.intern("cart")};

  klantreis::table exits{"Journeys that ended after each touchpoint."};
  exits.add("touchpoint", names.to_vector());
  exits.add("exits", std::vector<std::int64_t>{3, 1}, klantreis::quantity::count);

  std::int64_t total = 0;
  for (const auto count : exits.integers("exits")) {
    total += count;
  }
  std::cout << "klantreis " << klantreis::version_string << '\n'
            << klantreis::join_path(names, path) << ": " << exits.rows() << " rows, " << total << " exits\n";
}
