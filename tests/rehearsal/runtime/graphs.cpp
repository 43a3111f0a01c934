// CUDA's runtime: recording streams, and the graphs that come of it.
#include <cuda_runtime_api.h>

#include <memory>

#include "rehearsal/core/handles.hpp"
#include "rehearsal/core/stream.hpp"
#include "rehearsal/runtime/call.hpp"

using namespace rehearsal;

struct CUgraphExec_st {
  static constexpr const char* kKind = "cudaGraphExec_t";
  std::vector<Work> nodes;
};

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  return runtime("cudaStreamBeginCapture", cudaErrorInvalidValue, [&] {
    require_no_recording("another one");
    require(mode == cudaStreamCaptureModeThreadLocal,
            "a capture that other threads' allocations would break");
    require_stream(stream).recording = std::make_unique<CUgraph_st>();
    recorded_stream() = stream;
  });
}

/// Ends the recording whatever it answers.
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  std::unique_ptr<CUgraph_st> recorded;
  const cudaError_t error = runtime_release("cudaStreamEndCapture", [&](bool) {
    require(recorded_stream() == stream, "a stream that this thread does not record");
    recorded = std::move(known(stream).recording);
    recorded_stream() = nullptr;
  });
  *graph = error == cudaSuccess ? make<CUgraph_st>(std::move(*recorded)) : nullptr;
  return error;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  return runtime("cudaGraphGetNodes", cudaErrorInvalidValue, [&] {
    require(nodes == nullptr, "nodes themselves are not played, only their number");
    *count = known(graph).nodes.size();
  });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long flags) {
  return runtime("cudaGraphInstantiate", cudaErrorMemoryAllocation, [&] {
    require(flags == 0, "flags that are not played");
    *executable = make<CUgraphExec_st>(known(graph).nodes);
  });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return runtime_release("cudaGraphDestroy", [&](bool) { destroy(graph); });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return runtime_release("cudaGraphExecDestroy", [&](bool) { destroy(executable); });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  return runtime("cudaGraphLaunch", cudaErrorLaunchFailure, [&] {
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
