// Models that end without a sigmoid, for tables of any numbers.
#include <gtest/gtest.h>

#include <cmath>
#include <hourglass/autoencoder.hpp>
#include <hourglass/error.hpp>
#include <hourglass/metrics.hpp>
#include <hourglass/pca.hpp>

#include "support/any_device.hpp"
#include "support/random_values.hpp"

namespace hourglass {
namespace {

constexpr std::size_t kTableRows = 240;
constexpr std::size_t kTableColumns = 6;
constexpr std::size_t kCodes = 2;

class LinearOutput : public test::OnAnyDevice {
 protected:
  static Model model() {
    return parse_model(R"({"name": "linear", "input": [6],
                           "encoder": [{"type": "dense", "outputs": 2}],
                           "decoder": [{"type": "dense", "outputs": 6, "activation": "none"}]})",
                       "linear");
  }

  /// Three directions of decreasing strength, off centre, far beyond [0, 1].
  static Array<float> table() {
    Array<float> x({kTableRows, kTableColumns});
    const auto draws = test::random_values(kTableRows * 3, -1.f, 1.f, 7);
    const auto axes = test::random_values(3 * kTableColumns, -1.f, 1.f, 8);
    constexpr float kStrengths[] = {3.f, 2.f, 0.5f};
    for (std::size_t i = 0; i < kTableRows; ++i) {
      for (std::size_t j = 0; j < kTableColumns; ++j) {
        float value = static_cast<float>(j) - 2.f;
        for (std::size_t a = 0; a < 3; ++a) {
          value += kStrengths[a] * draws[3 * i + a] * axes[a * kTableColumns + j];
        }
        x.row(i)[j] = value;
      }
    }
    return x;
  }
};

// Two linear layers can do no better than the first two principal components, and training reaches
// that (P. Baldi and K. Hornik, "Neural networks and principal component analysis", 1989).
TEST_F(LinearOutput, LearnsThePrincipalComponents) {
  const Array<float> x = table();
  Autoencoder autoencoder(model(), device_);
  autoencoder.initialize(1);
  const auto trained = autoencoder.train(
      x, x, {.epochs = 400, .batch_size = 24, .learning_rate = 0.01, .loss = Loss::mse});

  const PcaMap pca = fit_transform_pca(Samples::view(x, device_), {.components = kCodes});
  const Array<float> best = inverse_transform(pca.model, {pca.scores, device_});
  const double least = mean_squared_error(best, x);
  ASSERT_GT(least, 1e-3);
  const double reached = mean_squared_error(autoencoder.reconstruct(x), x);
  EXPECT_GT(reached, 0.999 * least);
  EXPECT_LT(reached, 1.03 * least);
  EXPECT_NEAR(trained.epochs.back().validation_loss, reached, 1e-5 * reached);
  EXPECT_EQ(autoencoder.decode(autoencoder.encode(x)).values, autoencoder.reconstruct(x).values);
}

TEST_F(LinearOutput, IsNotForTheFusedEngineYetAndSaysSo) {
  const Autoencoder autoencoder(model(), device_);
  EXPECT_EQ(autoencoder.engine(), EngineKind::layered);
  EXPECT_NE(autoencoder.why_not_fused().find("linear output"), std::string::npos);
  EXPECT_THROW(Autoencoder(model(), device_, EngineKind::fused), Error);
}

TEST_F(LinearOutput, RefusesWhatIsForValuesInTheUnitRange) {
  Array<float> x = table();
  Autoencoder autoencoder(model(), device_);
  EXPECT_THROW(autoencoder.train(x, x, {.loss = Loss::bce}), UsageError);
  EXPECT_THROW(autoencoder.train(x, x, {.loss = Loss::mse, .corruption = {.noise = 0.1}}),
               UsageError);
  x.row(3)[1] = NAN;
  EXPECT_THROW(autoencoder.train(x, x, {.loss = Loss::mse}), Error);
}

}  // namespace
}  // namespace hourglass
