// SPDX-License-Identifier: MIT
#include <cstdio>

#include "all_headers.hpp"

klantreis::name_table names_of_the_other_unit();

int main() {
  klantreis::name_table names;
  names.intern("visit");
  names.intern("cart");
  if (names == names_of_the_other_unit()) {
    return 0;
  }
  std::puts("the two translation units disagree");
  return 1;
}
