#include "autoencoder/fused_engine.hpp"

#include <algorithm>
#include <hourglass/error.hpp>
#include <numeric>
#include <utility>

#include "autoencoder/device_images.hpp"
#include "autoencoder/fused_network.hpp"
#include "autoencoder/network.hpp"
#include "device/range.hpp"
#include "device/target.hpp"
#include "kernels/data/shuffle.hpp"
#include "kernels/fused/infer.hpp"
#include "kernels/optimizer/adam.hpp"
#include "math/rows.hpp"
#include "math/sort.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

/// Between two looks of the host: some milliseconds of work for the model that ships.
constexpr std::size_t kStepsPerLaunch = kOnCuda ? 1024 : 16;
constexpr std::size_t kImagesPerLaunch = kOnCuda ? 65536 : 1024;
constexpr std::size_t kValidationImagesPerLaunch = 4 * kImagesPerLaunch;

/// Of the larger side of an inference: of digits some 5,000 images, and 80,000 on a GPU.
constexpr std::size_t kInferenceBytes = std::size_t{kOnCuda ? 256 : 16} << 20U;

/// Whether the kernel has this stretch of layers.
bool inferred(const Model& model, LayerRange layers) {
  const std::size_t code = model.encoder.size();
  const std::size_t end = all_of(model).last;
  return layers.first != layers.last && (layers.first == 0 || layers.first == code) &&
         (layers.last == code || layers.last == end);
}

std::size_t rows_per_launch(const Model& model, LayerRange layers) {
  const auto shapes = model.shapes();
  return batch_for(std::max(shapes[layers.first].size(), shapes[layers.last].size()),
                   kInferenceBytes);
}

/// Up to so many groups' gradients each block adds up by itself.
constexpr std::size_t kGroupsByEach = 16;

/// A block of a GPU that waits so long waits in vain: nothing else of the kernel takes more than
/// milliseconds. On the CPU a block is a thread, and may have to wait for a core.
constexpr std::uint64_t kPatience = kOnCuda ? 20'000'000'000U : 0;

std::size_t groups_of(std::size_t images, const fused::Setting& setting) {
  const auto lanes = static_cast<std::size_t>(setting.lanes);
  return (images + lanes - 1) / lanes;
}

}  // namespace

std::string fused_problem(const Model& model, int device_index) {
  FusedDescription known = describe_for_fused(model);
  if (!known.problem.empty()) return known.problem;
  const math::Context context(device_index, Precision::fp32);  // makes the device current
  return fused::best_setting(known.description, true).problem;
}

// What exists only while training.
struct FusedEngine::Training {
  Training(math::Context& context, const Model& model, const ParameterLayout& layout,
           const Images& training_images, const Images& validation_images,
           const TrainingOptions& options_)
      : options(options_),
        setting(
            fused::best_setting(describe_for_fused(model).description, options.corruption.any())),
        net(fused_network(describe_for_fused(model).description, setting.plan,
                          options.corruption.any(), layout)),
        batch(std::min(options.batch_size, training_images.count())),
        groups(groups_of(batch, setting)),
        images(context.stream(), training_images),
        validation(context.stream(), validation_images),
        order(options.shuffle && images.count() > 1 ? images.count() : 0),
        first_moment(layout.flat_size()),
        second_moment(layout.flat_size()),
        steps_per_launch(std::clamp(kImagesPerLaunch / batch, std::size_t{1}, kStepsPerLaunch)),
        rates(steps_per_launch),
        copies(setting.blocks * 3 * layout.flat_size()),
        gradients(2 * groups * layout.flat_size()),
        sums(3 * layout.flat_size()),
        losses(std::max(steps_per_launch * groups, groups_of(kValidationImagesPerLaunch, setting))),
        exchange(1),
        places(setting.blocks),
        clocks(options.phase_times ? setting.blocks * kPhaseCount : 0) {
    if (!setting.problem.empty()) throw Error("engine 'fused': " + setting.problem);
    for (auto* buffer : {&first_moment, &second_moment, &gradients}) {
      device::fill_with_zero(context.stream(), buffer->span());
    }
    device::fill_with_zero(context.stream(), places.span());
    device::fill_with_zero(context.stream(), clocks.span());
  }

