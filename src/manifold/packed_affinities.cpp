#include "manifold/packed_affinities.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "kernels/affinities/pack.hpp"
#include "manifold/affinity_matrix.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

constexpr std::size_t kSample = 20000;
constexpr std::size_t kMost16BitColumns = std::size_t{1} << 16U;

/// The median, or close to it: half of the entries are weaker.
float weak_threshold(const device::Stream& stream, const float* values, std::size_t entries) {
  const std::size_t step = std::max<std::size_t>(entries / kSample, 1);
  device::Buffer<float> sample(entries / step);
  if (sample.size() == 0) return 0.f;
  kernels::sample_values(stream, values, step, sample.span());
  std::vector<float> sorted(sample.size());
  device::copy_to_host<float>(stream, sample.span(), sorted);
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::ranges::nth_element(sorted, middle);
  return *middle;
}

std::vector<std::uint32_t> on_host(const device::Stream& stream,
                                   const device::Buffer<std::uint32_t>& values) {
  std::vector<std::uint32_t> host(values.size());
  device::copy_to_host<std::uint32_t>(stream, values.span(), host);
  return host;
}

}  // namespace

PackedAffinityMatrix::PackedAffinityMatrix(const device::Stream& stream,
                                           const kernels::Affinities& affinities,
                                           std::size_t points, std::size_t entries)
    : threshold_(weak_threshold(stream, affinities.values, entries)),
      base_(kernels::packed_base(points)) {
  device::Buffer<std::uint32_t> sizes(points);
  device::Buffer<std::uint32_t> weak_sizes(points);
  kernels::count_packed(stream, affinities, points, threshold_, sizes.data(), weak_sizes.data());
  sizes_ = on_host(stream, sizes);
  weak_sizes_ = on_host(stream, weak_sizes);
  const auto strong = row_offsets(sizes_);
  const auto weak = row_offsets(weak_sizes_, strong.back());
  strong_ = device::to_device<std::uint32_t>(stream, strong);
  weak_ = device::to_device<std::uint32_t>(stream, weak);
  const std::size_t all = weak.back();
  values_ = device::Buffer<std::uint16_t>(all);
  if (points <= kMost16BitColumns) {
    columns_ = device::Buffer<std::uint16_t>(all);
  } else {
    wide_columns_ = device::Buffer<std::uint32_t>(all);
  }
  kernels::pack_affinities(stream, affinities, points, threshold_, view(), values_.data(),
                           columns_.data(), wide_columns_.data());
}

void PackedAffinityMatrix::reorder(const device::Stream& stream,
                                   const kernels::Affinities& affinities,
                                   std::span<const std::uint32_t> host_rows,
                                   const std::uint32_t* rows, const std::uint32_t* places) {
  const auto strong = row_offsets(sizes_, 0, host_rows);
  const auto weak = row_offsets(weak_sizes_, strong.back(), host_rows);
  device::copy_to_device<std::uint32_t>(stream, strong, strong_.span());
  device::copy_to_device<std::uint32_t>(stream, weak, weak_.span());
  kernels::pack_affinities(stream, affinities, host_rows.size(), threshold_, view(), values_.data(),
                           columns_.data(), wide_columns_.data(), rows, places);
}

kernels::PackedAffinities PackedAffinityMatrix::view() const {
  return {.strong = strong_.data(),
          .weak = weak_.data(),
          .values = values_.data(),
          .columns = columns_.data(),
          .wide_columns = wide_columns_.data(),
          .base = base_};
}

}  // namespace hourglass::HOURGLASS_TARGET
