# SPDX-License-Identifier: MIT
# Switches for those who work on klantreis itself; absent when another project includes it.
option(KLANTREIS_BUILD_TESTS "Build the C++ tests (needs Catch2 v3)" OFF)
option(KLANTREIS_BUILD_PYTHON "Build the Python module klantreis._core (needs pybind11 3)" OFF)
option(KLANTREIS_BUILD_EXAMPLES "Build examples/cpp and compare what they print" OFF)
option(KLANTREIS_BUILD_BENCHMARKS "Build benchmarks/ (needs google/benchmark)" OFF)
option(KLANTREIS_BUILD_FUZZERS "Build tests/fuzz with libFuzzer (needs clang)" OFF)
set(KLANTREIS_TESTS "" CACHE STRING "Build only these C++ tests, as a regular expression: log|journeys")
option(KLANTREIS_WERROR "Treat warnings as errors" OFF)
option(KLANTREIS_SYNTAX_ONLY "Check the code without making any: for a look at every header" OFF)
set(KLANTREIS_SANITIZE "" CACHE STRING "Sanitizers for everything that is built, as the compiler names them: address,undefined")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
# -O3 gains nothing measurable here and costs compile time.
string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")

set(CMAKE_CXX_EXTENSIONS OFF)
# There are no C++ modules here; looking for them doubles the compiler calls, and clang needs a tool of its own for it.
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(KLANTREIS_CCACHE ccache)
if(KLANTREIS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${KLANTREIS_CCACHE}")
endif()

if(KLANTREIS_SANITIZE)
  add_compile_options(-fsanitize=${KLANTREIS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${KLANTREIS_SANITIZE})
endif()
if(KLANTREIS_BUILD_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(KLANTREIS_SYNTAX_ONLY)
  # Not by CMAKE_CXX_FLAGS: those also hold for the programs by which CMake tries the compiler.
  add_compile_options(-fsyntax-only)
endif()

# The warnings that all code of the project must pass.
function(klantreis_developer_target target)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 $<$<BOOL:${KLANTREIS_WERROR}>:/WX>)
  else()
    target_compile_options(${target} PRIVATE
      -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow $<$<BOOL:${KLANTREIS_WERROR}>:-Werror>)
  endif()
endfunction()
