// CUDA's runtime: memory and copies.
#include "rehearsal/core/memory.hpp"

#include <cuda_runtime_api.h>

#include <cstring>
#include <vector>

#include "rehearsal/runtime/gpu.hpp"
#include "rehearsal/runtime/streams.hpp"

using namespace rehearsal;

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  return Runtime::call(
      __func__,
      [&] {
        require_no_recording("an allocation");
        require(bytes > 0, "an allocation of nothing, which gives a null pointer");
        *memory = allocate(current_device, bytes);
        return *memory == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
      },
      cudaErrorMemoryAllocation);
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* all) {
  return Runtime::call(__func__, [&] {
    *free = free_bytes(current_device);
    *all = kDeviceBytes;
  });
}

/// It waits for all streams (CUDA Programming Guide, "Stream Ordered Memory Allocator").
cudaError_t cudaFree(void* memory) {
  if (memory == nullptr) return cudaSuccess;
  return Runtime::give_back(__func__, [&] {
    require_no_recording("freeing memory, which waits for all streams");
    if (!device_is_lost()) finish_device(device_of_buffer(memory));
    release(memory);
  });
}

namespace {

void require_host(const char* what, const void* begin) {
  require(begin != nullptr && !is_device_address(begin), what,
          " is device memory, in the direction the copy has (CUDA Runtime API, cudaMemcpyKind)");
}

std::size_t uploaded_bytes = 0;
std::size_t downloaded_bytes = 0;

}  // namespace

std::size_t rehearsal::uploaded() {
  const std::lock_guard lock(api_lock());
  return uploaded_bytes;
}

std::size_t rehearsal::downloaded() {
  const std::lock_guard lock(api_lock());
  return downloaded_bytes;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return Runtime::call(__func__, [&] {
    const Operand destination{"the destination", to, bytes, Use::writes};
    const Operand source{"the source", from, bytes};
    const auto copy = [to, from, bytes] { std::memcpy(to, from, bytes); };
    if (kind == cudaMemcpyHostToDevice) {
      require_host("the source", from);
      require_no_recording("a copy of pageable memory, whose values a graph would not keep");
      uploaded_bytes += bytes;
      // Pageable memory has been staged when the call returns; the copy itself may come later.
      const auto* begin = static_cast<const std::byte*>(from);
      enqueue(stream, {destination}, [to, staged = std::vector(begin, begin + bytes)] {
        std::memcpy(to, staged.data(), staged.size());
      });
    } else if (kind == cudaMemcpyDeviceToHost) {
      require_host("the destination", to);
      require_no_recording("a read-back");
      downloaded_bytes += bytes;
      enqueue(stream, {source}, copy);
      // "the function will return only once the copy has completed" (API synchronization behavior)
      finish(require_stream(stream));
    } else {
      require(kind == cudaMemcpyDeviceToDevice, "a direction that is not played");
      enqueue(stream, {destination, source}, copy);
    }
  });
}

cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  return Runtime::call(__func__, [&] {
    enqueue(stream, {{"the memory", memory, bytes, Use::writes}},
            [memory, value, bytes] { std::memset(memory, value, bytes); });
  });
}
