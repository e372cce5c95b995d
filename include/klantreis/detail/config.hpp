// SPDX-License-Identifier: MIT
#pragma once

// Heavy bodies stand in `detail/<module>.ipp`. Header-only use marks them inline; the compiled
// library defines KLANTREIS_COMPILED and builds each of them once in `src/<module>.cpp`.
#ifdef KLANTREIS_COMPILED
#define KLANTREIS_INLINE
#else
#define KLANTREIS_INLINE inline
#endif
