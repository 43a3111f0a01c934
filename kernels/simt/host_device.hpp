// For functions of both sides in headers that the host compiler also reads without CUDA's
// vocabulary.
#pragma once

#ifdef __CUDACC__
#define HOURGLASS_HOST_DEVICE __host__ __device__
#else
#define HOURGLASS_HOST_DEVICE
#endif
