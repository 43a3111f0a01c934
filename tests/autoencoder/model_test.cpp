#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <hourglass/error.hpp>
#include <hourglass/model.hpp>

#include "autoencoder/parameters.hpp"

namespace hourglass {
namespace {

TEST(Model, ConvIsTheArticles) {
  const Model model = conv_model();
  EXPECT_EQ(model.latent(), (ImageShape{8, 7, 7}));
  EXPECT_EQ(model.shapes().back(), (ImageShape{1, 28, 28}));
  const ParameterLayout layout(model);
  EXPECT_EQ(layout.count(), 3217U);
  ASSERT_EQ(layout.specs().size(), 10U);
  EXPECT_EQ(layout.specs()[2].name, "conv2.weight");
  EXPECT_EQ(layout.specs()[2].shape, (Shape{8, 16, 3, 3}));
  EXPECT_EQ(layout.specs()[9].name, "conv5.bias");
  EXPECT_EQ(layout.specs()[9].shape, (Shape{1}));
}

TEST(Model, DenseIsTheArticles) {
  const Model model = dense_model();
  EXPECT_EQ(model.latent().size(), 4U);
  EXPECT_EQ(model.shapes().back(), (ImageShape{1, 8, 8}));
  EXPECT_EQ(model.training, (TrainingDefaults{.epochs = 1000, .batch_size = 1, .loss = Loss::mse}));
  const ParameterLayout layout(model);
  EXPECT_EQ(layout.count(), 2276U);
  ASSERT_EQ(layout.specs().size(), 8U);
  EXPECT_EQ(layout.specs()[0].name, "dense1.weight");
  EXPECT_EQ(layout.specs()[0].shape, (Shape{16, 64}));
  EXPECT_EQ(layout.specs()[0].fan_in, 64U);
  EXPECT_EQ(layout.specs()[0].fan_out, 16U);
  EXPECT_EQ(layout.specs()[7].name, "dense4.bias");
}

TEST(Model, UnknownNamesAreRefused) {
  EXPECT_THROW((void)find_model("convolution"), UsageError);
}

TEST(Model, LayersMustFit) {
  Model model = conv_model();
  model.decoder.pop_back();  // ends with 16 channels
  EXPECT_THROW((void)model.shapes(), Error);
  model = conv_model();
  model.encoder.front().outputs = 0;
  EXPECT_THROW((void)model.shapes(), Error);
  model = conv_model();
  model.input = {1, 2, 2};
  EXPECT_THROW((void)model.shapes(), Error);
  model = dense_model();
  model.encoder.back().outputs = 0;
  EXPECT_THROW((void)model.shapes(), Error);
  model = dense_model();
  model.decoder.back().relu = true;  // a sigmoid goes there
  EXPECT_THROW((void)model.shapes(), Error);
  model = dense_model();
  model.encoder.clear();
  EXPECT_THROW((void)model.shapes(), Error);
}

TEST(ParameterLayout, TensorsAreAlignedAndApart) {
  const ParameterLayout layout(conv_model());
  std::size_t end = 0;
  for (std::size_t t = 0; t < layout.specs().size(); ++t) {
    EXPECT_EQ(layout.offset(t) % 16, 0U);
    EXPECT_GE(layout.offset(t), end);
    end = layout.offset(t) + element_count(layout.specs()[t].shape);
  }
  EXPECT_LE(end, layout.flat_size());
}

TEST(GlorotUniform, FillsItsRangeAndLeavesBiasesAlone) {
  const ParameterLayout layout(conv_model());
  const auto flat = glorot_uniform(layout, 1);
  const float limit = std::sqrt(6.f / (16 * 9 + 8 * 9));  // conv2: fan in and fan out
  float smallest = 1.f;
  float largest = -1.f;
  double sum = 0.0;
  for (std::size_t i = 0; i < 1152; ++i) {
    const float weight = flat[layout.offset(2) + i];
    smallest = std::min(smallest, weight);
    largest = std::max(largest, weight);
    sum += weight;
  }
  EXPECT_GE(smallest, -limit);
  EXPECT_LT(smallest, -0.98f * limit);
  EXPECT_LE(largest, limit);
  EXPECT_GT(largest, 0.98f * limit);
  EXPECT_LT(std::abs(sum / 1152), 0.06 * limit);  // 3.5 standard errors of a uniform mean
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(flat[layout.offset(3) + i], 0.f);
  EXPECT_EQ(glorot_uniform(layout, 1), flat);
  EXPECT_NE(glorot_uniform(layout, 2), flat);
}

}  // namespace
}  // namespace hourglass
