#include <cuda_runtime_api.h>
#include <thrust/binary_search.h>
#include <thrust/device_ptr.h>
#include <thrust/execution_policy.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/sequence.h>
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

void sort_places(Context& context, std::span<const std::uint32_t> keys,
                 std::span<std::uint32_t> begins, std::span<std::uint32_t> places) {
  const device::Stream& stream = context.stream();
  device::Buffer<std::uint32_t> sorted(keys.size());
  device::copy_bytes_on_device(stream, sorted.data(), keys.data(), keys.size_bytes());
  const auto first = begin(sorted.span());
  const auto last = first + static_cast<std::ptrdiff_t>(keys.size());
  const auto places_end = begin(places) + static_cast<std::ptrdiff_t>(places.size());
  const thrust::counting_iterator<std::uint32_t> key(0);
  checked([&] {
    thrust::sequence(on(context), begin(places), places_end);
    thrust::stable_sort_by_key(on(context), first, last, begin(places));
    thrust::lower_bound(on(context), first, last, key,
                        key + static_cast<std::ptrdiff_t>(begins.size()), begin(begins));
  });
  stream.synchronize();  // the sorted keys are about to be freed
}

}  // namespace hourglass::HOURGLASS_TARGET::math
