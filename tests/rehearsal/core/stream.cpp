#include "rehearsal/core/stream.hpp"

#include <exception>
#include <set>

#include "rehearsal/core/handles.hpp"
#include "rehearsal/core/memory.hpp"
#include "rehearsal/core/rules.hpp"

namespace rehearsal {
namespace {

void check(const Work& work) {
  for (const Operand& operand : work.operands) {
    require_buffer(operand.what, operand.begin, operand.bytes, work.device);
  }
}

bool overlap(const Operand& a, const Operand& b) {
  const auto* first = static_cast<const std::byte*>(a.begin);
  const auto* second = static_cast<const std::byte*>(b.begin);
  return first < second + b.bytes && second < first + a.bytes;
}

void require_apart(const std::vector<Operand>& operands) {
  for (const Operand& a : operands) {
    for (const Operand& b : operands) {
      if (&a == &b || a.use == Use::reads || !overlap(a, b)) continue;
      require(a.begin == b.begin && a.bytes == b.bytes && b.use == Use::updates, a.what,
              " overlaps ", b.what);
    }
  }
}

void run(const Work& work) {
  const Call call(work.name);
  check(work);
  for (const Operand& operand : work.operands) {
    if (operand.value_bytes == 0 || operand.use == Use::writes) continue;
    require_written(operand.what, operand.begin, operand.bytes, operand.value_bytes);
  }
  try {
    work.run();
  } catch (const std::exception& error) {
    breach(error.what());
  }
  require_red_zones(work.device);
}

}  // namespace

int& current_device() {
  thread_local int device = 0;
  return device;
}

cudaStream_t& recorded_stream() {
  thread_local cudaStream_t stream = nullptr;
  return stream;
}

CUstream_st& require_stream(cudaStream_t stream) {
  require(stream != nullptr, "work on the default stream, for which streams of ours do not wait ",
          "(CUDA Runtime API, cudaStreamNonBlocking)");
  CUstream_st& known_stream = known(stream);
  require(known_stream.device == current_device(), "a stream of device ", known_stream.device,
          ", while device ", current_device(), " is current (CUDA Programming Guide, ",
          "\"Multi-Device System: Stream and Event Behavior\")");
  return known_stream;
}

void require_no_recording(const char* why) {
  require(recorded_stream() == nullptr, "during a capture: ", why,
          " (CUDA Programming Guide, \"Prohibited and Unhandled Operations\"; "
          "cudaThreadExchangeStreamCaptureMode)");
}

void enqueue(cudaStream_t stream, std::vector<Operand> operands, std::function<void()> run) {
  require_apart(operands);
  enqueue(require_stream(stream),
          {Call::current(), current_device(), std::move(operands), std::move(run)});
}

void enqueue(CUstream_st& stream, Work work) {
  check(work);
  if (stream.recording != nullptr) {
    stream.recording->nodes.push_back(std::move(work));
    return;
  }
  require(recorded_stream() == nullptr, "work goes to a stream that is not recorded, while ",
          "another one is: the graph would lack it");
  stream.queue.push_back(std::move(work));
  ++stream.queued;
}

void finish(CUstream_st& stream, std::size_t queued) {
  if (stream.queue.empty()) return;
  const Opened opened(stream.device);
  while (!stream.queue.empty() && stream.queued - stream.queue.size() < queued) {
    run(stream.queue.front());
    stream.queue.pop_front();
  }
}

void finish(CUstream_st& stream) {
  finish(stream, stream.queued);
}

void drop(CUstream_st& stream) {
  stream.queue.clear();
}

}  // namespace rehearsal
