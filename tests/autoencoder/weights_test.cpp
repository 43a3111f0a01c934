// Weights on disk: with the model they belong to, or without.
#include <gtest/gtest.h>

#include <cmath>
#include <hourglass/autoencoder.hpp>
#include <hourglass/error.hpp>
#include <string>

#include "files/safetensors.hpp"
#include "support/any_device.hpp"
#include "support/scratch.hpp"

namespace hourglass {
namespace {

class Weights : public test::OnAnyDevice {
 protected:
  test::ScratchFolder scratch_;
  std::filesystem::path file_ = scratch_ / "weights.safetensors";
};

Model own_model() {
  return parse_model(R"({"name": "own", "input": [6],
                         "encoder": [{"type": "dense", "outputs": 2}],
                         "decoder": [{"type": "dense", "outputs": 6, "activation": "sigmoid"}]})",
                     "own");
}

TEST_F(Weights, SayWhichModelTheyAreOf) {
  for (const Model& model : {conv_model(), dense_model(), own_model()}) {
    Autoencoder autoencoder(model, device_);
    autoencoder.initialize(5);
    autoencoder.save_weights(file_);
    EXPECT_EQ(to_json(model_of(file_)), to_json(model));
    Autoencoder again(model_of(file_), device_);
    again.load_weights(file_);
    const std::string first = parameter_specs(model).front().name;
    EXPECT_EQ(again.parameter(first).values, autoencoder.parameter(first).values);
  }
}

TEST_F(Weights, AreKeptAndPutBackWithoutAFile) {
  Autoencoder autoencoder(own_model(), device_);
  autoencoder.initialize(5);
  const auto kept = autoencoder.parameters();
  ASSERT_EQ(kept.size(), 4U);
  EXPECT_EQ(kept[0].shape, (Shape{2, 6}));
  EXPECT_EQ(kept[2].values, autoencoder.parameter("dense2.weight").values);
  Autoencoder other(own_model(), device_);
  other.set_parameters(kept);
  const Array<float> x({1, 6}, {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f});
  EXPECT_EQ(other.encode(x).values, autoencoder.encode(x).values);

  auto wrong = kept;
  wrong.pop_back();
  EXPECT_THROW(other.set_parameters(wrong), Error);
  wrong = kept;
  wrong[0].shape = {6, 2};
  EXPECT_THROW(other.set_parameters(wrong), Error);
  wrong = kept;
  wrong[3].values[2] = NAN;
  EXPECT_THROW(other.set_parameters(wrong), Error);
  EXPECT_EQ(other.encode(x).values, autoencoder.encode(x).values);
}

TEST_F(Weights, FromElsewhereAreKnownByTheirTensors) {
  for (const Model& model : {conv_model(), dense_model()}) {
    Autoencoder(model, device_).save_weights(file_);
    files::save_safetensors(file_,
                            files::load_safetensors(file_));  // as PyTorch would: no metadata
    EXPECT_EQ(model_of(file_).name, model.name);
  }
  Autoencoder(own_model(), device_).save_weights(file_);
  files::save_safetensors(file_, files::load_safetensors(file_));
  EXPECT_THROW((void)model_of(file_), Error);
}

TEST_F(Weights, ADescriptionThatIsNoneIsAnError) {
  Autoencoder(own_model(), device_).save_weights(file_);
  files::save_safetensors(file_, files::load_safetensors(file_),
                          {{"hourglass.model", "{\"name\": 3}"}});
  try {
    (void)model_of(file_);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with(file_.string() + ": the description"))
        << error.what();
  }
}

TEST_F(Weights, ParametersAreHadByName) {
  const Autoencoder autoencoder(conv_model(), device_);
  EXPECT_EQ(autoencoder.parameter("conv2.weight").shape, (Shape{8, 16, 3, 3}));
  EXPECT_EQ(autoencoder.parameter("conv2.bias").values, std::vector<float>(8));
  EXPECT_THROW((void)autoencoder.parameter("conv6.weight"), UsageError);
}

TEST_F(Weights, ActivationsLeadFromImagesToReconstructions) {
  const Autoencoder autoencoder(conv_model(), device_);
  Array<float> images({2, 28, 28}, std::vector<float>(2 * 784, 0.3f));
  images.values[300] = 1.f;
  EXPECT_EQ(autoencoder.activations(images, 0).values, images.values);
  EXPECT_EQ(autoencoder.activations(images, 1).shape, (Shape{2, 16, 28, 28}));
  EXPECT_EQ(autoencoder.activations(images, 4).values, autoencoder.encode(images).values);
  EXPECT_EQ(autoencoder.activations(images, 9).values, autoencoder.reconstruct(images).values);
  EXPECT_THROW((void)autoencoder.activations(images, 10), UsageError);
}

}  // namespace
}  // namespace hourglass
