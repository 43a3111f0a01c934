// Named ranges on a profiler's timeline (NVTX, domain "hourglass"): the timeline reads like the
// program. Without a profiler attached a range costs a few nanoseconds; without CUDA nothing.
#pragma once

#if HOURGLASS_HAS_CUDA
#include <nvtx3/nvtx3.hpp>

namespace hourglass {

struct NvtxDomain {
  static constexpr char const* name{"hourglass"};
};

/// Open from here to the end of the scope: `const Range range("epoch");`
using Range = nvtx3::scoped_range_in<NvtxDomain>;

}  // namespace hourglass
#else
namespace hourglass {

class Range {
 public:
  template <class Name>
  explicit Range(const Name&) {}
  ~Range() {}  // NOLINT(modernize-use-equals-default): a range is held for its scope, not unused
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;
};

}  // namespace hourglass
#endif
