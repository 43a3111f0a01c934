#include <algorithm>
#include <utility>
#include <vector>

#include "device/buffer.hpp"
#include "math/sort.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

void sort_keys(Context&, std::span<std::uint64_t> keys) {
  std::sort(keys.begin(), keys.end());
}

// By their leading bits into buckets that fit a cache, each of which is sorted by counting. Shares
// of the keys are put into buckets side by side, a share's behind those of the shares before it, so
// that the places of a key ascend.
void sort_places(Context&, std::span<const std::uint32_t> keys, std::span<std::uint32_t> begins,
                 std::span<std::uint32_t> places) {
  constexpr std::size_t kMostBuckets = 2048;
  constexpr std::size_t kShares = 16;
  struct Pair {
    std::uint32_t key;
    std::uint32_t place;
  };
  const std::size_t count = keys.size();
  const std::size_t all = begins.size() - 1;
  unsigned shift = 0;
  while (all >> shift > kMostBuckets) ++shift;
  const std::size_t buckets = (all >> shift) + 1;
  const auto share_begin = [&](std::size_t share) { return share * count / kShares; };

  std::vector<std::vector<std::size_t>> next(kShares, std::vector<std::size_t>(buckets));
#pragma omp parallel for schedule(dynamic)
  for (std::size_t share = 0; share < kShares; ++share) {
    for (std::size_t i = share_begin(share); i < share_begin(share + 1); ++i) {
      ++next[share][keys[i] >> shift];
    }
  }
  std::vector<std::size_t> bucket_begin(buckets + 1);
  std::size_t before = 0;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    bucket_begin[bucket] = before;
    for (auto& of_share : next) before += std::exchange(of_share[bucket], before);
  }
  bucket_begin[buckets] = before;

  device::Buffer<Pair> pairs(count);
#pragma omp parallel for schedule(dynamic)
  for (std::size_t share = 0; share < kShares; ++share) {
    for (std::size_t i = share_begin(share); i < share_begin(share + 1); ++i) {
      pairs.data()[next[share][keys[i] >> shift]++] = {keys[i], static_cast<std::uint32_t>(i)};
    }
  }
#pragma omp parallel for schedule(dynamic)
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    const std::size_t first_key = bucket << shift;
    const std::size_t last_key = std::min((bucket + 1) << shift, all);
    const auto own =
        pairs.span().subspan(bucket_begin[bucket], bucket_begin[bucket + 1] - bucket_begin[bucket]);
    std::vector<std::uint32_t> to(last_key - first_key);
    for (const Pair& pair : own) ++to[pair.key - first_key];
    auto start = static_cast<std::uint32_t>(bucket_begin[bucket]);
    for (std::size_t key = first_key; key < last_key; ++key) {
      begins[key] = start;
      start += std::exchange(to[key - first_key], start);
    }
    for (const Pair& pair : own) places[to[pair.key - first_key]++] = pair.place;
  }
  begins[all] = static_cast<std::uint32_t>(count);
}

}  // namespace hourglass::HOURGLASS_TARGET::math
