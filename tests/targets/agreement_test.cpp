// The same computation on the CPU and on a GPU gives the same numbers, to rounding.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <hourglass/autoencoder.hpp>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <hourglass/pca.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "files/safetensors.hpp"
#include "support/every_device.hpp"
#include "support/golden.hpp"
#include "support/mnist.hpp"
#include "support/relative_error.hpp"
#include "support/scratch.hpp"

namespace hourglass {
namespace {

double relative_error(const Array<float>& values, const Array<float>& expected) {
  EXPECT_EQ(values.shape, expected.shape);
  return test::relative_error<float>(values.values, expected.values);
}

double relative_difference(double value, double expected) {
  return std::abs(value - expected) / std::abs(expected);
}

class Agreement : public test::OnDevice {
 protected:
  void SetUp() override { select(DeviceKind::cuda); }

  /// Leaves the measured beside the bound in the test's report.
  void expect_at_most(const std::string& what, double error, double bound) {
    RecordProperty(what, testing::PrintToString(error));
    EXPECT_LE(error, bound) << what;
  }

  const Device cpu_ = select_device("cpu");
};

TEST_F(Agreement, Tf32IsTheLayeredEngines) {
  const Device& gpu = device();
  const Autoencoder automatic(conv_model(), gpu, EngineKind::automatic, Precision::tf32);
  EXPECT_EQ(automatic.engine(), EngineKind::layered);
  EXPECT_NE(automatic.why_not_fused().find("fp32"), std::string::npos);
  EXPECT_THROW(Autoencoder(conv_model(), gpu, EngineKind::fused, Precision::tf32), Error);
}

// ---- the conv model on MNIST -------------------------------------------------------------------

class AgreementOnMnist : public Agreement {
 protected:
  void SetUp() override {
    Agreement::SetUp();
    if (IsSkipped()) return;
    if (mnist_folder().empty()) GTEST_SKIP() << kNoMnist;
    data_ = load_mnist(mnist_folder());
    files::save_safetensors(initial_file(), initial_);
  }

  /// From PyTorch's initial weights, in file order.
  EpochResult train(Autoencoder& autoencoder, std::size_t steps) {
    autoencoder.load_weights(initial_file());
    return autoencoder
        .train(data_.train.images, data_.test.images,
               {.epochs = 1, .steps = steps, .shuffle = false})
        .epochs.back();
  }

  /// The largest, over tensors, of the difference as a share of the way from the initial weights.
  double movement_error(const Autoencoder& autoencoder, const Autoencoder& expected) {
    double worst = 0.0;
    for (const auto& [name, initial] : initial_) {
      const auto moved = [&start = initial, &name = name](const Autoencoder& trained) {
        Array<float> way = trained.parameter(name);
        std::ranges::transform(way.values, start.values, way.values.begin(), std::minus<>());
        return way;
      };
      const double error = relative_error(moved(autoencoder), moved(expected));
      if (std::isnan(error)) return error;
      worst = std::max(worst, error);
    }
    return worst;
  }

  std::filesystem::path initial_file() { return scratch_ / "initial.safetensors"; }

  static std::vector<files::NamedTensor> initial_weights() {
    const Golden golden("mnist_steps.safetensors");
    std::vector<files::NamedTensor> tensors;
    for (const ParameterSpec& spec : parameter_specs(conv_model())) {
      tensors.push_back({spec.name, golden["initial." + spec.name]});
    }
    return tensors;
  }

  test::ScratchFolder scratch_;
  const std::vector<files::NamedTensor> initial_ = initial_weights();
  Dataset data_;
};

// Each target's own test holds it to PyTorch in double precision; two float32 results may lie on
// opposite sides of that, hence twice its bounds.
TEST_F(AgreementOnMnist, Training) {
  for (const auto& [steps, bound] : {std::pair{10U, 2 * 2e-5}, {50U, 2 * 2e-3}}) {
    const std::string after = "_after_" + std::to_string(steps);
    Autoencoder on_cpu(conv_model(), cpu_);
    Autoencoder on_cuda(conv_model(), device());
    const EpochResult cpu = train(on_cpu, steps);
    const EpochResult cuda = train(on_cuda, steps);
    expect_at_most("weights" + after, movement_error(on_cuda, on_cpu), bound);
    expect_at_most("train_loss" + after, relative_difference(cuda.train_loss, cpu.train_loss),
                   1e-5 * steps);
    expect_at_most("validation_loss" + after,
                   relative_difference(cuda.validation_loss, cpu.validation_loss), 1e-5 * steps);
  }
}

// Each operation from the same input on both: the CPU's.
TEST_F(AgreementOnMnist, CodesReconstructionsAndMaps) {
  Autoencoder on_cpu(conv_model(), cpu_);
  Autoencoder on_cuda(conv_model(), device());
  train(on_cpu, 50);
  on_cpu.save_weights(scratch_ / "weights.safetensors");
  on_cuda.load_weights(scratch_ / "weights.safetensors");

  const Images images = Images(data_.test.images).first(2000);
  const Array<float> codes = on_cpu.encode(images);
  expect_at_most("codes", relative_error(on_cuda.encode(images), codes), 1e-5);
  expect_at_most("decoded", relative_error(on_cuda.decode(codes), on_cpu.decode(codes)), 1e-5);
  expect_at_most("reconstructed",
                 relative_error(on_cuda.reconstruct(images), on_cpu.reconstruct(images)), 1e-5);

  const PcaMap cpu = fit_transform_pca({codes, cpu_}, {.components = 2});
  const PcaMap cuda = fit_transform_pca({codes, device()}, {.components = 2});
  expect_at_most("pca_map", relative_error(cuda.scores, cpu.scores), 1e-4);
  expect_at_most(
      "explained_variance",
      test::relative_error<double>(cuda.model.explained_variance, cpu.model.explained_variance),
      1e-4);
}

// ---- the dense model ---------------------------------------------------------------------------

// Short, while both are on one path.
TEST_F(Agreement, FiftyEpochsOfTheDigitFour) {
  const auto loss = [](const Device& device) {
    Autoencoder autoencoder(dense_model(), device);
    autoencoder.initialize(0);
    return autoencoder
        .train(digit_four(), digit_four(), {.epochs = 50, .batch_size = 1, .loss = Loss::mse})
        .epochs.back()
        .validation_loss;
  };
  expect_at_most("validation_loss", relative_difference(loss(device()), loss(cpu_)), 1e-4);
}

}  // namespace
}  // namespace hourglass
