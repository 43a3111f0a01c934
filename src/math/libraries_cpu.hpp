// The CPU's library handles.
#pragma once

#include <dnnl.hpp>

#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

struct Libraries {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
};

}  // namespace hourglass::HOURGLASS_TARGET::math
