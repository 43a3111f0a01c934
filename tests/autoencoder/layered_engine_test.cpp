// What is the layered engine's own (engine_test.cpp has what every engine promises): its layers
// against PyTorch in double precision, and images through some of them.
#include "autoencoder/layered_engine.hpp"

#include <gtest/gtest.h>

#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "autoencoder/layers.hpp"
#include "kernels/layers/loss.hpp"
#include "support/golden.hpp"
#include "support/golden_steps.hpp"
#include "support/on_target.hpp"
#include "support/random_values.hpp"
#include "support/reference_layers.hpp"
#include "support/relative_error.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

double relative_error(std::span<const float> values, std::span<const float> expected) {
  return test::relative_error(values, expected);
}

// ---- one pass, beside PyTorch's ----------------------------------------------------------------

/// A model, the golden file it is in, and the names its activations have there.
struct Case {
  const char* name;
  Model (*model)();
  std::vector<std::string> activations;
};

class NetworkTest : public OnTarget, public testing::WithParamInterface<Case> {
 protected:
  Network make_network(LayerRange range, Purpose purpose) {
    parameters_ = to_device(flat_parameters(layout_, golden_, "initial."));
    gradient_ = to_device(std::vector<float>(layout_.flat_size()));
    return {context(), model_,         layout_, {parameters_.data(), gradient_.data()},
            range,     images_.rows(), purpose};
  }

  Model model_ = GetParam().model();
  ParameterLayout layout_{model_};
  Golden golden_{GetParam().name + std::string(".safetensors")};
  const Array<float>& images_ = golden_["images"];
  device::Buffer<float> parameters_;
  device::Buffer<float> gradient_;
};
INSTANTIATE_TEST_SUITE_P(
    Shipped, NetworkTest,
    testing::Values(Case{"conv",
                         conv_model,
                         {"conv1", "pool1", "conv2", "pool2", "conv3", "up1", "conv4", "up2",
                          "logits"}},
                    Case{"dense", dense_model, {"dense1", "dense2", "dense3", "logits"}}),
    [](const auto& chosen) { return std::string(chosen.param.name); });

TEST_P(NetworkTest, EachLayerGivesPyTorchsActivations) {
  const auto& names = GetParam().activations;
  for (std::size_t layers = 1; layers <= names.size(); ++layers) {
    for (const Purpose purpose : {Purpose::inference, Purpose::training}) {
      Network network = make_network({0, layers}, purpose);
      device::copy_to_device<float>(stream(), images_.values, network.input());
      network.forward(context());
      std::vector<float> output(network.output().size());
      device::copy_to_host<float>(stream(), network.output(), output);
      EXPECT_LT(relative_error(output, golden_["activation." + names[layers - 1]].values), 1e-6)
          << names[layers - 1];
    }
  }
}

TEST_P(NetworkTest, GradientsArePyTorchs) {
  for (const Loss loss : {Loss::bce, Loss::mse}) {
    const std::string name = loss == Loss::bce ? "bce" : "mse";
    Network network = make_network(all_of(model_), Purpose::training);
    device::copy_to_device<float>(stream(), images_.values, network.input());
    network.forward(context());
    device::Buffer<double> partials(kernels::loss_partial_count(images_.size()));
    kernels::loss_forward_backward(stream(), loss, network.output(), network.input().data(),
                                   partials.span(), network.output_gradient().data());
    network.backward(context());

    const auto sums = to_host(partials);
    const double mean =
        std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(images_.size());
    EXPECT_NEAR(mean, golden_["loss." + name].values[0], 1e-7);
    const auto gradient = to_host(gradient_);
    for (std::size_t t = 0; t < layout_.specs().size(); ++t) {
      const auto& expected = golden_["gradient." + name + "." + layout_.specs()[t].name];
      EXPECT_LT(relative_error(std::span(gradient).subspan(layout_.offset(t), expected.size()),
                               expected.values),
                3e-6)
          << name << " " << layout_.specs()[t].name;
    }
  }
}

// ---- a model of every layer, beside finite differences -----------------------------------------

// Dense layers see maps in file order whatever the target's, several channels go in and come out,
// and one relu lies below each kind of layer.
class MixedModel : public OnTarget {
 protected:
  static constexpr std::size_t kBatch = 3;

  static Model model() {
    return {.name = "mixed",
            .input = {2, 4, 6},
            .encoder = {{.kind = LayerKind::convolution, .outputs = 3, .relu = true},
                        {.kind = LayerKind::dense, .outputs = 96, .relu = true},
                        {.kind = LayerKind::reshape, .shape = {3, 8, 4}},
                        {.kind = LayerKind::max_pool},
                        {.kind = LayerKind::convolution, .outputs = 4, .relu = true},
                        {.kind = LayerKind::max_pool},
                        {.kind = LayerKind::dense, .outputs = 5}},
            .decoder = {{.kind = LayerKind::dense, .outputs = 18, .relu = true},
                        {.kind = LayerKind::reshape, .shape = {3, 2, 3}},
                        {.kind = LayerKind::upsample},
                        {.kind = LayerKind::convolution, .outputs = 2}}};
  }