  [[nodiscard]] fused::Summing summing() const {
    if (options.reduction == Reduction::atomic) return fused::Summing::atomic;
    return groups <= kGroupsByEach ? fused::Summing::by_each : fused::Summing::by_shares;
  }

  TrainingOptions options;
  fused::Setting setting;
  fused::Network net;
  std::size_t batch;
  std::size_t groups;  // of a batch
  DeviceImages images;
  DeviceImages validation;
  device::Buffer<std::uint64_t> order;
  device::Buffer<float> first_moment, second_moment;
  std::size_t steps_per_launch;
  device::Buffer<float> rates;
  device::Buffer<float> copies, gradients, sums;
  device::Buffer<double> losses;
  device::Buffer<fused::Exchange> exchange;
  device::Buffer<std::uint32_t> places;
  device::Buffer<std::uint64_t> clocks;  // empty: not asked for
  std::uint64_t steps = 0;
};

FusedEngine::FusedEngine(Model model, int device_index)
    : TrainingEngine(std::move(model), device_index), parameters_(layout().flat_size()) {
  device::fill_with_zero(context().stream(), parameters_.span());
}

FusedEngine::~FusedEngine() {
  context().make_current(std::nothrow);
}

void FusedEngine::set_parameters(std::span<const float> flat) {
  context().make_current();
  device::copy_to_device<float>(context().stream(), flat, parameters_.span());
  parameters_changed();
}

std::vector<float> FusedEngine::parameters() {
  context().make_current();
  std::vector<float> flat(parameters_.size());
  device::copy_to_host<float>(context().stream(), parameters_.span(), flat);
  return flat;
}

void FusedEngine::begin_training(const Images& images, const Images& validation,
                                 const TrainingOptions& options) {
  context().make_current();
  training_.reset();  // frees its memory before the next is taken
  training_ = std::make_unique<Training>(context(), model(), layout(), images, validation, options);
}

void FusedEngine::end_training() {
  context().make_current();
  context().stream().synchronize();  // the images may be somebody else's
  training_.reset();
}

void FusedEngine::draw_order(std::size_t epoch) {
  if (training_->order.size() == 0) return;
  const Range range("shuffle");
  kernels::draw_shuffle_keys(context().stream(), training_->options.seed, epoch,
                             training_->order.span());
  math::sort_keys(context(), training_->order.span());
}

fused::Job FusedEngine::job() {
  Training& t = *training_;
  return {.net = t.net,
          .batch = static_cast<std::uint32_t>(t.batch),
          .loss = t.options.loss,
          .noise = {static_cast<float>(t.options.corruption.noise),
                    static_cast<std::uint32_t>(t.options.corruption.patch)},
          .seed = t.options.seed,
          .parameters = parameters_.data(),
          .first_moment = t.first_moment.data(),
          .second_moment = t.second_moment.data(),
          .copies = t.copies.data(),
          .exchange = t.exchange.data(),
          .places = t.places.data(),
          .clocks = t.clocks.data(),
          .patience = kPatience};
}

/// Runs the job and waits for it.
void FusedEngine::launch(const fused::Job& job, std::size_t groups) {
  Training& t = *training_;
  device::Stream& stream = context().stream();
  const std::size_t blocks = std::min(t.setting.blocks, groups);
  device::fill_with_zero(stream, t.exchange.span());
  fused::run(stream, t.setting, blocks, job);
  parameters_changed();
  fused::Exchange exchange;
  device::copy_to_host<fused::Exchange>(stream, t.exchange.span(), {&exchange, 1});
  if (exchange.given_up == 0) return;
  std::vector<std::uint32_t> places(t.places.size());
  device::copy_to_host<std::uint32_t>(stream, t.places.span(), places);
  check_watch(exchange, std::span(places).first(blocks));
}

