#include "kernels/optimizer/adam.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/optimizer/training_state.hpp"
#include "support/on_target.hpp"
#include "support/random_values.hpp"
#include "support/reference_layers.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::AdamOptions;
using kernels::TrainingState;

class Adam : public KernelTest {
 protected:
  /// `values` with a tail beyond what the kernel is told of.
  device::Buffer<float> with_tail(std::vector<float> values) {
    values.resize(values.size() + kTail, kPoison);
    return to_device(values);
  }
  device::Buffer<float> zeros(std::size_t size) { return with_tail(std::vector<float>(size)); }
  device::Buffer<TrainingState> state(const TrainingState& initial) {
    return to_device(std::vector<TrainingState>{initial});
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Adam, every_way(), way_name);

/// Gradients from where epsilon rules to where it does not matter.
std::vector<float> gradients(std::size_t size, std::uint32_t seed) {
  auto values = test::random_values(size, -1.f, 1.f, seed);
  constexpr float kScales[] = {1.f, 1e-2f, 1e-5f, 1e-6f, 1e-8f, 1e3f};
  for (std::size_t i = 0; i < size; ++i) values[i] *= kScales[i % 6];
  return values;
}

TEST_P(Adam, TenStepsFollowTheReference) {
  for (const std::size_t size : {1U, 255U, 257U, 5000U}) {
    auto initial = test::random_values(size, -1.f, 1.f, 9);
    for (std::size_t i = 0; i < size; i += 2) initial[i] = 0.f;  // where small updates can be seen
    auto weights = test::in_double(initial);
    reference::AdamState moments;
    std::vector<double> travel(size);  // what rounding errors are measured by

    auto parameters = with_tail(initial);
    auto first_moment = zeros(size);
    auto second_moment = zeros(size);
    auto device_state = state(kernels::initial_state({}));
    const auto loss = to_device(std::vector<double>{0.5});
    for (std::uint32_t step = 0; step < 10; ++step) {
      const auto gradient = gradients(size, 100 + step);
      const auto before = weights;
      reference::adam_step(weights, test::in_double(gradient), moments);
      for (std::size_t i = 0; i < size; ++i) {
        travel[i] += std::abs(weights[i] - before[i]) + 0.1 * std::abs(weights[i]);
      }
      const auto device_gradient = to_device(gradient);
      run([&] {
        kernels::adam_update(stream(), {}, &device_state.data()->rate, device_gradient.span(),
                             parameters.data(), first_moment.data(), second_moment.data());
        kernels::finish_step(stream(), {}, loss.span(), 3, device_state.data());
      });
    }

    const auto w = written(parameters);
    const auto m = written(first_moment);
    const auto v = written(second_moment);
    for (std::size_t i = 0; i < size; ++i) {
      ASSERT_NEAR(w[i], weights[i], 1e-6 * travel[i]) << "weight " << i << " of " << size;
      ASSERT_NEAR(v[i], moments.v[i], 1e-6 * moments.v[i]);
      // m can cancel; its terms are at most as large as the gradients behind sqrt(v / 0.001).
      ASSERT_NEAR(m[i], moments.m[i], 1e-6 * std::sqrt(moments.v[i] / 0.001));
    }
    const TrainingState end = to_host(device_state)[0];
    EXPECT_EQ(end.step, 10U);
    EXPECT_EQ(end.position, 30U);
    EXPECT_EQ(end.train_loss_sum, 5.0);
  }
}

TEST_P(Adam, BiasCorrectionIsTheStepsOwn) {
  const AdamOptions options{.learning_rate = 0.01, .beta1 = 0.8, .beta2 = 0.99, .epsilon = 1e-4};
  for (const AdamOptions& o : {AdamOptions{}, options}) {
    for (const std::uint64_t step :
         {1ULL, 2ULL, 10ULL, 1000ULL, 3'000'000'000ULL, 10'000'000'000ULL}) {
      // The step before hands on the rate; before the first it is there.
      auto device_state = state(step == 1 ? kernels::initial_state(o)
                                          : TrainingState{.step = step - 2, .rate = kPoison});
      const auto loss = to_device(std::vector<double>{0.5});
      const auto g = to_device(std::vector<float>{0.5f});
      auto parameters = with_tail({0.f});
      auto first_moment = with_tail({0.25f});
      auto second_moment = with_tail({0.0625f});
      run([&] {
        if (step > 1) kernels::finish_step(stream(), o, loss.span(), 1, device_state.data());
        kernels::adam_update(stream(), o, &device_state.data()->rate, g.span(), parameters.data(),
                             first_moment.data(), second_moment.data());
      });
      const double m = o.beta1 * 0.25 + (1 - o.beta1) * 0.5;
      const double v = o.beta2 * 0.0625 + (1 - o.beta2) * 0.25;
      const double t = static_cast<double>(step);
      const double rate =
          o.learning_rate * std::sqrt(1 - std::pow(o.beta2, t)) / (1 - std::pow(o.beta1, t));
      const double update = rate * m / (std::sqrt(v) + o.epsilon);
      ASSERT_NEAR(written(parameters)[0], -update, 5e-7 * update) << "step " << step;
      ASSERT_NEAR(written(first_moment)[0], m, 3e-7 * m);
      ASSERT_NEAR(written(second_moment)[0], v, 3e-7 * v);
      ASSERT_EQ(to_host(device_state)[0].step, step - 1) << "only finish_step moves on";
    }
  }
}

TEST_P(Adam, FirstStepIsTheLearningRateLong) {
  const auto g = to_device(std::vector<float>{3.f, -0.2f});
  const auto rate =
      to_device(std::vector<float>{kernels::initial_state({.learning_rate = 0.125}).rate});
  auto parameters = with_tail({1.f, 1.f});
  auto first_moment = zeros(2);
  auto second_moment = zeros(2);
  run([&] {
    kernels::adam_update(stream(), {.learning_rate = 0.125}, rate.data(), g.span(),
                         parameters.data(), first_moment.data(), second_moment.data());
  });
  const auto w = written(parameters);
  EXPECT_NEAR(w[0], 0.875, 1e-5);
  EXPECT_NEAR(w[1], 1.125, 1e-5);
}

TEST_P(Adam, PaddingStaysZero) {
  const std::size_t size = 300;
  const auto is_padding = [](std::size_t i) { return i % 16 >= 9; };
  auto gradient = gradients(size, 5);
  auto initial = test::random_values(size, -1.f, 1.f);
  for (std::size_t i = 0; i < size; ++i) {
    if (is_padding(i)) gradient[i] = initial[i] = 0.f;
  }
  const auto device_gradient = to_device(gradient);
  auto device_state = state(kernels::initial_state({}));
  const auto loss = to_device(std::vector<double>{1.0});
  auto parameters = with_tail(initial);
  auto first_moment = zeros(size);
  auto second_moment = zeros(size);
  for (int step = 0; step < 3; ++step) {
    run([&] {
      kernels::adam_update(stream(), {}, &device_state.data()->rate, device_gradient.span(),
                           parameters.data(), first_moment.data(), second_moment.data());
      kernels::finish_step(stream(), {}, loss.span(), 1, device_state.data());
    });
  }
  const auto w = written(parameters);
  const auto m = written(first_moment);
  const auto v = written(second_moment);
  for (std::size_t i = 0; i < size; ++i) {
    ASSERT_EQ(w[i] == 0.f, is_padding(i)) << i;
    ASSERT_EQ(m[i] == 0.f, is_padding(i)) << i;
    if (is_padding(i)) {
      ASSERT_EQ(v[i], 0.f) << i;
    }
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
