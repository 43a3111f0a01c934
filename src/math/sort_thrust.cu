#include <thrust/copy.h>
#include <thrust/device_ptr.h>
#include <thrust/execution_policy.h>
#include <thrust/reduce.h>
#include <thrust/sort.h>

#include "device/buffer.hpp"
#include "math/sort.hpp"

namespace hourglass::HOURGLASS_TARGET::math {
namespace {

template <class T>
thrust::device_ptr<T> begin(std::span<T> values) {
  return thrust::device_ptr<T>(values.data());
}

auto on(Context& context) {
  return thrust::cuda::par.on(context.stream().handle());
}

}  // namespace

void sort_keys(Context& context, std::span<std::uint64_t> keys) {
  thrust::sort(on(context), begin(keys), begin(keys) + static_cast<std::ptrdiff_t>(keys.size()));
}

std::size_t sort_and_merge(Context& context, std::span<std::uint64_t> keys,
                           std::span<float> values) {
  const auto end = begin(keys) + static_cast<std::ptrdiff_t>(keys.size());
  thrust::sort_by_key(on(context), begin(keys), end, begin(values));
  device::Buffer<std::uint64_t> merged_keys(keys.size());
  device::Buffer<float> merged_values(values.size());
  const auto merged = thrust::reduce_by_key(on(context), begin(keys), end, begin(values),
                                            begin(merged_keys.span()), begin(merged_values.span()));
  const auto count = merged.first - begin(merged_keys.span());
  thrust::copy_n(on(context), begin(merged_keys.span()), count, begin(keys));
  thrust::copy_n(on(context), begin(merged_values.span()), count, begin(values));
  context.stream().synchronize();  // the merged copies are about to be freed
  return static_cast<std::size_t>(count);
}

}  // namespace hourglass::HOURGLASS_TARGET::math
