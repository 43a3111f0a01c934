#include <algorithm>
#include <utility>
#include <vector>

#include "device/buffer.hpp"
#include "math/sort.hpp"

namespace hourglass::HOURGLASS_TARGET::math {
namespace {

struct Pair {
  std::uint64_t key;
  float value;
};

/// Sums of the values of equal keys, in the order of keys; returns the end.
Pair* sort_and_merge(Pair* first, Pair* last) {
  std::sort(first, last, [](const Pair& a, const Pair& b) { return a.key < b.key; });
  Pair* end = first;
  for (const Pair* pair = first; pair != last; ++pair) {
    if (end != first && end[-1].key == pair->key) {
      end[-1].value += pair->value;
    } else {
      *end++ = *pair;
    }
  }
  return end;
}

}  // namespace

void sort_keys(Context&, std::span<std::uint64_t> keys) {
  std::sort(keys.begin(), keys.end());
}

// By their leading bits into buckets that fit a cache, which are sorted one by one. Shares of the
// pairs are put into buckets side by side, a share's behind those of the shares before it, so that
// the result does not depend on the number of threads.
std::size_t sort_and_merge(Context&, std::span<std::uint64_t> keys, std::span<float> values) {
  constexpr std::size_t kBuckets = 4096;
  constexpr std::size_t kShares = 16;
  const std::size_t count = keys.size();
  if (count == 0) return 0;
  std::uint64_t largest = 0;
#pragma omp parallel for reduction(max : largest)
  for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, keys[i]);
  unsigned shift = 0;
  while (largest >> shift >= kBuckets) ++shift;
  const auto share_begin = [&](std::size_t share) { return share * count / kShares; };

  std::vector<std::vector<std::size_t>> places(kShares, std::vector<std::size_t>(kBuckets));
#pragma omp parallel for schedule(dynamic)
  for (std::size_t share = 0; share < kShares; ++share) {
    for (std::size_t i = share_begin(share); i < share_begin(share + 1); ++i) {
      ++places[share][keys[i] >> shift];
    }
  }
  std::vector<std::size_t> bucket_begin(kBuckets + 1);
  std::size_t next = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    bucket_begin[bucket] = next;
    for (auto& of_share : places) next += std::exchange(of_share[bucket], next);
  }
  bucket_begin[kBuckets] = next;

  device::Buffer<Pair> pairs(count);
#pragma omp parallel for schedule(dynamic)
  for (std::size_t share = 0; share < kShares; ++share) {
    for (std::size_t i = share_begin(share); i < share_begin(share + 1); ++i) {
      pairs.data()[places[share][keys[i] >> shift]++] = {keys[i], values[i]};
    }
  }
  std::vector<std::size_t> merged(kBuckets + 1);  // where a bucket's keys go; first, their number
#pragma omp parallel for schedule(dynamic)
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    Pair* first = pairs.data() + bucket_begin[bucket];
    merged[bucket + 1] = static_cast<std::size_t>(
        sort_and_merge(first, pairs.data() + bucket_begin[bucket + 1]) - first);
  }
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) merged[bucket + 1] += merged[bucket];
#pragma omp parallel for schedule(dynamic)
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    const Pair* from = pairs.data() + bucket_begin[bucket];
    for (std::size_t to = merged[bucket]; to < merged[bucket + 1]; ++to, ++from) {
      keys[to] = from->key;
      values[to] = from->value;
    }
  }
  return merged[kBuckets];
}

}  // namespace hourglass::HOURGLASS_TARGET::math
