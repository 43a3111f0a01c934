// Which devices a program sees: of two, those that CUDA_VISIBLE_DEVICES names.
#include <gtest/gtest.h>

#include <cstdlib>
#include <hourglass/device.hpp>
#include <hourglass/error.hpp>
#include <hourglass/samples.hpp>

namespace hourglass {
namespace {

class VisibleDevices : public testing::Test {
 protected:
  ~VisibleDevices() override { unsetenv("CUDA_VISIBLE_DEVICES"); }
};

TEST_F(VisibleDevices, AreCountedFromZero) {
  EXPECT_EQ(select_device("cuda:1").name, "Rehearsal 1");
  EXPECT_THROW(select_device("cuda:2"), Error);
  setenv("CUDA_VISIBLE_DEVICES", "1", 1);
  EXPECT_EQ(select_device("cuda").name, "Rehearsal 1");
  EXPECT_THROW(select_device("cuda:1"), Error);
  const Samples samples(Array<float>({2, 2}), select_device("cuda"));
  (void)samples.on_device();
}

TEST_F(VisibleDevices, MayBeNone) {
  setenv("CUDA_VISIBLE_DEVICES", "", 1);
  EXPECT_EQ(select_device("auto").kind, DeviceKind::cpu);
  EXPECT_THROW(select_device("cuda"), Error);
}

}  // namespace
}  // namespace hourglass
