#include "rehearsal/libraries/thrust.hpp"

#include <thrust/system_error.h>

#include <mutex>
#include <new>

#include "rehearsal/core/memory.hpp"
#include "rehearsal/runtime/streams.hpp"

namespace rehearsal {
namespace {

struct Running {
  std::unique_lock<std::recursive_mutex> lock{api_lock()};
  Call call{"thrust"};
  std::unique_ptr<Opened> opened{};
  int device = 0;
  ~Running() {
    if (opened) require_red_zones(device);
  }
};

}  // namespace

std::shared_ptr<void> open_for_thrust(cudaStream_t stream) {
  auto running = std::make_shared<Running>();
  require_no_recording("an algorithm of Thrust, which allocates and waits");
  CUstream_st& used = require_stream(stream);
  if (must_fail("cudaMalloc")) throw std::bad_alloc();                // its temporary memory
  if (must_fail("thrust") || Runtime::last_failure != cudaSuccess) {  // its or another's
    throw thrust::system_error(cudaErrorLaunchFailure, thrust::system_category(), "thrust");
  }
  finish(used);
  running->device = used.device;
  running->opened = std::make_unique<Opened>(used.device);
  return running;
}

}  // namespace rehearsal
