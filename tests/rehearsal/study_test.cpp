// What several methods look at goes to the device once, and they share its stream and libraries.
#include <gtest/gtest.h>

#include <cstddef>
#include <hourglass/pca.hpp>
#include <hourglass/tsne.hpp>

#include "rehearsal/core/library.hpp"
#include "rehearsal/core/memory.hpp"
#include "support/random_values.hpp"

namespace hourglass {
namespace {

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

}  // namespace
}  // namespace hourglass
