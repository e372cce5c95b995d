# SPDX-License-Identifier: MIT
# Each examples/cpp/NAME.cpp is a program; what it prints must equal NAME.output beside it.
file(GLOB klantreis_examples CONFIGURE_DEPENDS examples/cpp/*.cpp)
foreach(source IN LISTS klantreis_examples)
  cmake_path(GET source STEM name)
  add_executable(example_${name} "${source}")
  target_link_libraries(example_${name} PRIVATE klantreis::compiled)
  klantreis_developer_target(example_${name})
  cmake_path(REPLACE_EXTENSION source LAST_ONLY output OUTPUT_VARIABLE expected)
  add_test(NAME "example ${name}"
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:example_${name}> -DEXPECTED=${expected}
      -P "${PROJECT_SOURCE_DIR}/cmake/CompareOutput.cmake"
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}/examples/cpp")
endforeach()
