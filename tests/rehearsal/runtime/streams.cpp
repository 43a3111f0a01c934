// CUDA's runtime: streams, events, recording and the graphs that come of it.
#include "rehearsal/runtime/streams.hpp"

#include <cuda_runtime_api.h>

#include <exception>
#include <memory>
#include <set>
#include <vector>

#include "rehearsal/core/library.hpp"
#include "rehearsal/core/memory.hpp"

using namespace rehearsal;

struct CUevent_st {
  static constexpr const char* kKind = "cudaEvent_t";
  int device = 0;
  cudaStream_t stream = nullptr;  // where it was recorded; null: behind all of the device
  std::size_t queued = 0;         // and behind how much
};

struct CUgraphExec_st {
  static constexpr const char* kKind = "cudaGraphExec_t";
  std::vector<Work> nodes;
};

// ---- work ---------------------------------------------------------------------------------------

namespace rehearsal {
namespace {

auto& streams = *new std::set<cudaStream_t>;

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
  count("waits");
  const Opened opened(stream.device);
  while (!stream.queue.empty() && stream.queued - stream.queue.size() < queued) {
    run(stream.queue.front());
    stream.queue.pop_front();
  }
}

void finish_device(int device) {
  for (cudaStream_t stream : streams) {
    if (stream->device == device) finish(*stream);
  }
}

}  // namespace rehearsal

// ---- streams and events -------------------------------------------------------------------------

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return Runtime::call("cudaStreamCreate", [&] {
    require(flags == cudaStreamNonBlocking, "a stream that waits for the default stream");
    *stream = make<CUstream_st>(current_device);
    streams.insert(*stream);
  });
}

/// Its work is done all the same (CUDA Runtime API, cudaStreamDestroy).
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return Runtime::give_back(__func__, [&] {
    require(known(stream).recording == nullptr, "a stream that is being recorded");
    if (!device_is_lost()) finish(*stream);
    streams.erase(stream);
    destroy(stream);
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return Runtime::call(__func__, [&] {
    require_no_recording("a wait");
    finish(known(stream));
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return Runtime::call("cudaEventCreate", [&] {
    require(flags == cudaEventDisableTiming, "an event that takes the time");
    *event = make<CUevent_st>(current_device);
  });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return Runtime::give_back(__func__, event);
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return Runtime::call(__func__, [&] {
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
  return Runtime::call(__func__, [&] {
    require(flags == 0, "flags that there are none of");
    require_no_recording("a wait for what is not recorded");
    require_stream(stream);
    const CUevent_st& place = known(event);
    if (place.stream == nullptr) {
      finish_device(place.device);
    } else if (streams.contains(place.stream)) {
      finish(*place.stream, place.queued);
    }
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return Runtime::call(__func__, [&] {
    require_no_recording("a wait");
    const CUevent_st& place = known(event);
    if (streams.contains(place.stream)) finish(*place.stream, place.queued);
  });
}

// ---- recording ----------------------------------------------------------------------------------

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  return Runtime::call(__func__, [&] {
    require_no_recording("another one");
    require(mode == cudaStreamCaptureModeThreadLocal,
            "a capture that other threads' allocations would break");
    require_stream(stream).recording = std::make_unique<CUgraph_st>();
    recorded_stream = stream;
  });
}

/// Ends the recording whatever it answers.
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  std::unique_ptr<CUgraph_st> recorded;
  const cudaError_t error = Runtime::give_back(__func__, [&] {
    require(recorded_stream == stream, "a stream that this thread does not record");
    recorded = std::move(known(stream).recording);
    recorded_stream = nullptr;
  });
  *graph = error == cudaSuccess ? make<CUgraph_st>(std::move(*recorded)) : nullptr;
  return error;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  return Runtime::call(__func__, [&] {
    require(nodes == nullptr, "nodes themselves are not played, only their number");
    *count = known(graph).nodes.size();
  });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long flags) {
  return Runtime::call(__func__, [&] {
    require(flags == 0, "flags that are not played");
    *executable = make<CUgraphExec_st>(known(graph).nodes);
  });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return Runtime::give_back(__func__, graph);
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return Runtime::give_back(__func__, executable);
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  return Runtime::call(__func__, [&] {
    require_no_recording("a graph within a graph");
    CUstream_st& queue = require_stream(stream);
    for (const Work& node : known(executable).nodes) {
      require(node.device == queue.device, "a graph of device ", node.device,
              " in a stream of device ", queue.device);
      const Call call("cudaGraphLaunch, " + node.name);
      enqueue(queue, node);
    }
  });
}
