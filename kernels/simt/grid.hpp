// sync_grid(), the barrier of all blocks of a cooperative launch. A header of its own because what
// CUDA has for it takes nvcc longer to read than most kernels to compile.
#pragma once

#include "kernels/simt/simt.hpp"

#ifdef __CUDACC__

#include <cooperative_groups.h>

namespace hourglass::HOURGLASS_TARGET::simt {

__device__ inline void sync_grid() {
  cooperative_groups::this_grid().sync();
}

}  // namespace hourglass::HOURGLASS_TARGET::simt

#endif
