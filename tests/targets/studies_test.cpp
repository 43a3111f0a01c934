// The articles' studies at full length: what they must learn, wherever they run.
#include <gtest/gtest.h>

#include <hourglass/autoencoder.hpp>
#include <hourglass/dataset.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "support/every_device.hpp"
#include "support/mnist.hpp"

namespace hourglass {
namespace {

// ---- dense -------------------------------------------------------------------------------------

class DenseStudy : public test::OnEveryDevice {};
INSTANTIATE_TEST_SUITE_P(OnEveryDevice, DenseStudy, test::kEveryDevice, test::device_name);

TEST_P(DenseStudy, FourNumbersHoldTheDigit) {
  Autoencoder autoencoder(dense_model(), device());
  autoencoder.initialize(0);
  const auto& training = autoencoder.model().training;
  const auto result = autoencoder.train(digit_four(), digit_four(),
                                        {.epochs = training.epochs,
                                         .batch_size = training.batch_size,
                                         .learning_rate = training.learning_rate,
                                         .loss = training.loss});
  RecordProperty("loss", testing::PrintToString(result.epochs.back().validation_loss));
  EXPECT_LE(result.epochs.back().validation_loss, 1e-3);
}

// ---- conv: on a GPU alone, for it takes a CPU minutes ------------------------------------------

using PrecisionAndSeed = std::tuple<Precision, std::uint64_t>;

std::string precision_and_seed(const testing::TestParamInfo<PrecisionAndSeed>& info) {
  const auto& [precision, seed] = info.param;
  return std::string(name_of(precision)) + "_seed" + std::to_string(seed);
}

class ConvStudy : public test::OnDevice, public testing::WithParamInterface<PrecisionAndSeed> {
 protected:
  void SetUp() override {
    select(DeviceKind::cuda);
    if (!IsSkipped() && mnist_folder().empty()) GTEST_SKIP() << kNoMnist;
  }
};
INSTANTIATE_TEST_SUITE_P(OnAGpu, ConvStudy,
                         testing::Combine(testing::Values(Precision::fp32, Precision::tf32),
                                          testing::Values(0, 1, 2)),
                         precision_and_seed);

TEST_P(ConvStudy, LearnsMnistTheSameWayEachTime) {
  static const Dataset data = load_mnist(mnist_folder());

  const auto& [precision, seed] = GetParam();
  const auto losses = [&, precision = precision, seed = seed] {
    Autoencoder autoencoder(conv_model(), device(), EngineKind::automatic, precision);
    autoencoder.initialize(seed);
    std::vector<double> found;
    for (const auto& epoch :
         autoencoder.train(data.train.images, data.test.images, {.seed = seed}).epochs) {
      found.push_back(epoch.validation_loss);
    }
    return found;
  };
  const auto found = losses();
  ASSERT_EQ(found.size(), 10U);
  RecordProperty("loss", testing::PrintToString(found.back()));
  EXPECT_LE(found.front(), 0.090);
  EXPECT_LE(found.back(), 0.0735);
  EXPECT_EQ(losses(), found);
}

}  // namespace
}  // namespace hourglass
