// An epoch of the fused engine's kernel by itself: with so many blocks, its gradients summed as the
// test likes, where the engine would choose.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <hourglass/array.hpp>
#include <hourglass/model.hpp>
#include <numeric>
#include <span>
#include <vector>

#include "autoencoder/fused_network.hpp"
#include "autoencoder/parameters.hpp"
#include "device/buffer.hpp"
#include "kernels/fused/train.hpp"
#include "support/random_values.hpp"

namespace hourglass::HOURGLASS_TARGET {

struct FusedSteps {
  Model model;
  std::size_t images;  ///< the last batch may be short
  std::size_t batch;
  std::size_t validation;  ///< images
  std::size_t blocks;
  fused::Summing summing = fused::Summing::by_each;
  fused::Noise noise = {};
};

struct FusedOutcome {
  std::vector<float> moved;  ///< the parameters, less what they were
  std::vector<float> moments;
  std::vector<double> losses;  ///< of each step, then of the validation

  bool operator==(const FusedOutcome&) const = default;
};

inline FusedOutcome run_fused_steps(const FusedSteps& test) {
  const device::Stream stream;
  const auto zeros = [&]<class T>(T /*type*/, std::size_t size) {
    return device::to_device<T>(stream, std::vector<T>(size));
  };
  const auto known = describe_for_fused(test.model).description;
  const bool corrupts = test.noise.any();
  const fused::Setting setting = fused::best_setting(known, corrupts);
  const ParameterLayout layout(test.model);
  const std::size_t count = layout.flat_size();
  const auto lanes = static_cast<std::size_t>(setting.lanes);
  const std::size_t steps = (test.images - 1) / test.batch + 1;
  const std::size_t groups = (test.batch - 1) / lanes + 1;
  const std::size_t validation_groups = (test.validation - 1) / lanes + 1;

  const auto initial = glorot_uniform(layout, 4);
  const auto pixels = test::random_values(
      std::max(test.images, test.validation) * test.model.input.size(), 0.f, 1.f);
  const auto images = device::to_device<float>(stream, pixels);
  const auto rates = device::to_device<float>(stream, std::vector<float>(steps, 1e-3f));
  auto parameters = device::to_device<float>(stream, initial);
  auto first_moment = zeros(float{}, count);
  auto second_moment = zeros(float{}, count);
  auto copies = zeros(float{}, test.blocks * 3 * count);
  auto gradients = zeros(float{}, 2 * groups * count);
  auto sums = zeros(float{}, 3 * count);
  auto training_losses = zeros(double{}, steps * groups);
  auto validation_losses = zeros(double{}, validation_groups);
  auto exchange = zeros(fused::Exchange{}, 1);
  auto places = zeros(std::uint32_t{}, test.blocks);

  fused::run(
      nullptr, setting, test.blocks,
      {.net = fused_network(known, setting.plan, corrupts, layout),
       .steps = static_cast<std::uint32_t>(steps),
       .batch = static_cast<std::uint32_t>(test.batch),
       .noise = test.noise,
       .seed = 3,
       .training = {.floats = images.data(), .count = static_cast<std::uint32_t>(test.images)},
       .validation = {.floats = images.data(),
                      .count = static_cast<std::uint32_t>(test.validation)},
       .summing = test.summing,
       .rates = rates.data(),
       .adam = kernels::AdamFactors(kernels::AdamOptions{}),
       .parameters = parameters.data(),
       .first_moment = first_moment.data(),
       .second_moment = second_moment.data(),
       .copies = copies.data(),
       .gradients = gradients.data(),
       .sums = sums.data(),
       .training_losses = training_losses.data(),
       .validation_losses = validation_losses.data(),
       .exchange = exchange.data(),
       .places = places.data()});

  const auto to_host = [&]<class T>(const device::Buffer<T>& buffer) {
    std::vector<T> values(buffer.size());
    device::copy_to_host<T>(stream, buffer.span(), values);
    return values;
  };
  FusedOutcome outcome{to_host(parameters), to_host(first_moment), {}};
  std::ranges::transform(outcome.moved, initial, outcome.moved.begin(), std::minus<>());
  const auto second = to_host(second_moment);
  outcome.moments.insert(outcome.moments.end(), second.begin(), second.end());
  const auto add_up = [&](std::span<const double> losses) {
    outcome.losses.push_back(std::accumulate(losses.begin(), losses.end(), 0.0));
  };
  const auto losses = to_host(training_losses);
  for (std::size_t s = 0; s < steps; ++s) add_up(std::span(losses).subspan(s * groups, groups));
  add_up(to_host(validation_losses));
  return outcome;
}

}  // namespace hourglass::HOURGLASS_TARGET
