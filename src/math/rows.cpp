#include "math/rows.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>
#include <vector>

#include "device/target.hpp"
#include "kernels/columns/equal_rows.hpp"
#include "kernels/columns/facts.hpp"
#include "kernels/columns/unit_rows.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

Rows::Rows(int device_index, std::size_t size)
    : Rows(std::make_shared<Context>(device_index), size) {}

Rows::Rows(std::shared_ptr<Context> context, std::size_t size)
    : context_(std::move(context)), buffer_(size), values_(buffer_.span()) {}

Rows::Rows(int device_index, std::span<const float> host)
    : context_(std::make_shared<Context>(device_index)),
      buffer_(kOnCuda ? host.size() : 0),
      values_(host) {
  if constexpr (kOnCuda) {
    device::copy_to_device<float>(context_->stream(), host, buffer_.span());
    values_ = buffer_.span();
  }
}

Rows::Rows(const GpuView<float>& there)
    : context_(std::make_shared<Context>(there.index)),
      owner_(there.owner),
      values_(there.values()) {
  if (there.written_on) context_->stream().wait_for(*there.written_on);
}

Rows::Rows(std::shared_ptr<Context> context, std::span<const float> values,
           std::shared_ptr<const void> owner)
    : context_(std::move(context)), owner_(std::move(owner)), values_(values) {}

Rows::~Rows() {
  context_->make_current(std::nothrow);  // memory is freed on the device it came from
  if (owner_) context_->stream().synchronize(std::nothrow);  // others' may be used again at once
}

void Rows::copy_to_host(std::span<float> to) const {
  context_->make_current();
  device::copy_to_host<float>(context_->stream(), values_, to);
}

const float* Rows::settled_values() const {
  context_->make_current();
  context_->stream().synchronize();
  return values_.data();
}

const RowFacts& Rows::facts(std::size_t rows) const {
  if (!facts_) {
    context_->make_current();
    device::Buffer<kernels::GroupFacts> groups(kernels::fact_groups(rows));
    kernels::row_facts(context_->stream(), values_.data(), rows, values_.size() / rows,
                       groups.span());
    std::vector<kernels::GroupFacts> found(groups.size());
    device::copy_to_host<kernels::GroupFacts>(context_->stream(), groups.span(), found);
    kernels::GroupFacts all;
    for (const kernels::GroupFacts& group : found) {
      all.largest = std::max(all.largest, group.largest);
      all.differ |= group.differ;
      all.negative |= group.negative;
    }
    const auto largest = std::bit_cast<float>(all.largest);
    facts_ = {.finite = std::isfinite(largest),
              .distinct = all.differ != 0,
              .negative = all.negative != 0,
              .largest = largest};
  }
  return *facts_;
}

std::unique_ptr<DeviceRows> Rows::unit(std::size_t rows, bool centred) const {
  context_->make_current();
  auto made = std::make_unique<Rows>(context_, values_.size());
  kernels::unit_rows(context_->stream(), values_.data(), rows, values_.size() / rows, centred,
                     made->to_fill().data());
  return made;
}

std::unique_ptr<DeviceRows> Rows::first(std::shared_ptr<const DeviceRows> whole,
                                        std::size_t size) const {
  return std::make_unique<Rows>(context_, values_.first(size), std::move(whole));
}

std::vector<std::uint32_t> Rows::equal_rows(std::span<const std::uint32_t> own,
                                            const DeviceRows& others,
                                            std::span<const std::uint32_t> theirs,
                                            std::size_t row_size) const {
  std::vector<std::uint32_t> equal(own.size());
  if (equal.empty()) return equal;
  const float* there = others.settled_values();
  context_->make_current();
  const device::Stream& stream = context_->stream();
  const auto of_own = device::to_device<std::uint32_t>(stream, own);
  const auto of_theirs = device::to_device<std::uint32_t>(stream, theirs);
  device::Buffer<std::uint32_t> found(own.size());
  kernels::equal_rows(stream, values_.data(), of_own.span(), there, of_theirs.span(), row_size,
                      found.data());
  device::copy_to_host<std::uint32_t>(stream, found.span(), equal);
  return equal;
}

const std::shared_ptr<Context>& Rows::context() const {
  context_->make_current();
  return context_;
}

}  // namespace hourglass::HOURGLASS_TARGET::math

namespace hourglass::HOURGLASS_TARGET {

std::unique_ptr<DeviceRows> upload_rows(int device_index, std::span<const float> host) {
  return std::make_unique<math::Rows>(device_index, host);
}

std::unique_ptr<DeviceRows> adopt_rows(const GpuView<float>& there) {
  return std::make_unique<math::Rows>(there);
}

}  // namespace hourglass::HOURGLASS_TARGET
