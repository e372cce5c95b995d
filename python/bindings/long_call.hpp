// SPDX-License-Identifier: MIT
#pragma once

#include <pybind11/pybind11.h>

#include "klantreis/engine.hpp"

namespace klantreis::bindings {

/// While it lives, the interpreter's lock is free, Ctrl-C ends the work as KeyboardInterrupt, and work of more than a
/// second shows how far it is. Every binding that computes holds one.
class long_call {
 public:
  long_call();
  ~long_call();
  long_call(const long_call&) = delete;
  long_call& operator=(const long_call&) = delete;

 private:
  void listen(const progress& now);

  pybind11::gil_scoped_release released_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  bool is_shown_ = false;
  work_scope scope_;
};

using released = pybind11::call_guard<long_call>;

}  // namespace klantreis::bindings
