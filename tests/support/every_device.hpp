// Fixtures for tests of the public API on every device: the CPU where this build has it, and a GPU,
// without which they skip, by name.
#pragma once

#include <gtest/gtest.h>

#include <hourglass/device.hpp>
#include <hourglass/error.hpp>
#include <string>

namespace hourglass::test {

/// A fixture with a device, chosen by SetUp.
class OnDevice : public testing::Test {
 protected:
  void select(DeviceKind kind) {
    try {
      device_ = select_device(name_of(kind));
    } catch (const Error& error) {
      GTEST_SKIP() << "no GPU for this test: " << error.what();
    }
  }
  [[nodiscard]] const Device& device() const { return device_; }

 private:
  Device device_;
};

/// INSTANTIATE_TEST_SUITE_P(OnEveryDevice, Suite, kEveryDevice, device_name);
class OnEveryDevice : public OnDevice, public testing::WithParamInterface<DeviceKind> {
 protected:
  void SetUp() override { select(GetParam()); }
};

#if HOURGLASS_HAS_CPU
inline const auto kEveryDevice = testing::Values(DeviceKind::cpu, DeviceKind::cuda);
#else
inline const auto kEveryDevice = testing::Values(DeviceKind::cuda);
#endif

inline std::string device_name(const testing::TestParamInfo<DeviceKind>& info) {
  return std::string(name_of(info.param));
}

}  // namespace hourglass::test
