#include "autoencoder/layered_engine.hpp"

#include <algorithm>
#include <hourglass/error.hpp>
#include <utility>

#include "device/range.hpp"
#include "device/target.hpp"
#include "kernels/data/corrupt.hpp"
#include "kernels/data/random_stream.hpp"
#include "kernels/data/shuffle.hpp"
#include "kernels/layers/activation.hpp"
#include "kernels/layers/loss.hpp"
#include "kernels/optimizer/training_state.hpp"
#include "math/rows.hpp"
#include "math/sort.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

/// The largest map of a pass without gradients: enough images to fill a GPU, few enough that a
/// CPU's cache holds what passes between two layers. Of the conv model some 1,300 images and 100.
constexpr std::size_t kInferenceMapBytes = std::size_t{kOnCuda ? 64 : 5} << 20U;

std::size_t inference_batch(const Model& model, LayerRange layers) {
  return batch_for(largest_map(model, layers), kInferenceMapBytes);
}

/// How many steps the host may be ahead of the device, twice: so that its queue never runs dry, and
/// progress is told of steps that are done, or nearly.
constexpr std::size_t kStepsAhead = 16;

}  // namespace

// What exists only while training.
struct LayeredEngine::Training {
  Training(math::Context& context, const Model& model, const ParameterLayout& layout,
           const device::Buffer<float>& parameters, const Images& training_images,
           const Images& validation_images, const TrainingOptions& options_)
      : options(options_),
        adam{.learning_rate = options.learning_rate},
        images(context.stream(), training_images),
        validation(context.stream(), validation_images),
        shuffled(options.shuffle && images.count() > 1),
        validation_batch(std::min(inference_batch(model, all_of(model)), validation.count())),
        clean(options.corruption.any()
                  ? std::max(options.batch_size, validation_batch) * model.input.size()
                  : 0),
        order(shuffled ? images.count() : 0),
        gradient(layout.flat_size()),
        first_moment(layout.flat_size()),
        second_moment(layout.flat_size()),
        loss_partials(kernels::loss_partial_count(std::max(options.batch_size, validation_batch) *
                                                  model.input.size())),
        state(1) {
    const kernels::TrainingState start = kernels::initial_state(adam);
    device::copy_to_device<kernels::TrainingState>(context.stream(), {&start, 1}, state.span());
    device::fill_with_zero(context.stream(), gradient.span());
    device::fill_with_zero(context.stream(), first_moment.span());
    device::fill_with_zero(context.stream(), second_moment.span());
    const std::size_t batch = std::min(options.batch_size, images.count());
    const auto add_network = [&](std::size_t size) {
      if (size == 0) return;
      networks.try_emplace(size, context, model, layout,
                           ParameterBuffers{parameters.data(), gradient.data()}, all_of(model),
                           size, Purpose::training);
    };
    add_network(batch);
    add_network(images.count() % batch);  // an epoch's last, smaller batch
  }

  TrainingOptions options;
  kernels::AdamOptions adam;
  DeviceImages images;
  DeviceImages validation;
  bool shuffled;
  std::size_t validation_batch;
  device::Buffer<float> clean;  // a batch before its corruption
  device::Buffer<std::uint64_t> order;
  device::Buffer<float> gradient, first_moment, second_moment;
  device::Buffer<double> loss_partials;
  device::Buffer<kernels::TrainingState> state;
  device::Event reached;                    // some steps ago
  std::map<std::size_t, Network> networks;  // by batch size
  std::map<std::size_t, device::Graph> step_graphs;
  device::Graph validation_graph;
};

LayeredEngine::LayeredEngine(Model model, int device_index, Precision precision)
    : Engine(std::move(model), EngineKind::layered),
      context_(device_index, precision),
      parameters_(layout().flat_size()) {
  device::fill_with_zero(context_.stream(), parameters_.span());
}

LayeredEngine::~LayeredEngine() {
  context_.make_current(std::nothrow);
}

void LayeredEngine::set_parameters(std::span<const float> flat) {
  context_.make_current();
  device::copy_to_device<float>(context_.stream(), flat, parameters_.span());
}

std::vector<float> LayeredEngine::parameters() {
  context_.make_current();
  std::vector<float> flat(parameters_.size());
  device::copy_to_host<float>(context_.stream(), parameters_.span(), flat);
  return flat;
}

