#include <thrust/device_ptr.h>
#include <thrust/execution_policy.h>
#include <thrust/sort.h>

#include "math/sort.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

void sort_keys(Context& context, std::span<std::uint64_t> keys) {
  const thrust::device_ptr<std::uint64_t> first(keys.data());
  thrust::sort(thrust::cuda::par.on(context.stream().handle()), first,
               first + static_cast<std::ptrdiff_t>(keys.size()));
}

}  // namespace hourglass::HOURGLASS_TARGET::math
