#include <algorithm>
#include <utility>
#include <vector>

#include "math/sort.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

void sort_keys(Context&, std::span<std::uint64_t> keys) {
  std::sort(keys.begin(), keys.end());
}

std::size_t sort_and_merge(Context&, std::span<std::uint64_t> keys, std::span<float> values) {
  std::vector<std::pair<std::uint64_t, float>> pairs(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) pairs[i] = {keys[i], values[i]};
  std::sort(pairs.begin(), pairs.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::size_t count = 0;
  for (const auto& [key, value] : pairs) {
    if (count > 0 && keys[count - 1] == key) {
      values[count - 1] += value;
    } else {
      keys[count] = key;
      values[count] = value;
      ++count;
    }
  }
  return count;
}

}  // namespace hourglass::HOURGLASS_TARGET::math
