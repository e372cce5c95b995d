# SPDX-License-Identifier: MIT
# Finds what the headers of klantreis include: Eigen, Boost and the threads of the platform. The build and
# the installed package both use this file, so that a user gets the same targets from the same places.
#
# Eigen and Boost may come from the system, or from the Python packages cmeel-eigen and libboost-headers,
# whose site-packages folder then stands on CMAKE_PREFIX_PATH.

find_package(Threads REQUIRED)
find_package(Eigen3 3.4...<6 CONFIG REQUIRED PATH_SUFFIXES cmeel.prefix/share/eigen3/cmake)

if(NOT TARGET Boost::headers)
  find_path(KLANTREIS_BOOST_INCLUDE_DIR boost/graph/compressed_sparse_row_graph.hpp
    PATH_SUFFIXES libboost_headers/include cmeel.prefix/include
    NO_CMAKE_SYSTEM_PATH NO_SYSTEM_ENVIRONMENT_PATH
    DOC "Folder that holds boost/, when Boost comes without a CMake configuration")
  mark_as_advanced(KLANTREIS_BOOST_INCLUDE_DIR)
  if(KLANTREIS_BOOST_INCLUDE_DIR)
    file(STRINGS "${KLANTREIS_BOOST_INCLUDE_DIR}/boost/version.hpp" klantreis_boost_version
      REGEX "^#define BOOST_VERSION [0-9]+")
    string(REGEX MATCH "[0-9]+$" klantreis_boost_version "${klantreis_boost_version}")
    if(klantreis_boost_version LESS 107400)
      message(FATAL_ERROR "klantreis needs Boost 1.74 or later; ${KLANTREIS_BOOST_INCLUDE_DIR} holds "
        "BOOST_VERSION ${klantreis_boost_version}. Set KLANTREIS_BOOST_INCLUDE_DIR to a later one.")
    endif()
    add_library(Boost::headers INTERFACE IMPORTED)
    set_target_properties(Boost::headers PROPERTIES
      INTERFACE_INCLUDE_DIRECTORIES "${KLANTREIS_BOOST_INCLUDE_DIR}")
  else()
    find_package(Boost 1.74 CONFIG REQUIRED)
  endif()
endif()
