# SPDX-License-Identifier: MIT
# Each benchmarks/NAME.cpp is a google/benchmark program of its own; benchmarks/programs/NAME.cpp is one that
# benchmarks/compare.py or a person runs.
include(KlantreisDebian)
klantreis_find_with_debian(benchmark 1.7 libbenchmark-dev libbenchmark1.7.1)
if(NOT benchmark_FOUND)
  message(FATAL_ERROR "The benchmarks need google/benchmark 1.7 or later. Install it (Debian: libbenchmark-dev) and "
    "set CMAKE_PREFIX_PATH if it stands in an unusual place.")
endif()
file(GLOB klantreis_benchmarks CONFIGURE_DEPENDS benchmarks/*.cpp)
foreach(source IN LISTS klantreis_benchmarks)
  cmake_path(GET source STEM name)
  add_executable(benchmark_${name} "${source}")
  target_link_libraries(benchmark_${name} PRIVATE klantreis::compiled benchmark::benchmark_main)
  klantreis_developer_target(benchmark_${name})
endforeach()
find_package(Threads REQUIRED)
foreach(name IN ITEMS jobs stop yardstick)
  add_executable(${name} "benchmarks/programs/${name}.cpp")
  target_link_libraries(${name} PRIVATE klantreis::compiled Threads::Threads)
  klantreis_developer_target(${name})
endforeach()
