// SPDX-License-Identifier: MIT
#include "all_headers.hpp"

klantreis::name_table names_of_the_other_unit();

klantreis::name_table names_of_the_other_unit() {
  klantreis::name_table names;
  names.intern("visit");
  names.intern("cart");
  return names;
}
