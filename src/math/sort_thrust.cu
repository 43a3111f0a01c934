#include <cuda_runtime_api.h>
#include <thrust/device_ptr.h>
#include <thrust/execution_policy.h>
#include <thrust/reduce.h>
#include <thrust/sort.h>
#include <thrust/system_error.h>

#include <hourglass/error.hpp>
#include <new>
#include <string>

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

/// Thrust throws what it throws: also std::bad_alloc, for memory it could not have, and for a
/// failure of somebody's call that nobody has forgotten.
template <class Work>
auto checked(Work work) {
  (void)cudaGetLastError();
  try {
    return work();
  } catch (const thrust::system_error& error) {
    throw DeviceError(std::string("CUDA: sorting by Thrust failed: ") + error.what());
  } catch (const std::bad_alloc&) {
    throw DeviceError("out of GPU memory: Thrust's for sorting");
  }
}

}  // namespace

void sort_keys(Context& context, std::span<std::uint64_t> keys) {
  const auto end = begin(keys) + static_cast<std::ptrdiff_t>(keys.size());
  checked([&] { thrust::sort(on(context), begin(keys), end); });
}

std::size_t sort_and_merge(Context& context, std::span<std::uint64_t> keys,
                           std::span<float> values) {
  const auto end = begin(keys) + static_cast<std::ptrdiff_t>(keys.size());
  device::Buffer<std::uint64_t> merged_keys(keys.size());
  device::Buffer<float> merged_values(values.size());
  const auto merged_end = checked([&] {
    thrust::sort_by_key(on(context), begin(keys), end, begin(values));
    return thrust::reduce_by_key(on(context), begin(keys), end, begin(values),
                                 begin(merged_keys.span()), begin(merged_values.span()))
        .first;
  });
  const auto count = static_cast<std::size_t>(merged_end - begin(merged_keys.span()));
  const device::Stream& stream = context.stream();
  device::copy_bytes_on_device(stream, keys.data(), merged_keys.data(),
                               count * sizeof(std::uint64_t));
  device::copy_bytes_on_device(stream, values.data(), merged_values.data(), count * sizeof(float));
  stream.synchronize();  // the merged copies are about to be freed
  return count;
}

}  // namespace hourglass::HOURGLASS_TARGET::math
