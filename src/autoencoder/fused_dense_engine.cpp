#include "autoencoder/fused_dense_engine.hpp"

#include <algorithm>
#include <cmath>
#include <hourglass/device.hpp>
#include <hourglass/error.hpp>
#include <limits>
#include <numeric>
#include <utility>

#include "autoencoder/fused_dense_network.hpp"
#include "device/clock.hpp"
#include "device/range.hpp"
#include "device/target.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

/// Replicas of a launch: a GPU's worth several times over; on the CPU so many for each thread that
/// it does not matter when the last is done.
std::size_t replicas_at_a_time() {
  return kOnCuda ? 4096 : 32 * static_cast<std::size_t>(cpu_threads());
}

fused_dense::Network sizes_of(const Model& model, const ParameterLayout& layout) {
  return describe_for_fused_dense(model, layout).sizes;
}

}  // namespace

std::string fused_dense_problem(const Model& model, int device_index) {
  const FusedDenseDescription known = describe_for_fused_dense(model, ParameterLayout(model));
  if (!known.problem.empty()) return known.problem;
  const math::Context context(device_index, Precision::fp32);  // makes the device current
  // What takes most memory: batches that are taken in parts, of images that are corrupted.
  return fused_dense::best_setting(known.sizes, {.batch = kNoLimit, .corrupts = true}).problem;
}

FusedDenseEngine::FusedDenseEngine(Model model, int device_index)
    : TrainingEngine(std::move(model), device_index),
      state_(3 * layout().flat_size()),
      before_(3 * layout().flat_size()) {
  device::fill_with_zero(context().stream(), state_.span());
}

FusedDenseEngine::~FusedDenseEngine() {
  context().make_current(std::nothrow);
}

void FusedDenseEngine::set_parameters(std::span<const float> flat) {
  context().make_current();
  settle();  // the moments
  device::copy_to_device<float>(context().stream(), flat, state_.span().first(flat.size()));
  parameters_changed();
}

std::vector<float> FusedDenseEngine::parameters() {
  context().make_current();
  settle();
  std::vector<float> flat(layout().flat_size());
  device::copy_to_host<float>(context().stream(), state_.span().first(flat.size()), flat);
  return flat;
}

void FusedDenseEngine::begin_training(const Images& images, const Images& validation,
                                      const TrainingOptions& options) {
  context().make_current();
  settle();
  training_.reset();  // frees its memory before the next is taken
  training_ = std::make_unique<FusedDenseTraining>(context(), sizes_of(model(), layout()),
                                                   model().input, images, validation, options, 1);
  options_ = options;
  steps_ = 0;
  most_ahead_ = kNoLimit;
  device::fill_with_zero(context().stream(), state_.span().subspan(layout().flat_size()));
}

void FusedDenseEngine::end_training() {
  context().make_current();
  settle();
  context().stream().synchronize();  // the images may be somebody else's
  training_.reset();
}

double FusedDenseEngine::mean(double sum, std::size_t images) const {
  return sum / (static_cast<double>(images) * static_cast<double>(model().input.size()));
}

std::vector<fused_dense::Losses> FusedDenseEngine::train(const Stretch& stretch) {
  parameters_changed();
  steps_ = stretch.first_step + stretch.steps;
  return training_->run(context(), {.seed = options_.seed, .states = state_.data()}, stretch);
}

/// Trains so many epochs, of which nothing is told yet.
void FusedDenseEngine::run_ahead(std::size_t epoch, std::size_t epochs) {
  const auto start = Clock::now();
  device::copy_bytes_on_device(context().stream(), before_.data(), state_.data(),
                               state_.span().size_bytes());
  ahead_ = {.first_epoch = epoch, .first_step = steps_};
  ahead_.losses = train({.first_step = steps_,
                         .epoch = epoch,
                         .steps = epochs * training_->steps_of_epoch(),
                         .epochs = epochs});
  ahead_.seconds = seconds_since(start) / static_cast<double>(epochs);
}

EpochLosses FusedDenseEngine::next_of_ahead(const std::function<bool(std::size_t)>& on_step) {
  const fused_dense::Losses& losses = ahead_.losses[ahead_.told++];
  EpochLosses result{.train_loss = mean(losses.training, training_->images()),
                     .validation_loss = mean(losses.validation, training_->validation_images()),
                     .steps = training_->steps_of_epoch(),
                     .images = training_->images(),
                     .seconds = ahead_.seconds};
  result.stopped = !on_step(result.images);
  return result;
}

/// Brings the state to where what was told ends.
void FusedDenseEngine::settle() {
  const Ahead ahead = std::exchange(ahead_, {});
  if (ahead.told == ahead.losses.size()) return;
  most_ahead_ = 1;
  device::copy_bytes_on_device(context().stream(), state_.data(), before_.data(),
                               state_.span().size_bytes());
  parameters_changed();
  steps_ = ahead.first_step;
  if (ahead.told == 0) return;
  (void)train({.first_step = ahead.first_step,
               .epoch = ahead.first_epoch,
               .steps = ahead.told * training_->steps_of_epoch(),
               .epochs = ahead.told});
}

EpochLosses FusedDenseEngine::run_in_parts(std::size_t epoch, std::size_t step_limit,
                                           const std::function<bool(std::size_t)>& on_step) {
  EpochLosses result;
  const std::size_t steps = std::min(training_->steps_of_epoch(), step_limit);
  fused_dense::Losses sums;
  while (result.steps < steps && !result.stopped) {
    Stretch stretch = training_->part_of_epoch(result.steps, steps);
    stretch.first_step = steps_;
    stretch.epoch = epoch;
    const auto losses = train(stretch);
    sums.training += losses.front().training;
    sums.validation += losses.front().validation;
    result.steps += stretch.steps;
    result.images = std::min(result.steps * training_->batch(), training_->images());
    result.stopped = !on_step(result.images);
  }
  result.train_loss = mean(sums.training, result.images);
  result.validation_loss = mean(sums.validation, training_->validation_images());
  return result;
}

