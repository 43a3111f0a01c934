#include "autoencoder/fused_dense_training.hpp"

#include <algorithm>
#include <bit>
#include <hourglass/error.hpp>

#include "kernels/optimizer/adam.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

/// What a launch does between two looks of the host: a few milliseconds of one block.
constexpr double kCostOfLaunch = 1e8;
/// What Adam costs a parameter, beside the three of forward, backward and gradient an image.
constexpr double kCostOfUpdate = 8.0;

std::size_t fitting(double cost) {
  return static_cast<std::size_t>(kCostOfLaunch / cost);
}

}  // namespace

FusedDenseTraining::FusedDenseTraining(math::Context& context, const fused_dense::Network& sizes,
                                       const ImageShape& shape, const Images& images,
                                       const Images& validation, const TrainingOptions& options,
                                       std::size_t replicas)
    : options_(options),
      shape_(shape),
      batch_(std::min(options.batch_size, images.count())),
      setting_(fused_dense::best_setting(sizes, {.batch = batch_,
                                                 .validation = validation.count(),
                                                 .corrupts = options.corruption.any()})),
      images_(context.stream(), images),
      validation_(context.stream(), validation),
      room_(options.shuffle && images.count() > 1 ? std::bit_ceil(images.count()) : 0),
      orders_(replicas * room_),
      clocks_(options.phase_times ? replicas * kDensePhaseCount : 0) {
  if (!setting_.problem.empty()) throw Error("engine 'fused': " + setting_.problem);
  device::fill_with_zero(context.stream(), clocks_.span());
  const auto parameters = static_cast<double>(sizes.parameters);
  step_cost_ = parameters * (3.0 * static_cast<double>(batch_) + kCostOfUpdate);
  epoch_cost_ = static_cast<double>(steps_of_epoch()) * step_cost_ +
                static_cast<double>(validation_.count()) * parameters;
  const std::size_t steps =
      std::max({std::size_t{1}, epochs_of_launch() * steps_of_epoch(), fitting(step_cost_)});
  rates_ = device::Buffer<float>(steps);
  losses_ =
      device::Buffer<fused_dense::Losses>(replicas * std::max(std::size_t{1}, epochs_of_launch()));
}

std::size_t FusedDenseTraining::epochs_of_launch() const {
  return std::min(fitting(epoch_cost_), options_.epochs);
}

Stretch FusedDenseTraining::part_of_epoch(std::size_t done, std::size_t limit) const {
  const std::size_t all = std::min(steps_of_epoch(), limit);
  const std::size_t steps = std::min(all - done, std::max(std::size_t{1}, fitting(step_cost_)));
  return {.image = done * batch_, .steps = steps, .ends_epoch = done + steps == all};
}

std::vector<fused_dense::Losses> FusedDenseTraining::run(math::Context& context,
                                                         const Replicas& replicas,
                                                         const Stretch& stretch) {
  const device::Stream& stream = context.stream();
  const kernels::AdamOptions adam{.learning_rate = options_.learning_rate};
  device::copy_to_device<float>(stream,
                                kernels::adam_rates(adam, stretch.first_step + 1, stretch.steps),
                                rates_.span().first(stretch.steps));
  fused_dense::run(stream, setting_, replicas.count,
                   {.net = setting_.net,
                    .part = setting_.part,
                    .steps = static_cast<std::uint32_t>(stretch.steps),
                    .first_step = static_cast<std::uint32_t>(stretch.first_step),
                    .first_epoch = static_cast<std::uint32_t>(stretch.epoch),
                    .first_image = static_cast<std::uint32_t>(stretch.image),
                    .batch = static_cast<std::uint32_t>(batch_),
                    .ends_epoch = stretch.ends_epoch,
                    .loss = options_.loss,
                    .corruption = {.noise = static_cast<float>(options_.corruption.noise),
                                   .patch = static_cast<std::uint32_t>(options_.corruption.patch),
                                   .height = static_cast<std::uint32_t>(shape_.height),
                                   .width = static_cast<std::uint32_t>(shape_.width)},
                    .seed = replicas.seed,
                    .training = images_.view(),
                    .validation = validation_.view(),
                    .rates = rates_.data(),
                    .adam = kernels::AdamFactors(adam),
                    .fresh = replicas.fresh,
                    .states = replicas.states,
                    .orders = orders_.data(),
                    .room = static_cast<std::uint32_t>(room_),
                    .losses = losses_.data(),
                    .epochs = static_cast<std::uint32_t>(stretch.epochs),
                    .alive = replicas.alive,
                    .clocks = clocks_.data()});
  std::vector<fused_dense::Losses> losses(replicas.count * stretch.epochs);
  device::copy_to_host<fused_dense::Losses>(stream, losses_.span().first(losses.size()), losses);
  return losses;
}

std::vector<PhaseTime> FusedDenseTraining::phase_times(math::Context& context,
                                                       std::size_t replicas) const {
  if (clocks_.size() == 0) return {};
  std::vector<std::uint64_t> clocks(clocks_.size());
  device::copy_to_host<std::uint64_t>(context.stream(), clocks_.span(), clocks);
  std::vector<PhaseTime> times;
  for (std::size_t phase = 0; phase < kDensePhaseCount; ++phase) {
    std::uint64_t nanoseconds = 0;
    for (std::size_t i = phase; i < clocks.size(); i += kDensePhaseCount) nanoseconds += clocks[i];
    if (nanoseconds == 0) continue;  // this training has no such phase
    times.push_back({name_of(static_cast<DensePhase>(phase)),
                     1e-9 * static_cast<double>(nanoseconds) / static_cast<double>(replicas)});
  }
  return times;
}

}  // namespace hourglass::HOURGLASS_TARGET