void check_watch(const fused::Exchange& exchange, std::span<const std::uint32_t> places) {
  if (exchange.given_up == 0) return;
  // Behind all others, and if that is no difference, at work.
  const auto late = std::ranges::min_element(places, {}, [](std::uint32_t place) {
    return std::pair(step_of(place), phase_of(place) == Phase::wait);
  });
  throw Error("engine 'fused': block " + std::to_string(exchange.given_up - 1) +
              " waited in vain for block " + std::to_string(late - places.begin()) +
              ", which is at '" + name_of(phase_of(*late)) + "' of step " +
              std::to_string(step_of(*late) + 1) + " of the launch; use --engine layered");
}

std::vector<double> FusedEngine::train(std::size_t first_image, std::size_t steps) {
  Training& t = *training_;
  device::Stream& stream = context().stream();
  const kernels::AdamOptions adam{.learning_rate = t.options.learning_rate};
  device::copy_to_device<float>(stream, kernels::adam_rates(adam, t.steps + 1, steps),
                                t.rates.span().first(steps));

  fused::Job job = this->job();
  job.steps = static_cast<std::uint32_t>(steps);
  job.first_step = static_cast<std::uint32_t>(t.steps);
  job.first_image = static_cast<std::uint32_t>(first_image);
  job.training = t.images.view();
  job.order = t.order.data();
  job.summing = t.summing();
  job.rates = t.rates.data();
  job.adam = kernels::AdamFactors(adam);
  job.gradients = t.gradients.data();
  job.sums = t.sums.data();
  job.training_losses = t.losses.data();
  if (job.summing == fused::Summing::atomic) device::fill_with_zero(stream, t.sums.span());
  launch(job, t.groups);
  t.steps += steps;

  // The epoch's last batch may have fewer groups.
  const std::size_t images = std::min(steps * t.batch, t.images.count() - first_image);
  std::vector<double> losses((images / t.batch) * t.groups +
                             groups_of(images % t.batch, t.setting));
  device::copy_to_host<double>(stream, t.losses.span().first(losses.size()), losses);
  return losses;
}

std::vector<double> FusedEngine::validate(std::size_t first_image, std::size_t images) {
  const Range range("validation");
  Training& t = *training_;
  fused::Job job = this->job();
  job.first_image = static_cast<std::uint32_t>(first_image);
  job.validation = t.validation.view();
  job.validation.count = static_cast<std::uint32_t>(first_image + images);
  job.validation_losses = t.losses.data();
  std::vector<double> losses(groups_of(images, t.setting));
  launch(job, losses.size());
  device::copy_to_host<double>(context().stream(), t.losses.span().first(losses.size()), losses);
  return losses;
}

EpochLosses FusedEngine::run_epoch(std::size_t epoch, std::size_t step_limit,
                                   const std::function<bool(std::size_t)>& on_step) {
  context().make_current();
  Training& t = *training_;
  draw_order(epoch);

  // One sum from the first loss to the last: where launches end makes no difference to its bits.
  const auto add = [](double& sum, const std::vector<double>& losses) {
    sum = std::accumulate(losses.begin(), losses.end(), sum);
  };
  EpochLosses result;
  const auto pixels = static_cast<double>(model().input.size());
  double loss = 0.0;
  while (result.images < t.images.count() && result.steps < step_limit && !result.stopped) {
    const std::size_t left = (t.images.count() - result.images - 1) / t.batch + 1;
    const std::size_t steps = std::min({left, step_limit - result.steps, t.steps_per_launch});
    add(loss, train(result.images, steps));
    result.steps += steps;
    result.images = std::min(result.images + steps * t.batch, t.images.count());
    result.stopped = !on_step(result.images);
  }
  result.train_loss = loss / (static_cast<double>(result.images) * pixels);

  double validation_loss = 0.0;
  for (std::size_t seen = 0; seen < t.validation.count() && !result.stopped;) {
    const std::size_t images = std::min(t.validation.count() - seen, kValidationImagesPerLaunch);
    add(validation_loss, validate(seen, images));
    seen += images;
    if (seen < t.validation.count()) result.stopped = !on_step(result.images);
  }
  result.validation_loss = validation_loss / (static_cast<double>(t.validation.count()) * pixels);
  return result;
}

