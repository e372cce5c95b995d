// SPDX-License-Identifier: MIT
#pragma once

#include "klantreis/log.hpp"

namespace klantreis::detail {

template <typename Io>
void list_fields(Io& io, log_health::rejection& rejection) {
  io(rejection.reason, rejection.rows, rejection.first_row);
}

}  // namespace klantreis::detail
