#include <omp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
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

/// By key: digit by digit, from the lowest, of the bits in which keys differ. `scratch` has room
/// for as many pairs.
void sort_pairs(std::span<Pair> pairs, Pair* scratch) {
  constexpr std::size_t kFew = 64;
  constexpr unsigned kDigitBits = 8;
  constexpr std::uint64_t kDigits = std::uint64_t{1} << kDigitBits;
  if (pairs.size() <= kFew) {
    std::sort(pairs.begin(), pairs.end(),
              [](const Pair& a, const Pair& b) { return a.key < b.key; });
    return;
  }
  std::uint64_t differing = 0;
  for (const Pair& pair : pairs) differing |= pair.key ^ pairs.front().key;
  std::span<Pair> from = pairs;
  std::span<Pair> to(scratch, pairs.size());
  while (differing != 0) {
    const auto shift = static_cast<unsigned>(std::countr_zero(differing));
    const auto digit = [shift](const Pair& pair) { return (pair.key >> shift) % kDigits; };
    std::array<std::size_t, kDigits> places{};
    for (const Pair& pair : from) ++places[digit(pair)];
    std::exclusive_scan(places.begin(), places.end(), places.begin(), std::size_t{0});
    for (const Pair& pair : from) to[places[digit(pair)]++] = pair;
    std::swap(from, to);
    differing &= ~((kDigits - 1) << shift);
  }
  if (from.data() != pairs.data()) std::ranges::copy(from, pairs.begin());
}

/// Sums of the values of equal keys, in the order of keys; returns the end.
Pair* sort_and_merge(Pair* first, Pair* last, Pair* scratch) {
  sort_pairs({first, last}, scratch);
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
  std::size_t fullest = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    fullest = std::max(fullest, bucket_begin[bucket + 1] - bucket_begin[bucket]);
  }
  device::Buffer<Pair> scratch(static_cast<std::size_t>(omp_get_max_threads()) * fullest);
#pragma omp parallel
  {
    Pair* own = scratch.data() + static_cast<std::size_t>(omp_get_thread_num()) * fullest;
#pragma omp for schedule(dynamic)
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
      Pair* first = pairs.data() + bucket_begin[bucket];
      Pair* last = pairs.data() + bucket_begin[bucket + 1];
      merged[bucket + 1] = static_cast<std::size_t>(sort_and_merge(first, last, own) - first);
    }
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