  /// The loss in double precision, as a function of all parameters, tensor after tensor.
  static double loss(const reference::Values& parameters, const reference::Values& images,
                     reference::Values* output = nullptr) {
    using namespace reference;
    std::size_t next = 0;
    const auto take = [&](std::size_t count) {
      const auto values = std::span(parameters).subspan(next, count);
      next += count;
      return values;
    };
    const auto convolve = [&](const Maps& x, std::size_t out) {
      const auto weight = take(out * x.channels * 9);
      return add_bias(conv2d(x, weight, out), take(out));
    };
    const auto connect = [&](const Values& x, std::size_t out) {
      const auto weight = take(out * x.size() / kBatch);
      return dense(x, weight, take(out));
    };
    Maps maps = relu(convolve(Maps(kBatch, 2, 4, 6, images), 3));
    maps = max_pool(Maps(kBatch, 3, 8, 4, relu(connect(maps.values, 96)))).maxima;
    maps = max_pool(relu(convolve(maps, 4))).maxima;
    const Values code = connect(maps.values, 5);
    maps = upsample(Maps(kBatch, 3, 2, 3, relu(connect(code, 18))));
    maps = convolve(maps, 2);
    if (output != nullptr) *output = maps.values;
    return bce_from_logits(maps.values, images);
  }
};

TEST_F(MixedModel, GradientsAreTheDifferencesOfTheLoss) {
  const Model model = MixedModel::model();
  const ParameterLayout layout(model);
  auto flat = glorot_uniform(layout, 3);
  reference::Values packed;
  for (std::size_t t = 0; t < layout.specs().size(); ++t) {
    for (std::size_t i = 0; i < element_count(layout.specs()[t].shape); ++i) {
      float& value = flat[layout.offset(t) + i];
      if (layout.specs()[t].shape.size() == 1) value = 0.05f * static_cast<float>(i % 5);
      packed.push_back(double{value});
    }
  }
  const auto images = test::random_values(kBatch * model.input.size(), 0.f, 1.f);
  const reference::Values targets(images.begin(), images.end());

  const auto parameters = to_device(flat);
  auto gradient = to_device(std::vector<float>(layout.flat_size()));
  Network network(context(), model, layout, {parameters.data(), gradient.data()}, all_of(model),
                  kBatch, Purpose::training);
  device::copy_to_device<float>(stream(), images, network.input());
  network.forward(context());
  std::vector<float> output(network.output().size());
  device::copy_to_host<float>(stream(), network.output(), output);
  reference::Values expected;
  (void)loss(packed, targets, &expected);
  for (std::size_t i = 0; i < output.size(); ++i) ASSERT_NEAR(output[i], expected[i], 1e-5) << i;

  device::Buffer<double> partials(kernels::loss_partial_count(images.size()));
  kernels::loss_forward_backward(stream(), Loss::bce, network.output(), network.input().data(),
                                 partials.span(), network.output_gradient().data());
  network.backward(context());
  const auto found = to_host(gradient);
  std::size_t place = 0;
  for (std::size_t t = 0; t < layout.specs().size(); ++t) {
    const std::size_t size = element_count(layout.specs()[t].shape);
    std::vector<float> differences;
    for (std::size_t i = 0; i < size; ++i) {
      differences.push_back(static_cast<float>(reference::central_difference(
          [&](const reference::Values& x) { return loss(x, targets); }, packed, place++)));
    }
    EXPECT_LT(relative_error(std::span(found).subspan(layout.offset(t), size), differences), 1e-5)
        << layout.specs()[t].name;
  }
}

// ---- steps, beside PyTorch's -------------------------------------------------------------------

class LayeredEngineTest : public OnTarget {
 protected:
  void SetUp() override {
    OnTarget::SetUp();
    if (!IsSkipped()) use(conv_model());
  }
  void use(const Model& model) { engine_ = make_layered_engine(model, 0, Precision::fp32); }

  std::unique_ptr<Engine> engine_;
};

TEST_F(LayeredEngineTest, FiftyStepsOfTheDenseModel) {
  use(dense_model());
  const Golden golden("dense.safetensors");
  const Array<float>& image = golden["images"];
  engine_->set_parameters(flat_parameters(engine_->layout(), golden, "initial."));
  engine_->begin_training(image, image, {.batch_size = 1, .loss = Loss::mse});
  for (std::size_t step = 0; step < 50; ++step) {
    const EpochLosses losses = engine_->run_epoch(step + 1, 1, [](std::size_t) { return true; });
    EXPECT_NEAR(losses.train_loss, golden["adam50.losses"].values[step], 1e-6);
  }
  const double error =
      movement_error(engine_->layout(), engine_->parameters(), golden, "adam50.delta.");
  RecordProperty("error", std::to_string(error));
  EXPECT_LT(error, 2e-5);
}

