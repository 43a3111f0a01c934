// What CUDA's answers and a build's architectures say of a GPU.
#include "device/devices.hpp"

#include <gtest/gtest.h>

namespace hourglass {
namespace {

bool runs(int capability, const char* architectures) {
  return architecture_problem(capability, architectures).empty();
}

TEST(Architectures, RunWhatIsTheirsAndNewer) {
  EXPECT_TRUE(runs(90, "90"));
  EXPECT_TRUE(runs(100, "90")) << "by its PTX";
  EXPECT_FALSE(runs(100, "90-real"));
  EXPECT_TRUE(runs(89, "86-real"));
  EXPECT_FALSE(runs(80, "86-real"));
  EXPECT_FALSE(runs(75, "80-virtual;90-real"));
  EXPECT_TRUE(runs(120, "80-virtual;80-real"));
  EXPECT_TRUE(runs(90, "80-real;90a-real"));
  EXPECT_TRUE(runs(75, "all-major"));
}

TEST(Architectures, ThatAreNoNumbersSayNothing) {
  EXPECT_FALSE(runs(90, ""));
  EXPECT_FALSE(runs(90, "OFF"));
  EXPECT_TRUE(runs(90, "OFF;90-real"));
}

TEST(Architectures, AProblemNamesWhatThereIsAndWhatIsWanted) {
  EXPECT_EQ(architecture_problem(75, "80-virtual;80-real"),
            "this build has no code for compute capability 7.5 (it has: 80-virtual;80-real); "
            "rebuild with -DCMAKE_CUDA_ARCHITECTURES=75");
}

TEST(CudaFacts, TellWhyNoGpuCanBeUsed) {
  const auto problem = [](int driver, int runtime, int devices) {
    return cuda_problem(
        {.driver_version = driver, .runtime_version = runtime, .device_count = devices});
  };
  EXPECT_EQ(problem(13000, 13000, 1), "");
  EXPECT_EQ(problem(12040, 12090, 1), "");
  EXPECT_NE(problem(0, 13000, 0).find("no NVIDIA driver answers"), std::string::npos);
  EXPECT_NE(problem(12090, 13000, 1).find("supports CUDA 12.9, this build needs 13.0"),
            std::string::npos);
  EXPECT_NE(problem(13000, 13000, 0).find("finds no GPU"), std::string::npos);
}

}  // namespace
}  // namespace hourglass