void LayeredEngine::begin_training(const Images& images, const Images& validation,
                                   const TrainingOptions& options) {
  context_.make_current();
  training_.reset();  // frees its memory before the next is taken
  training_ = std::make_unique<Training>(context_, model(), layout(), parameters_, images,
                                         validation, options);
}

void LayeredEngine::end_training() {
  context_.make_current();
  context_.stream().synchronize();  // the images may be somebody else's
  training_.reset();
}

void LayeredEngine::draw_order(std::size_t epoch) {
  if (!training_->shuffled) return;
  const Range range("shuffle");
  kernels::draw_shuffle_keys(context_.stream(), training_->options.seed, epoch,
                             training_->order.span());
  math::sort_keys(context_, training_->order.span());
}

/// Gathers a batch into the network, corrupted if this training does that, and returns what the
/// network is to give back.
const float* LayeredEngine::feed(Network& network, const DeviceImages& images,
                                 const kernels::Selection& selection, CorruptionStream random,
                                 const std::uint64_t* step, std::size_t batch) {
  Training& t = *training_;
  device::Stream& stream = context_.stream();
  const ImageShape& shape = model().input;
  const Corruption& corruption = t.options.corruption;
  float* const input = network.input().data();
  float* const clean = corruption.any() ? t.clean.data() : input;
  kernels::gather_images(stream, images.view(), selection, batch, shape.size(), clean);
  if (corruption.any()) {
    kernels::corrupt_images(stream,
                            {.noise = static_cast<float>(corruption.noise),
                             .patch = static_cast<std::uint32_t>(corruption.patch),
                             .height = static_cast<std::uint32_t>(shape.height),
                             .width = static_cast<std::uint32_t>(shape.width)},
                            random, step, selection.first, clean, batch, shape.size(), input);
  }
  return clean;
}

/// One step on the next `batch` images: everything that is recorded.
void LayeredEngine::step(std::size_t batch) {
  Training& t = *training_;
  device::Stream& stream = context_.stream();
  Network& network = t.networks.at(batch);
  kernels::TrainingState* state = t.state.data();
  const float* target =
      feed(network, t.images,
           {.order = t.shuffled ? t.order.data() : nullptr, .position = &state->position},
           {t.options.seed, stream_number(RandomStream::training_corruption)}, &state->step, batch);
  network.forward(context_);
  const auto partials =
      t.loss_partials.span().first(kernels::loss_partial_count(network.output().size()));
  kernels::loss_forward_backward(stream, t.options.loss, network.output(), target, partials,
                                 network.output_gradient().data(), model().output);
  network.backward(context_);
  kernels::adam_update(stream, t.adam, &state->rate, t.gradient.span(), parameters_.data(),
                       t.first_moment.data(), t.second_moment.data());
  kernels::finish_step(stream, t.adam, partials, batch, state);
}

/// Adds up the loss of all validation images in the state.
void LayeredEngine::validate() {
  Training& t = *training_;
  device::Stream& stream = context_.stream();
  for (std::size_t first = 0; first < t.validation.count(); first += t.validation_batch) {
    const std::size_t batch = std::min(t.validation_batch, t.validation.count() - first);
    Network& network = inference_network(all_, batch);
    const float* target =
        feed(network, t.validation, {.first = first},
             {t.options.seed, stream_number(RandomStream::held_out_corruption)}, nullptr, batch);
    network.forward(context_);
    const auto partials =
        t.loss_partials.span().first(kernels::loss_partial_count(network.output().size()));
    kernels::loss_forward_backward(stream, t.options.loss, network.output(), target, partials,
                                   nullptr, model().output);
    kernels::add_partial_sums(stream, partials, &t.state.data()->validation_loss_sum);
  }
}

