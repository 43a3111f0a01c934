// CUDA's side of streams, buffers and graphs.
#include <cuda_runtime_api.h>

#include <hourglass/error.hpp>
#include <string>

#include "device/buffer.hpp"
#include "device/check_cuda.hpp"
#include "device/free_memory.hpp"
#include "device/graph.hpp"
#include "device/stream.hpp"

namespace hourglass::HOURGLASS_TARGET::device {

Stream::Stream() {
  check(cudaStreamCreateWithFlags(&handle_, cudaStreamNonBlocking), "cudaStreamCreate");
}

Stream::~Stream() {
  if (handle_ != nullptr) cudaStreamDestroy(handle_);
}

void Stream::synchronize() const {
  check(cudaStreamSynchronize(handle_), "cudaStreamSynchronize");
}

void Stream::synchronize(std::nothrow_t) const noexcept {
  cudaStreamSynchronize(handle_);
}

void Stream::wait_for(StreamHandle other) const {
  Event there;
  there.record(other);
  check(cudaStreamWaitEvent(handle_, there.handle(), 0), "cudaStreamWaitEvent");
}

Event::Event() {
  check(cudaEventCreateWithFlags(&handle_, cudaEventDisableTiming), "cudaEventCreate");
}

Event::~Event() {
  cudaEventDestroy(handle_);
}

void Event::record(StreamHandle stream) {
  check(cudaEventRecord(handle_, stream), "cudaEventRecord");
}

void Event::wait() const {
  check(cudaEventSynchronize(handle_), "cudaEventSynchronize");
}

void* allocate(std::size_t bytes) {
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, bytes);
  if (status == cudaErrorMemoryAllocation) {
    (void)cudaGetLastError();  // no lasting failure
    throw DeviceError("out of GPU memory: " + std::to_string(bytes >> 20) +
                      " MiB more were asked for");
  }
  check(status, "cudaMalloc");
  return memory;
}

std::optional<std::uint64_t> free_memory() {
  std::size_t free = 0;
  std::size_t all = 0;
  check(cudaMemGetInfo(&free, &all), "cudaMemGetInfo");
  return free;
}

void release(void* memory) noexcept {
  cudaFree(memory);
}

void copy_bytes_to_device(const Stream& stream, void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream.handle()),
        "cudaMemcpyAsync to the device");
  // Pageable memory is staged before the call returns, but pinned memory is not: wait, so that the
  // caller may change or free `from` in either case.
  stream.synchronize();
}

void copy_bytes_to_host(const Stream& stream, void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream.handle()),
        "cudaMemcpyAsync to the host");
  stream.synchronize();
}

void copy_bytes_on_device(const Stream& stream, void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream.handle()),
        "cudaMemcpyAsync on the device");
}

void fill_bytes_with_zero(const Stream& stream, void* memory, std::size_t bytes) {
  if (bytes == 0) return;
  check(cudaMemsetAsync(memory, 0, bytes, stream.handle()), "cudaMemsetAsync");
}

void Graph::run(Stream& stream, const std::function<void()>& work) {
  if (!ran_) {
    work();
    ran_ = true;
    return;
  }
  if (executable_ == nullptr) *this = record(stream, work);
  launch(stream);
}

Graph Graph::record(Stream& stream, std::function<void()> work) {
  check(cudaStreamBeginCapture(stream.handle(), cudaStreamCaptureModeThreadLocal),
        "cudaStreamBeginCapture");
  cudaGraph_t captured = nullptr;
  try {
    work();
  } catch (...) {
    cudaStreamEndCapture(stream.handle(), &captured);  // leave the stream usable
    if (captured != nullptr) cudaGraphDestroy(captured);
    cudaGetLastError();
    throw;
  }
  check(cudaStreamEndCapture(stream.handle(), &captured), "cudaStreamEndCapture");
  Graph graph;
  graph.ran_ = true;
  const cudaError_t counted = cudaGraphGetNodes(captured, nullptr, &graph.nodes_);
  const cudaError_t status = cudaGraphInstantiate(&graph.executable_, captured, 0);
  cudaGraphDestroy(captured);
  check(counted, "cudaGraphGetNodes");
  check(status, "cudaGraphInstantiate");
  return graph;
}

Graph Graph::record_kernels(Stream& stream, const std::function<void()>& work) {
  return record(stream, work);
}

Graph::~Graph() {
  if (executable_ != nullptr) cudaGraphExecDestroy(executable_);
}

void Graph::launch(Stream& stream) const {
  check(cudaGraphLaunch(executable_, stream.handle()), "cudaGraphLaunch");
}

}  // namespace hourglass::HOURGLASS_TARGET::device
