// The same seed on the same device gives the same bytes, in every precision it has. (Maps by t-SNE:
// tests/manifold/tsne_test.cpp.)
#include <gtest/gtest.h>

#include <hourglass/autoencoder.hpp>
#include <hourglass/dataset.hpp>
#include <hourglass/pca.hpp>
#include <map>
#include <string>
#include <vector>

#include "support/every_device.hpp"

namespace hourglass {
namespace {

using Results = std::map<std::string, std::vector<float>>;

class Repeatability : public test::OnEveryDevice {
 protected:
  /// The numbers of a small study.
  [[nodiscard]] Results study(Precision precision, std::uint64_t seed) const {
    static const Dataset data = synthetic_digits(1200);
    Autoencoder autoencoder(conv_model(), device(), EngineKind::automatic, precision);
    autoencoder.initialize(seed);
    const auto trained =
        autoencoder.train(data.train.images, data.test.images, {.epochs = 2, .seed = seed});
    const Array<float> codes = autoencoder.encode(data.test.images);
    Results results = {
        {"reconstructions", autoencoder.reconstruct(data.test.images).values},
        {"PCA map", fit_transform_pca({codes, device()}, {.components = 2}).scores.values},
        {"codes", codes.values}};
    for (const ParameterSpec& spec : parameter_specs(autoencoder.model())) {
      results[spec.name] = autoencoder.parameter(spec.name).values;
    }
    for (const EpochResult& epoch : trained.epochs) {
      results["losses"].push_back(static_cast<float>(epoch.train_loss));
      results["losses"].push_back(static_cast<float>(epoch.validation_loss));
    }
    return results;
  }
};
INSTANTIATE_TEST_SUITE_P(OnEveryDevice, Repeatability, test::kEveryDevice, test::device_name);

TEST_P(Repeatability, SameSeedSameBytes) {
  for (const Precision precision : {Precision::fp32, Precision::tf32}) {
    if (precision == Precision::tf32 && device().kind == DeviceKind::cpu) continue;
    const Results once = study(precision, 7);
    const Results again = study(precision, 7);
    for (const auto& [what, values] : once) {
      EXPECT_EQ(again.at(what), values) << what << " in " << name_of(precision);
    }
    EXPECT_NE(study(precision, 8).at("codes"), once.at("codes"));
  }
}

}  // namespace
}  // namespace hourglass
