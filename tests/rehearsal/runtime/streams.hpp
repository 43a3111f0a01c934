// Streams, and work that is done as late as the API allows: when somebody waits for it.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rehearsal/core/library.hpp"

namespace rehearsal {

enum class Use { reads, writes, updates, scratch };

/// Device memory that queued work will use.
struct Operand {
  const char* what;
  const void* begin;
  std::size_t bytes;
  Use use = Use::reads;
  std::size_t value_bytes = 0;  ///< 4, 8: of what must have been written where it is read
};

struct Work {
  std::string name;
  int device = 0;
  std::vector<Operand> operands;
  std::function<void()> run;
};

}  // namespace rehearsal

struct CUgraph_st {
  static constexpr const char* kKind = "cudaGraph_t";
  std::vector<rehearsal::Work> nodes;
};

struct CUstream_st {
  static constexpr const char* kKind = "cudaStream_t";
  int device = 0;
  std::deque<rehearsal::Work> queue{};
  std::size_t queued = 0;  ///< in all its life
  std::unique_ptr<CUgraph_st> recording{};
};

namespace rehearsal {

using Runtime = Library<cudaErrorLaunchFailure>;  ///< CUDA's

/// The calling thread's.
inline thread_local int current_device = 0;
/// The stream that the calling thread records, or nothing.
inline thread_local cudaStream_t recorded_stream = nullptr;

/// Demands that a stream is one that work of ours may go to.
CUstream_st& require_stream(cudaStream_t stream);
/// Demands that the calling thread records nothing.
void require_no_recording(const char* why);

/// Queues, or records, work of the running call.
void enqueue(cudaStream_t stream, std::vector<Operand> operands, std::function<void()> run);
void enqueue(CUstream_st& stream, Work work);

/// Does what a stream holds, or as much of it as had been queued.
void finish(CUstream_st& stream, std::size_t queued = SIZE_MAX);
void finish_device(int device);

}  // namespace rehearsal