// ---- images through it -------------------------------------------------------------------------

TEST_F(LayeredEngineTest, LatentRowsAreInFileOrder) {
  const Golden golden("conv.safetensors");
  engine_->set_parameters(flat_parameters(engine_->layout(), golden, "initial."));
  const Array<float> latent = engine_->run(encoder_of(engine_->model()), golden["images"]);
  EXPECT_EQ(latent.shape, (Shape{2, 392}));
  EXPECT_LT(relative_error(latent.values, golden["activation.pool2"].values), 1e-6);
}

TEST_F(LayeredEngineTest, DecodingTheCodeReconstructs) {
  engine_->set_parameters(glorot_uniform(engine_->layout(), 4));
  for (const std::size_t rows : {1U, 99U, 100U, 101U, 1000U, 1001U}) {
    const auto images = to_unit_range(synthetic_digits(rows, 3).train.images);
    const auto latent = engine_->run(encoder_of(engine_->model()), images);
    const auto decoded = engine_->run(decoder_of(engine_->model()), latent);
    const auto reconstructed = engine_->run(all_of(engine_->model()), images);
    ASSERT_EQ(decoded.rows(), rows);
    EXPECT_EQ(decoded.values, reconstructed.values) << rows;
    for (const float value : reconstructed.values) ASSERT_TRUE(value > 0.f && value < 1.f);
  }
}

TEST(InferenceBatch, IsCountedInBytes) {
  EXPECT_EQ(batch_for(1, 4096), 1024U);
  EXPECT_EQ(batch_for(16 * 28 * 28, std::size_t{5} << 20U), 104U);
  EXPECT_EQ(batch_for(64 * 256 * 256, std::size_t{64} << 20U), 4U);
  EXPECT_EQ(batch_for(64 * 256 * 256, 1), 1U) << "one image at least";
  EXPECT_EQ(batch_for(std::size_t{1} << 20U, std::size_t{1} << 60U), 2047U) << "below 2^31 values";
}

// Larger than the bytes for a batch allow, or only a few at a time.
TEST_F(LayeredEngineTest, LargeImagesComeThroughAFewAtATime) {
  const Model large{
      .name = "large",
      .input = {1, 1200, 1200},
      .encoder = {{.kind = LayerKind::convolution, .outputs = 3, .relu = true},
                  {.kind = LayerKind::max_pool}},
      .decoder = {{.kind = LayerKind::upsample}, {.kind = LayerKind::convolution, .outputs = 1}}};
  use(large);
  engine_->set_parameters(glorot_uniform(engine_->layout(), 4));
  constexpr std::size_t kRows = 5;
  const std::size_t size = large.input.size();
  const Array<float> images({kRows, 1200, 1200}, test::random_values(kRows * size, 0.f, 1.f));
  std::size_t batches = 0;
  const auto all = engine_->run(all_of(large), images, [&] {
    ++batches;
    return false;
  });
  EXPECT_EQ(batches, kOnCuda ? 2U : 5U);  // of 17 MB an image
  for (const std::size_t row : {0U, 4U}) {
    const auto image = images.row(row);
    const auto alone =
        engine_->run(all_of(large), Array<float>({1, 1200, 1200}, {image.begin(), image.end()}));
    EXPECT_LT(relative_error(alone.values, all.row(row)), 1e-6) << row;
  }
}

TEST_F(LayeredEngineTest, ABatchThatCannotBeCountedIsAnError) {
  const ParameterLayout layout(conv_model());
  try {
    const Network network(context(), conv_model(), layout, {nullptr, nullptr}, all_of(conv_model()),
                          200'000, Purpose::training);
    ADD_FAILURE() << "maps of 200,000 x 12,544 values";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("smaller batch"), std::string::npos) << error.what();
  }
}

// What row i gives must not depend on its neighbours.
TEST_F(LayeredEngineTest, RowsDoNotKnowEachOther) {
  engine_->set_parameters(glorot_uniform(engine_->layout(), 4));
  const auto images = to_unit_range(synthetic_digits(150, 3).train.images);
  const auto all = engine_->run(encoder_of(engine_->model()), images);
  for (const std::size_t row : {0U, 99U, 100U, 149U}) {
    const auto image = images.row(row);
    const auto alone = engine_->run(encoder_of(engine_->model()),
                                    Array<float>({1, 28, 28}, {image.begin(), image.end()}));
    EXPECT_LT(relative_error(alone.values, all.row(row)), 1e-6) << row;
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