std::vector<PhaseTime> FusedEngine::phase_times() {
  if (!training_ || training_->clocks.size() == 0) return {};
  context().make_current();
  Training& t = *training_;
  std::vector<std::uint64_t> clocks(t.clocks.size());
  device::copy_to_host<std::uint64_t>(context().stream(), t.clocks.span(), clocks);
  const std::size_t blocks = std::min(t.setting.blocks, t.groups);
  std::vector<PhaseTime> times;
  for (std::size_t phase = 0; phase < kPhaseCount; ++phase) {
    std::uint64_t nanoseconds = 0;
    for (std::size_t b = 0; b < blocks; ++b) nanoseconds += clocks[b * kPhaseCount + phase];
    if (nanoseconds == 0) continue;  // this model has no such phase
    times.push_back({name_of(static_cast<Phase>(phase)),
                     1e-9 * static_cast<double>(nanoseconds) / static_cast<double>(blocks)});
  }
  return times;
}

void FusedEngine::infer(LayerRange layers, const Images& rows, float* output) {
  const auto& description = describe_for_fused(model()).description;
  const fused::Setting setting = fused::best_setting(description, true);
  const DeviceImages on_device(context().stream(), rows);
  fused::infer(context().stream(), setting,
               {.net = fused_network(description, setting.plan, true, layout()),
                .parameters = parameters_.data(),
                .encodes = layers.first == 0,
                .decodes = layers.last == all_of(model()).last,
                .rows = on_device.view(),
                .output = output});
  context().stream().synchronize();  // the rows are about to be freed
}

Array<float> FusedEngine::run(LayerRange layers, const Images& rows, const StopRequest& stop) {
  if (!inferred(model(), layers)) return TrainingEngine::run(layers, rows, stop);
  context().make_current();
  const std::size_t most = std::min(rows_per_launch(model(), layers), rows.count());
  const std::size_t size = model().shapes()[layers.last].size();
  Array<float> result({rows.count(), size});
  device::Buffer<float> output(most * size);
  for (std::size_t first = 0; first < rows.count(); first += most) {
    stop_if_requested(stop);
    const Images part = rows.part(first, most);
    infer(layers, part, output.data());
    const auto values = output.span().first(part.count() * size);
    device::copy_to_host<float>(context().stream(), values,
                                std::span(result.values).subspan(first * size, values.size()));
  }
  return result;
}

std::shared_ptr<const DeviceRows> FusedEngine::run_on_device(LayerRange layers, const Images& rows,
                                                             const StopRequest& stop) {
  if (!inferred(model(), layers)) return TrainingEngine::run_on_device(layers, rows, stop);
  context().make_current();
  const std::size_t most = std::min(rows_per_launch(model(), layers), rows.count());
  const std::size_t size = model().shapes()[layers.last].size();
  auto result = std::make_shared<math::Rows>(context().device_index(), rows.count() * size);
  for (std::size_t first = 0; first < rows.count(); first += most) {
    stop_if_requested(stop);
    infer(layers, rows.part(first, most), result->to_fill().data() + first * size);
  }
  return result;
}

std::unique_ptr<Engine> make_fused_engine(Model model, int device_index) {
  return std::make_unique<FusedEngine>(std::move(model), device_index);
}

}  // namespace hourglass::HOURGLASS_TARGET
