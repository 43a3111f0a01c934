#include "math/rows.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "device/target.hpp"
#include "kernels/columns/facts.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

Rows::Rows(int device_index, std::size_t size)
    : context_(std::make_shared<Context>(device_index)), buffer_(size), values_(buffer_.span()) {}

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
