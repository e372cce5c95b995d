# SPDX-License-Identifier: MIT
# Catch2 v3: the one that is installed, else Debian's package unpacked under build/, else a download that
# has to be allowed.
option(KLANTREIS_FETCH_CATCH2 "Download Catch2 when it is neither installed nor a Debian package" OFF)

include(KlantreisDebian)
klantreis_find_with_debian(Catch2 3 libcatch2-dev)
if(NOT Catch2_FOUND)
  if(NOT KLANTREIS_FETCH_CATCH2)
    message(FATAL_ERROR "The C++ tests need Catch2 v3. Install it (Debian 13 or later: libcatch2-dev) and set "
      "CMAKE_PREFIX_PATH if it stands in an unusual place, or allow the download with -DKLANTREIS_FETCH_CATCH2=ON.")
  endif()
  include(FetchContent)
  FetchContent_Declare(Catch2
    GIT_REPOSITORY https://github.com/catchorg/Catch2.git
    GIT_TAG v3.7.1
    SYSTEM)
  FetchContent_MakeAvailable(Catch2)
  list(APPEND CMAKE_MODULE_PATH "${catch2_SOURCE_DIR}/extras")
endif()
include(Catch)