EpochLosses FusedDenseEngine::run_epoch(std::size_t epoch, std::size_t step_limit,
                                        const std::function<bool(std::size_t)>& on_step) {
  context().make_current();
  const std::size_t steps = training_->steps_of_epoch();
  const bool expected =
      epoch == ahead_.first_epoch + ahead_.told && ahead_.told < ahead_.losses.size();
  if (expected && step_limit >= steps) return next_of_ahead(on_step);

  const bool all_told = !ahead_.losses.empty() && ahead_.told == ahead_.losses.size();
  if (all_told && most_ahead_ < kNoLimit / 2) most_ahead_ *= 2;
  settle();
  const std::size_t coming = epoch <= options_.epochs ? options_.epochs - epoch + 1 : 1;
  const std::size_t epochs =
      std::min({training_->epochs_of_launch(), coming, step_limit / steps, most_ahead_});
  if (epochs == 0) return run_in_parts(epoch, step_limit, on_step);
  run_ahead(epoch, epochs);
  return next_of_ahead(on_step);
}

std::vector<PhaseTime> FusedDenseEngine::phase_times() {
  if (!training_) return {};
  context().make_current();
  return training_->phase_times(context(), 1);
}

// ---- replicas -----------------------------------------------------------------------------------

std::optional<std::vector<Replica>> FusedDenseEngine::train_replicas(
    const Images& images, const Images& validation, const ReplicaOptions& options) {
  context().make_current();
  const std::size_t most = std::min(replicas_at_a_time(), options.count);
  FusedDenseTraining training(context(), sizes_of(model(), layout()), model().input, images,
                              validation, options.training, most);
  device::Buffer<float> states(most * 3 * layout().flat_size());
  device::Buffer<std::uint32_t> alive(most * model().latent().size());
  std::vector<Replica> finished;
  finished.reserve(options.count);
  for (std::size_t first = 0; first < options.count; first += most) {
    train_group(training,
                {.count = std::min(most, options.count - first),
                 .seed = options.training.seed + first,
                 .states = states.data(),
                 .alive = alive.data()},
                options, finished);
  }
  if (options.on_phases && options.training.phase_times) {
    options.on_phases(training.phase_times(context(), options.count));
  }
  return finished;
}

/// Trains replicas that fit side by side, and tells of them.
void FusedDenseEngine::train_group(FusedDenseTraining& training, const Replicas& group,
                                   const ReplicaOptions& options, std::vector<Replica>& finished) {
  const TrainingOptions& how = options.training;
  const std::size_t steps_of_epoch = training.steps_of_epoch();
  const std::size_t steps = std::min(how.epochs * steps_of_epoch, how.steps.value_or(kNoLimit));
  std::vector<double> training_loss(group.count);  // of the epoch that is not over
  std::vector<double> last_loss(group.count);
  std::vector<bool> finite(group.count, true);
  for (std::size_t done = 0; done < steps;) {
    stop_if_requested(how.stop);
    const std::size_t done_of_epoch = done % steps_of_epoch;
    const std::size_t left = steps - done;
    const std::size_t whole = std::min(training.epochs_of_launch(), left / steps_of_epoch);
    Stretch stretch = done_of_epoch == 0 && whole > 0
                          ? Stretch{.steps = whole * steps_of_epoch, .epochs = whole}
                          : training.part_of_epoch(done_of_epoch, done_of_epoch + left);
    stretch.first_step = done;
    stretch.epoch = done / steps_of_epoch + 1;
    Replicas now = group;
    now.fresh = done == 0;
    done += stretch.steps;
    if (done < steps) now.alive = nullptr;
    const auto losses = training.run(context(), now, stretch);
    const bool ends = done % steps_of_epoch == 0 || done == steps;
    for (std::size_t i = 0; i < losses.size(); ++i) {
      const std::size_t r = i / stretch.epochs;
      const bool over = i % stretch.epochs + 1 < stretch.epochs || ends;
      training_loss[r] += losses[i].training;
      if (!over) continue;
      last_loss[r] = mean(losses[i].validation, training.validation_images());
      finite[r] = finite[r] && std::isfinite(training_loss[r]) && std::isfinite(last_loss[r]);
      training_loss[r] = 0.0;
    }
  }
  const std::size_t units = model().latent().size();
  std::vector<std::uint32_t> alive(group.count * units);
  device::copy_to_host<std::uint32_t>(
      context().stream(), std::span<const std::uint32_t>(group.alive, alive.size()), alive);
  for (std::size_t r = 0; r < group.count; ++r) {
    stop_if_requested(how.stop);
    Replica replica{group.seed + r, std::numeric_limits<double>::quiet_NaN(), 0};
    if (finite[r]) {
      const auto mine = std::span(alive).subspan(r * units, units);
      replica.final_loss = last_loss[r];
      replica.dead_units = static_cast<std::size_t>(std::ranges::count(mine, 0U));
    }
    finished.push_back(replica);
    if (options.on_replica) options.on_replica(replica);
  }
}

std::unique_ptr<Engine> make_fused_dense_engine(Model model, int device_index) {
  return std::make_unique<FusedDenseEngine>(std::move(model), device_index);
}

}  // namespace hourglass::HOURGLASS_TARGET
