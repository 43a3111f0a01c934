// A fixture for tests of the public API that one device is enough for: the CPU where this build has
// it, else a GPU.
#pragma once

#include <gtest/gtest.h>

#include <hourglass/device.hpp>
#include <hourglass/error.hpp>

namespace hourglass::test {

class OnAnyDevice : public testing::Test {
 protected:
  void SetUp() override {
#if HOURGLASS_HAS_CPU
    device_ = select_device("cpu");
#else
    try {
      device_ = select_device("cuda");
    } catch (const Error& error) {
      GTEST_SKIP() << "no GPU for this test: " << error.what();
    }
#endif
  }

  Device device_;
};

}  // namespace hourglass::test
