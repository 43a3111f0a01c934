#include "kernels/optimizer/training_state.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/on_target.hpp"
#include "support/random_values.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::TrainingState;

// The rate that a finished step hands on is tested with what uses it: adam_test.cpp.
class Training : public KernelTest {
 protected:
  device::Buffer<TrainingState> state(const TrainingState& initial) {
    return to_device(std::vector<TrainingState>{initial});
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Training, every_way(), way_name);

TEST_P(Training, FinishStepMovesOn) {
  for (const std::size_t count : {1U, 3U, 33U, 255U, 256U, 257U, 2112U}) {
    std::vector<double> partials(count);
    double loss = 0;
    for (std::size_t i = 0; i < count; ++i) {
      partials[i] = static_cast<double>(i * i % 1009) + 0.25;  // exact in any order
      loss += partials[i];
    }
    constexpr std::uint64_t kLarge = 5'000'000'000;  // more than 32 bits hold
    const auto device_partials = to_device(partials);
    auto device_state = state({.position = kLarge,
                               .step = kLarge + 7,
                               .train_loss_sum = 100.5,
                               .validation_loss_sum = 3.25});
    for (std::uint64_t step = 1; step <= 2; ++step) {
      run([&] {
        kernels::finish_step(stream(), {}, device_partials.span(), 129, device_state.data());
      });
      const TrainingState now = to_host(device_state)[0];
      ASSERT_EQ(now.position, kLarge + 129 * step);
      ASSERT_EQ(now.step, kLarge + 7 + step);
      ASSERT_EQ(now.train_loss_sum, 100.5 + static_cast<double>(step) * loss) << count;
      ASSERT_EQ(now.validation_loss_sum, 3.25);
    }
  }
}

TEST_P(Training, AnEpochBeginsWithoutLossesAndGoesOnCounting) {
  auto device_state = state({.position = 5,
                             .step = 7,
                             .train_loss_sum = 100.5,
                             .validation_loss_sum = 3.25,
                             .rate = 0.5f});
  run([&] { kernels::begin_epoch(stream(), device_state.data()); });
  const TrainingState now = to_host(device_state)[0];
  EXPECT_EQ(now.position, 0U);
  EXPECT_EQ(now.train_loss_sum, 0.0);
  EXPECT_EQ(now.validation_loss_sum, 0.0);
  EXPECT_EQ(now.step, 7U);
  EXPECT_EQ(now.rate, 0.5f);
}

TEST_P(Training, FinishStepAddsInAFixedOrder) {
  std::vector<double> partials;
  for (const float value : test::random_values(1000, -1.f, 1.f)) {
    partials.push_back(std::pow(static_cast<double>(value), 9));  // rounds in every addition
  }
  const auto device_partials = to_device(partials);
  const auto finish = [&](Way way) {
    auto device_state = state({});
    run_as(way, [&] {
      kernels::finish_step(stream(), {}, device_partials.span(), 1, device_state.data());
    });
    return to_host(device_state)[0].train_loss_sum;
  };
  const double first = finish(GetParam());
  EXPECT_EQ(finish(GetParam()), first);
  EXPECT_EQ(finish(twin()), first);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
