// Which devices a program sees, and what goes to one.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <hourglass/device.hpp>
#include <hourglass/error.hpp>
#include <hourglass/pca.hpp>
#include <hourglass/samples.hpp>
#include <hourglass/tsne.hpp>
#include <string>
#include <vector>

#include "device/buffer.hpp"
#include "math/context.hpp"
#include "math/sort.hpp"
#include "rehearsal/core/library.hpp"
#include "rehearsal/core/memory.hpp"
#include "support/random_values.hpp"

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

TEST(AFailure, IsToldOnceAndIsNotTheNextSorts) {
  EXPECT_THROW(cuda::math::Context(99), DeviceError);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  cuda::math::Context context;
  EXPECT_NE(cudaSetDevice(99), cudaSuccess);  // which nobody asks about
  const std::vector<std::uint64_t> keys{2, 1};
  auto sorted = cuda::device::to_device<std::uint64_t>(context.stream(), keys);
  EXPECT_NO_THROW(cuda::math::sort_keys(context, sorted.span()));
}

/// What several methods look at goes to the device once, and they share its stream and libraries.
TEST(OneStudy, UploadsOnceAndSharesItsContext) {
  Array<float> x({1500, 40});
  x.values = test::random_values(x.size(), 0.f, 1.f, 1);
  const std::size_t bytes = x.size() * sizeof(float);
  const Samples samples(x, select_device("cuda"));
  const auto made = [](const char* kind) { return rehearsal::made(kind); };
  const std::size_t streams = made("cudaStream_t");
  const std::size_t cublas = made("cublasHandle_t");
  const std::size_t cusolver = made("cusolverDnHandle_t");
  const std::size_t uploaded = rehearsal::uploaded();
  (void)fit_transform_pca(samples, {.components = 2});
  (void)nearest_neighbors(samples, 15);
  (void)tsne(samples, {.perplexity = 5.0, .iterations = 2});
  EXPECT_EQ(made("cudaStream_t") - streams, 1U);
  EXPECT_EQ(made("cublasHandle_t") - cublas, 1U);
  EXPECT_EQ(made("cusolverDnHandle_t") - cusolver, 1U);
  // Beside the data: axes, means, the first map and the like.
  EXPECT_GE(rehearsal::uploaded() - uploaded, bytes);
  EXPECT_LT(rehearsal::uploaded() - uploaded, 2 * bytes);
}

/// The rehearsal's GPU has 10 GiB, and most of a map's memory is asked for after its neighbours
/// have been found.
TEST(MoreThanMemoryHolds, IsSaidBeforeTheWorkBegins) {
  Array<float> x({450000, 2});
  x.values = test::random_values(x.size(), 0.f, 1.f, 1);
  try {
    (void)tsne(Samples(x, select_device("cuda")), {.perplexity = 680.0});
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("450000 rows with 2040 neighbours each need at least"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace hourglass
