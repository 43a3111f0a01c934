// The CPU's side of streams, buffers and graphs: memory is memory, and work is done at once.
#include <cstdlib>
#include <cstring>
#include <hourglass/error.hpp>
#include <string>

#include "device/buffer.hpp"
#include "device/free_memory.hpp"
#include "device/graph.hpp"
#include "device/host_memory.hpp"
#include "device/stream.hpp"
#include "kernels/simt/host.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace hourglass::HOURGLASS_TARGET::device {
namespace {

constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector
constexpr std::size_t kHugePage = std::size_t{2} << 20U;

}  // namespace

Stream::Stream() = default;
Stream::~Stream() = default;
void Stream::synchronize() const {}
void Stream::synchronize(std::nothrow_t) const noexcept {}
void Stream::wait_for(StreamHandle) const {}

Event::Event() = default;
Event::~Event() = default;
void Event::record(StreamHandle) {}
void Event::wait() const {}

void* allocate(std::size_t bytes) {
  // Large blocks in huge pages: small ones cost more to touch at first than to fill.
  const bool large = bytes >= 2 * kHugePage;
  const std::size_t alignment = large ? kHugePage : kAlignment;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = rounded < bytes ? nullptr : std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) {
    throw DeviceError("out of memory: " + std::to_string(bytes >> 20) + " MiB more were asked for");
  }
#if defined(__linux__)
  if (large) (void)madvise(memory, rounded, MADV_HUGEPAGE);  // no harm where it is refused
#endif
  return memory;
}

std::optional<std::uint64_t> free_memory() {
  return free_host_memory();
}

void release(void* memory) noexcept {
  std::free(memory);
}

void copy_bytes_to_device(const Stream&, void* to, const void* from, std::size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

void copy_bytes_to_host(const Stream&, void* to, const void* from, std::size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

void copy_bytes_on_device(const Stream&, void* to, const void* from, std::size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

void fill_bytes_with_zero(const Stream&, void* memory, std::size_t bytes) {
  if (bytes > 0) std::memset(memory, 0, bytes);
}

void Graph::run(Stream&, const std::function<void()>& work) {
  work();
}

Graph Graph::record(Stream&, std::function<void()> work) {
  Graph graph;
  graph.work_ = std::move(work);
  return graph;
}

Graph Graph::record_kernels(Stream&, const std::function<void()>& work) {
  Graph graph;
  graph.work_ = [launches = simt::record(work)] { simt::run_all(launches); };
  return graph;
}

Graph::~Graph() = default;
void Graph::launch(Stream&) const {
  work_();
}

}  // namespace hourglass::HOURGLASS_TARGET::device
