// The atomic_ref behind the words of order.hpp, of whichever library has one for this target. A
// header of its own, in whose place a test puts one that forgets an order (tests/order).
#pragma once

#include <cstdint>

#ifdef __CUDACC__
#include <cuda/atomic>
#else
#include <atomic>
#endif

namespace hourglass::HOURGLASS_TARGET::simt::detail {

#ifdef __CUDACC__
using AtomicWord = ::cuda::atomic_ref<std::uint32_t, ::cuda::thread_scope_device>;
namespace orders = ::cuda::std;
#else
using AtomicWord = std::atomic_ref<std::uint32_t>;
namespace orders = std;
#endif

}  // namespace hourglass::HOURGLASS_TARGET::simt::detail
