// One protocol: every long call asks its StopRequest between pieces of its work, and throws
// Stopped.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <hourglass/autoencoder.hpp>
#include <hourglass/dataset.hpp>
#include <hourglass/map_quality.hpp>
#include <hourglass/neighbors.hpp>
#include <hourglass/pca.hpp>
#include <hourglass/tsne.hpp>
#include <hourglass/tsne_transform.hpp>

#include "manifold/sample_data.hpp"
#include "support/any_device.hpp"

namespace hourglass {
namespace {

class Stop : public test::OnAnyDevice {
 protected:
  using Call = std::function<void(const StopRequest&)>;

  /// Stops it at its first question, at its last, and never.
  static void expect_stops(const char* name, const Call& call, std::size_t least_questions) {
    std::size_t asked = 0;
    EXPECT_NO_THROW(call([&] {
      ++asked;
      return false;
    })) << name;
    EXPECT_GE(asked, least_questions) << name;
    EXPECT_NO_THROW(call({})) << name;
    for (const std::size_t limit : {std::size_t{1}, asked}) {
      std::size_t now = 0;
      EXPECT_THROW(call([&] { return ++now == limit; }), Stopped) << name << ", question " << limit;
      EXPECT_EQ(now, limit) << name;
    }
  }
};

TEST_F(Stop, IsAskedByEveryLongCall) {
  const Array<float> x = test::normal_data(6000, 12);
  const Samples samples(x, device_);
  const Samples map(test::normal_data(6000, 2), device_);
  std::vector<std::uint8_t> labels(6000);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::uint8_t>(i % 7);
  const PcaModel model = fit_pca(samples, {.components = 3});
  expect_stops(
      "PCA", [&](auto stop) { (void)fit_pca(samples, {.components = 3, .stop = stop}); }, 3);
  expect_stops(
      "transform", [&](auto stop) { (void)transform(model, samples, stop); }, 3);
  expect_stops(
      "inverse transform",
      [&](auto stop) {
        (void)inverse_transform(model, {test::normal_data(6000, 3), device_}, stop);
      },
      3);
  expect_stops(
      "neighbours",  // at least at each of the levels of the k-d tree, of which 47 cells make 6
      [&](auto stop) { (void)nearest_neighbors(samples, 5, stop); }, 2 + 6);
  expect_stops(
      "accuracy", [&](auto stop) { (void)label_accuracy(map, labels, 5, stop); }, 2);
  expect_stops(
      "map quality",
      [&](auto stop) {
        (void)map_quality(samples, map, {.rows = 3000, .labels = labels, .stop = stop});
      },
      10);
  expect_stops(
      "queries",
      [&](auto stop) {
        (void)nearest_neighbors(samples, {test::normal_data(300, 12), device_}, 5, stop);
      },
      1);
  Array<float> distances({40, 40});
  for (std::size_t i = 0; i < distances.size(); ++i) {
    distances.values[i] = std::abs(static_cast<float>(i / 40) - static_cast<float>(i % 40));
  }
  const int threads = cpu_threads();
  set_cpu_threads(1);  // several would ask at once, and go on asking
  expect_stops(
      "neighbours by distances", [&](auto stop) { (void)nearest_of_distances(distances, 5, stop); },
      40);
  expect_stops(
      "t-SNE of distances",
      [&](auto stop) {
        (void)tsne_of_distances(distances, {.perplexity = 5.0, .iterations = 100, .stop = stop},
                                device_);
      },
      40);
  set_cpu_threads(threads);
  expect_stops(
      "t-SNE transform",
      [&](auto stop) {
        (void)tsne_transform(samples, test::normal_data(6000, 2),
                             {test::normal_data(300, 12), device_}, {.stop = stop});
      },
      4);
  expect_stops(
      "t-SNE",
      [&](auto stop) {
        (void)tsne({test::normal_data(500, 3), device_},
                   {.perplexity = 10.0, .iterations = 100, .stop = stop});
      },
      8);
}

TEST_F(Stop, LeavesAnAutoencoderWithTheLastStep) {
  const auto images = synthetic_digits(300, 3).train.images;
  Autoencoder stopped(conv_model(), device_);
  std::size_t steps = 0;
  TrainingOptions options{.epochs = 3, .batch_size = 50};
  options.on_step = [&](const TrainingProgress& progress) { steps = progress.steps; };
  options.stop = [&] { return steps >= 8; };
  EXPECT_THROW(stopped.train(images, images, options), Stopped);
  EXPECT_GE(steps, 8U);
  EXPECT_LT(steps, 18U);

  Autoencoder limited(conv_model(), device_);
  limited.train(images, images, {.epochs = 3, .steps = steps, .batch_size = 50});
  EXPECT_EQ(stopped.parameter("conv3.weight").values, limited.parameter("conv3.weight").values);
  expect_stops(
      "encode", [&](auto stop) { (void)stopped.encode(images, stop); }, 1);
  expect_stops(
      "on device", [&](auto stop) { (void)stopped.encode_on_device(images, stop); }, 1);
  expect_stops(
      "reconstruct", [&](auto stop) { (void)stopped.reconstruct(images, stop); }, 1);
  expect_stops(
      "activations", [&](auto stop) { (void)stopped.activations(images, 1, stop); }, 1);
  const auto codes = stopped.encode(images);
  expect_stops(
      "decode", [&](auto stop) { (void)stopped.decode(codes, stop); }, 1);
}

/// A callback's "enough" comes between epochs: the weights are those of the epochs it was told of.
TEST_F(Stop, AfterAnEpochLeavesTheWeightsOfThatEpoch) {
  const auto digits = synthetic_digits(100, 3).train.images;
  const auto four = digit_four();
  for (const EngineKind engine : {EngineKind::layered, EngineKind::fused}) {
    for (const Model& model : {conv_model(), dense_model()}) {
      const Images images = model.name == "conv" ? Images(digits) : Images(four);
      TrainingOptions options{.epochs = 3, .batch_size = model.name == "conv" ? 20U : 1U};
      Autoencoder limited(model, device_, engine);
      limited.train(images, images, options);

      for (const std::size_t epochs : {3U, 9U}) {  // at the last one all is done already
        Autoencoder stopped(model, device_, engine);
        bool enough = false;
        options.epochs = epochs;
        options.stop = [&] { return enough; };
        options.on_epoch = [&](const EpochResult& at) {
          EXPECT_FALSE(enough) << "another epoch";
          enough = at.epoch == 3;
        };
        const auto train = [&] { stopped.train(images, images, options); };
        if (epochs == 3) {
          EXPECT_NO_THROW(train());
        } else {
          EXPECT_THROW(train(), Stopped);
        }
        EXPECT_TRUE(enough);
        for (std::size_t t = 0; t < limited.parameters().size(); ++t) {
          EXPECT_EQ(stopped.parameters()[t].values, limited.parameters()[t].values)
              << model.name << ", " << name_of(engine) << ", tensor " << t;
        }
      }
    }
  }
}

}  // namespace
}  // namespace hourglass
