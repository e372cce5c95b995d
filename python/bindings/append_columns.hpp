// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "arrow_interop.hpp"
#include "klantreis/log.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

/// Lets a builder of logs, in memory or on disk, read the named columns of an Arrow stream; "" names none.
template <typename Target>
void append_columns(Target& target, const py::object& source, const std::string& customer,
                    const std::string& touchpoint, const std::string& time, const std::string& order,
                    const std::string& channel, const std::string& phase, const std::string& value,
                    const std::string& cost, const std::vector<std::string>& attributes,
                    const std::vector<std::string>& numbers) {
  arrow_stream stream = import_stream(source);
  const long_call working;
  append_stream(target, stream.get(),
                {.customer = customer,
                 .touchpoint = touchpoint,
                 .time = time,
                 .order = order,
                 .channel = channel,
                 .phase = phase,
                 .value = value,
                 .cost = cost,
                 .attributes = attributes,
                 .numbers = numbers});
}

}  // namespace klantreis::bindings
