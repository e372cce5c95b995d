# SPDX-License-Identifier: MIT
set(KLANTREIS_DEBIAN_PREFIX "${PROJECT_SOURCE_DIR}/build/debian" CACHE PATH
  "Where Debian packages that only the developers need are unpacked, apart from the system")

# Finds a CMake package; where it is missing and the machine is a Debian one, unpacks the given Debian
# packages under KLANTREIS_DEBIAN_PREFIX and looks again. Leaves <package>_FOUND false when that fails too.
macro(klantreis_find_with_debian package version)
  find_package(${package} ${version} CONFIG QUIET PATHS "${KLANTREIS_DEBIAN_PREFIX}/usr")
  if(NOT ${package}_FOUND)
    message(STATUS "Unpacking ${ARGN} under ${KLANTREIS_DEBIAN_PREFIX}")
    execute_process(
      COMMAND "${PROJECT_SOURCE_DIR}/tools/debian-packages.sh" "${KLANTREIS_DEBIAN_PREFIX}" ${ARGN}
      RESULT_VARIABLE klantreis_debian_status)
    if(klantreis_debian_status EQUAL 0)
      find_package(${package} ${version} CONFIG QUIET PATHS "${KLANTREIS_DEBIAN_PREFIX}/usr")
    endif()
  endif()
endmacro()
