// Two GPUs side by side: in two threads, and each while the other is current; and a forked process.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hourglass/autoencoder.hpp>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <hourglass/pca.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/random_values.hpp"

namespace hourglass {
namespace {

class Devices : public testing::Test {
 protected:
  void SetUp() override {
    try {
      (void)select_device("cuda:1");
    } catch (const Error& error) {
      GTEST_SKIP() << "no two GPUs for this test: " << error.what();
    }
  }

  std::vector<float> study(const std::string& device, std::uint64_t seed) const {
    Array<float> images({20, 8, 8});
    images.values = test::random_values(20 * 64, 0.f, 1.f, 1);
    Autoencoder autoencoder(conv_model_of_8(), select_device(device));
    autoencoder.initialize(seed);
    autoencoder.train(images, images, {.epochs = 3, .batch_size = 4, .seed = seed});
    const Samples codes = autoencoder.encode_on_device(images);
    return fit_transform_pca(codes, {.components = 2}).scores.values;
  }

  static Model conv_model_of_8() {
    Model model = conv_model();
    model.input = {1, 8, 8};
    return model;
  }
};

TEST_F(Devices, TwoModelsAtOnceGiveWhatEachGivesAlone) {
  const auto first_alone = study("cuda:0", 1);
  const auto second_alone = study("cuda:1", 2);
  std::vector<float> first, second;
  {
    const std::jthread one([&] { first = study("cuda:0", 1); });
    const std::jthread two([&] { second = study("cuda:1", 2); });
  }
  EXPECT_EQ(first, first_alone);
  EXPECT_EQ(second, second_alone);
  EXPECT_NE(first, second);
  EXPECT_EQ(study("cuda:1", 1), first_alone);
}

TEST_F(Devices, EachIsUsedAndGivenUpWhileAnotherIsCurrent) {
  Array<float> rows({6, 4});
  rows.values = test::random_values(24, 0.f, 1.f, 1);
  auto dense = std::make_unique<Autoencoder>(dense_model(), select_device("cuda:1"));
  auto samples = std::make_unique<Samples>(rows, select_device("cuda:1"));
  (void)samples->on_device();
  const auto digit = digit_four();
  const auto other = [] { ASSERT_EQ(cudaSetDevice(0), cudaSuccess); };
  other();
  dense->initialize(1);
  other();
  dense->train(digit, digit, {.epochs = 5, .batch_size = 1});
  other();
  EXPECT_EQ(dense->reconstruct(digit).rows(), 1U);
  other();
  EXPECT_EQ(fit_transform_pca(*samples, {.components = 2}).scores.rows(), 6U);
  other();
  samples.reset();
  other();
  dense.reset();
}

TEST(Forks, WhatWasCudaInTheParentIsAClearErrorInTheChild) {
  std::unique_ptr<Autoencoder> parents;
  try {
    parents = std::make_unique<Autoencoder>(dense_model(), select_device("cuda"));
  } catch (const Error& error) {
    GTEST_SKIP() << "no GPU for this test: " << error.what();
  }
  parents->initialize(1);
  const pid_t child = fork();
  if (child == 0) {
    const auto refused = [](auto work) {
      try {
        work();
      } catch (const DeviceError& error) {
        return std::string_view(error.what()).find("forked") != std::string_view::npos;
      }
      return false;
    };
    const bool clear = refused([] { (void)select_device("cuda"); }) &&
                       refused([&] { (void)parents->reconstruct(digit_four()); }) &&
                       select_device("auto").kind == DeviceKind::cpu;
    _exit(clear ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(parents->reconstruct(digit_four()).rows(), 1U);
}

}  // namespace
}  // namespace hourglass
