#include "rehearsal/core/stream.hpp"

#include <exception>

#include "rehearsal/core/library.hpp"
#include "rehearsal/core/memory.hpp"

namespace rehearsal {
namespace {

void require_buffers(const Work& work) {
  for (const auto& [what, begin, bytes, use, value] : work.operands) {
    require_buffer(what, begin, bytes, work.device);
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
  require_buffers(work);
  for (const auto& [what, begin, bytes, use, value] : work.operands) {
    if (value != 0 && use != Use::writes) require_written(what, begin, bytes, value);
  }
  try {
    work.run();
  } catch (const std::exception& error) {
    breach(error.what());
  }
  require_red_zones(work.device);
}

}  // namespace

CUstream_st& require_stream(cudaStream_t stream) {
  require(stream != nullptr, "work on the default stream, for which streams of ours do not wait ",
          "(CUDA Runtime API, cudaStreamNonBlocking)");
  CUstream_st& known_stream = known(stream);
  require(known_stream.device == current_device, "a stream of device ", known_stream.device,
          ", while device ", current_device, " is current (CUDA Programming Guide, ",
          "\"Multi-Device System: Stream and Event Behavior\")");
  return known_stream;
}

void require_no_recording(const char* why) {
  require(recorded_stream == nullptr, "during a capture: ", why,
          " (CUDA Programming Guide, \"Prohibited and Unhandled Operations\"; "
          "cudaThreadExchangeStreamCaptureMode)");
}

void enqueue(cudaStream_t stream, std::vector<Operand> operands, std::function<void()> run) {
  require_apart(operands);
  enqueue(require_stream(stream),
          {Call::current(), current_device, std::move(operands), std::move(run)});
}

void enqueue(CUstream_st& stream, Work work) {
  require_buffers(work);
  if (stream.recording != nullptr) {
    stream.recording->nodes.push_back(std::move(work));
    return;
  }
  require(recorded_stream == nullptr, "work goes to a stream that is not recorded, while ",
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

}  // namespace rehearsal
