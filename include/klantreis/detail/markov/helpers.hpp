// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "klantreis/markov/absorbing_chain.hpp"

namespace klantreis::detail {

inline void check_transient(const absorbing_chain& chain, absorbing_chain::state s, const char* role) {
  if (s >= chain.transient_size()) {
    throw input_error(std::string(role) + " is state " + std::to_string(s) + "; it must be transient, 0 to " +
                      std::to_string(chain.transient_size() - 1));
  }
}

inline void check_absorbing(const absorbing_chain& chain, absorbing_chain::state s, const char* role) {
  if (s < chain.transient_size() || s >= chain.size()) {
    throw input_error(std::string(role) + " is state " + std::to_string(s) + "; it must be absorbing, " +
                      std::to_string(chain.transient_size()) + " to " + std::to_string(chain.size() - 1));
  }
}

// The probabilities of going to `goal` at once.
inline std::vector<double> direct(const absorbing_chain& chain, absorbing_chain::state goal) {
  std::vector<double> result(chain.transient_size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = chain.out().at(i, goal - chain.transient_size());
  }
  return result;
}

inline std::vector<double> unit(std::size_t size, std::size_t at) {
  std::vector<double> result(size);
  result[at] = 1.0;
  return result;
}

}  // namespace klantreis::detail
