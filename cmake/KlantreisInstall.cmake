# SPDX-License-Identifier: MIT
# `cmake --install BUILD --component cpp` lays down what find_package(klantreis) needs. The Python wheel
# installs the component `python` only, and so holds no headers.
include(CMakePackageConfigHelpers)

set(klantreis_config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/klantreis")

install(TARGETS klantreis klantreis_compiled
  EXPORT klantreis-targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT cpp
  FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT cpp
  FILE_SET details DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT cpp)
install(EXPORT klantreis-targets
  NAMESPACE klantreis::
  DESTINATION "${klantreis_config_dir}"
  COMPONENT cpp)

configure_package_config_file(cmake/klantreis-config.cmake.in
  "${PROJECT_BINARY_DIR}/klantreis-config.cmake"
  INSTALL_DESTINATION "${klantreis_config_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/klantreis-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/klantreis-config.cmake"
  "${PROJECT_BINARY_DIR}/klantreis-config-version.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/KlantreisDeps.cmake"
  DESTINATION "${klantreis_config_dir}"
  COMPONENT cpp)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/klantreis"
  COMPONENT cpp)
