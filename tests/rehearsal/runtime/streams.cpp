// CUDA's runtime: streams and events.
#include <cuda_runtime_api.h>

#include <set>

#include "rehearsal/core/handles.hpp"
#include "rehearsal/core/stream.hpp"
#include "rehearsal/runtime/call.hpp"

using namespace rehearsal;

struct CUevent_st {
  static constexpr const char* kKind = "cudaEvent_t";
  int device = 0;
  cudaStream_t stream = nullptr;  // where it was recorded; null: behind all of the device
  std::size_t queued = 0;         // and behind how much
};

namespace {

std::set<cudaStream_t>& streams() {
  static auto& all = *new std::set<cudaStream_t>;
  return all;
}

}  // namespace

void rehearsal::finish_device(int device) {
  for (cudaStream_t stream : streams()) {
    if (stream->device == device) finish(*stream);
  }
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return runtime("cudaStreamCreate", cudaErrorMemoryAllocation, [&] {
    require(flags == cudaStreamNonBlocking, "a stream that waits for the default stream");
    *stream = make<CUstream_st>(current_device());
    streams().insert(*stream);
  });
}

/// Its work is done all the same (CUDA Runtime API, cudaStreamDestroy).
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return runtime_release("cudaStreamDestroy", [&](bool device_is_there) {
    require(known(stream).recording == nullptr, "a stream that is being recorded");
    if (device_is_there) finish(*stream);
    streams().erase(stream);
    destroy(stream);
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return runtime("cudaStreamSynchronize", cudaErrorLaunchFailure, [&] {
    require_no_recording("a wait");
    finish(known(stream));
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return runtime("cudaEventCreate", cudaErrorMemoryAllocation, [&] {
    require(flags == cudaEventDisableTiming, "an event that takes the time");
    *event = make<CUevent_st>(current_device());
  });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return runtime_release("cudaEventDestroy", [&](bool) { destroy(event); });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return runtime("cudaEventRecord", cudaErrorLaunchFailure, [&] {
    require_no_recording("an event that somebody will wait for");
    if (stream == nullptr) {  // the default stream, which others' work may be ordered by
      known(event).stream = nullptr;
      return;
    }
    CUstream_st& recorded = require_stream(stream);
    require(known(event).device == recorded.device, "an event of device ", event->device,
            " in a stream of device ", recorded.device, " (CUDA Programming Guide, ",
            "\"Multi-Device System: Stream and Event Behavior\")");
    event->stream = stream;
    event->queued = recorded.queued;
  });
}

/// At once, so a wait on the wrong one of our streams goes unseen.
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags) {
  return runtime("cudaStreamWaitEvent", cudaErrorLaunchFailure, [&] {
    require(flags == 0, "flags that there are none of");
    require_no_recording("a wait for what is not recorded");
    require_stream(stream);
    const CUevent_st& place = known(event);
    if (place.stream == nullptr) {
      finish_device(place.device);
    } else if (streams().contains(place.stream)) {
      finish(*place.stream, place.queued);
    }
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return runtime("cudaEventSynchronize", cudaErrorLaunchFailure, [&] {
    require_no_recording("a wait");
    const CUevent_st& place = known(event);
    if (streams().contains(place.stream)) finish(*place.stream, place.queued);
  });
}