EpochLosses LayeredEngine::run_epoch(std::size_t epoch, std::size_t step_limit,
                                     const std::function<bool(std::size_t)>& on_step) {
  context_.make_current();
  Training& t = *training_;
  device::Stream& stream = context_.stream();
  kernels::begin_epoch(stream, t.state.data());
  draw_order(epoch);

  EpochLosses result;
  while (result.images < t.images.count() && result.steps < step_limit && !result.stopped) {
    const std::size_t batch = std::min(t.options.batch_size, t.images.count() - result.images);
    t.step_graphs[batch].run(stream, [this, batch] { step(batch); });
    result.images += batch;
    if (++result.steps % kStepsAhead == 0) {
      t.reached.wait();
      t.reached.record(stream);
    }
    result.stopped = !on_step(result.images);
  }

  if (!result.stopped) {
    const Range range("validation");
    t.validation_graph.run(stream, [this] { validate(); });
  }
  kernels::TrainingState state;
  device::copy_to_host<kernels::TrainingState>(stream, t.state.span(), {&state, 1});
  const auto pixels = static_cast<double>(model().input.size());
  result.train_loss = state.train_loss_sum / (static_cast<double>(result.images) * pixels);
  result.validation_loss =
      state.validation_loss_sum / (static_cast<double>(t.validation.count()) * pixels);
  return result;
}

Network& LayeredEngine::inference_network(LayerRange layers, std::size_t batch) {
  const std::array key{layers.first, layers.last, batch};
  const auto found = inference_.find(key);
  if (found != inference_.end()) return found->second;
  return inference_
      .try_emplace(key, context_, model(), layout(), ParameterBuffers{parameters_.data(), nullptr},
                   layers, batch, Purpose::inference)
      .first->second;
}

template <class Use>
void LayeredEngine::run_batches(LayerRange layers, const Images& rows, const StopRequest& stop,
                                Use use) {
  context_.make_current();
  const device::Stream& stream = context_.stream();
  const std::size_t most = std::min(inference_batch(model(), layers), rows.count());
  device::Buffer<std::uint8_t> bytes;  // of a batch, on the device
  try {
    for (std::size_t first = 0; first < rows.count(); first += most) {
      stop_if_requested(stop);
      const Images batch = rows.part(first, most);
      Network& network = inference_network(layers, batch.count());
      if (batch.gpu()) {
        kernels::gather_images(stream, DeviceImages(stream, batch).view(), {}, batch.count(),
                               batch.image_size(), network.input().data());
      } else if (const auto* floats = std::get_if<std::span<const float>>(&batch.pixels())) {
        device::copy_to_device<float>(stream, *floats, network.input());
      } else {
        const auto pixels = std::get<std::span<const std::uint8_t>>(batch.pixels());
        if (bytes.size() == 0) bytes = device::Buffer<std::uint8_t>(pixels.size());
        device::copy_to_device<std::uint8_t>(stream, pixels, bytes.span().first(pixels.size()));
        kernels::gather_images(stream, {.bytes = bytes.data()}, {}, batch.count(),
                               batch.image_size(), network.input().data());
      }
      network.forward(context_);
      if (layers.last == all_.last && model().output == OutputActivation::sigmoid) {
        kernels::sigmoid(stream, network.output());
      }
      use(first, network.output());
    }
  } catch (...) {
    stream.synchronize(std::nothrow);  // what is read goes with the caller
    throw;
  }
  stream.synchronize();
}

Array<float> LayeredEngine::run(LayerRange layers, const Images& rows, const StopRequest& stop) {
  const std::size_t size = model().shapes()[layers.last].size();
  Array<float> result({rows.count(), size});
  run_batches(layers, rows, stop, [&](std::size_t first, std::span<const float> output) {
    device::copy_to_host<float>(context_.stream(), output,
                                std::span(result.values).subspan(first * size, output.size()));
  });
  return result;
}

std::shared_ptr<const DeviceRows> LayeredEngine::run_on_device(LayerRange layers,
                                                               const Images& rows,
                                                               const StopRequest& stop) {
  const std::size_t size = model().shapes()[layers.last].size();
  auto result = std::make_shared<math::Rows>(context_.device_index(), rows.count() * size);
  run_batches(layers, rows, stop, [&](std::size_t first, std::span<const float> output) {
    device::copy_bytes_on_device(context_.stream(), result->to_fill().data() + first * size,
                                 output.data(), output.size_bytes());
  });
  return result;
}

std::unique_ptr<Engine> make_layered_engine(Model model, int device_index, Precision precision) {
  return std::make_unique<LayeredEngine>(std::move(model), device_index, precision);
}

}  // namespace hourglass::HOURGLASS_TARGET
