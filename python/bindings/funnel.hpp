// SPDX-License-Identifier: MIT
#pragma once

#include "klantreis/funnel.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace klantreis::bindings {

/// The steps and options of a funnel, as Python hands them to each of the functions that follow one.
struct funnel_request {
  std::vector<funnel_step> steps;
  funnel_options options;
};

/// The value that a name stands for. \throws input_error for an unknown name, listing those there are.
template <typename Value>
Value known_option(std::string_view what, const std::string& name,
                   std::initializer_list<std::pair<std::string_view, Value>> known) {
  for (const auto& [text, value] : known) {
    if (text == name) {
      return value;
    }
  }
  std::string message = std::string{what} + " is " + quoted(name) + "; known are";
  for (const auto& [text, value] : known) {
    message += " " + quoted(text);
  }
  throw input_error(message);
}

}  // namespace klantreis::bindings
