#include <algorithm>

#include "math/sort.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

void sort_keys(Context&, std::span<std::uint64_t> keys) {
  std::sort(keys.begin(), keys.end());
}

}  // namespace hourglass::HOURGLASS_TARGET::math
