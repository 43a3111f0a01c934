// Each layer at unusual sizes, with ties, against PyTorch: tests/golden/odd.safetensors.
#include "autoencoder/layers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "support/golden.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

/// (N, C, H, W) to and from the target's order.
std::vector<float> to_target_order(const Array<float>& maps) {
  if (kOnCuda) return maps.values;
  std::vector<float> ordered(maps.size());
  const std::size_t channels = maps.shape[1];
  const std::size_t pixels = maps.shape[2] * maps.shape[3];
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const std::size_t image = i / (channels * pixels);
    const std::size_t channel = i / pixels % channels;
    ordered[(image * pixels + i % pixels) * channels + channel] = maps.values[i];
  }
  return ordered;
}

class Layers : public OnTarget {
 protected:
  const Array<float>& golden(const std::string& name) { return golden_[name]; }
  device::Buffer<float> upload(const std::string& name) {
    return to_device(to_target_order(golden(name)));
  }
  void expect_equal(const device::Buffer<float>& values, const std::vector<float>& expected,
                    const std::string& what) {
    const auto found = to_host(values);
    ASSERT_EQ(found.size(), expected.size()) << what;
    double scale = 0.0;
    for (const float value : expected) scale = std::max(scale, std::fabs(double{value}));
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_NEAR(found[i], expected[i], 1e-6 * scale) << what << " " << i;
    }
  }

  /// The golden gradient at `layer`'s output, taken back through that layer's own relu.
  std::vector<float> before_relu(const std::string& layer) {
    Array<float> gradient = golden("gradient.bce.activation." + layer);
    const auto& activation = golden("activation." + layer);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      if (activation.values[i] <= 0.f) gradient.values[i] = 0.f;
    }
    return to_target_order(gradient);
  }

 private:
  Golden golden_{"odd.safetensors"};
};

TEST_F(Layers, Convolution) {
  const auto weight = to_device(golden("initial.conv1.weight").values);
  const auto bias = to_device(golden("initial.conv1.bias").values);
  auto weight_gradient = poisoned(weight.size());
  auto bias_gradient = poisoned(bias.size());
  ConvolutionLayer layer(
      context(), {.batch = 3, .input_from_relu = false}, {3, 6, 10},
      {.kind = LayerKind::convolution, .outputs = 5, .relu = true},
      {weight.data(), bias.data(), weight_gradient.data(), bias_gradient.data()});
  const auto x = upload("images");
  auto y = poisoned(golden("activation.conv1").size());
  layer.forward(context(), x.data(), y.data());
  expect_equal(y, to_target_order(golden("activation.conv1")), "conv1");

  const auto dy = to_device(before_relu("conv1"));
  auto dx = poisoned(x.size());
  layer.backward(context(), x.data(), y.data(), dy.data(), dx.data());
  expect_equal(dx, to_target_order(golden("gradient.bce.images")), "images");
  expect_equal(weight_gradient, golden("gradient.bce.conv1.weight").values, "weight");
  expect_equal(bias_gradient, golden("gradient.bce.conv1.bias").values, "bias");
}

TEST_F(Layers, ConvolutionWithoutRelu) {
  const auto weight = to_device(golden("initial.conv2.weight").values);
  const auto bias = to_device(golden("initial.conv2.bias").values);
  auto weight_gradient = poisoned(weight.size());
  auto bias_gradient = poisoned(bias.size());
  ConvolutionLayer layer(
      context(), {.batch = 3, .input_from_relu = false}, {5, 6, 10},
      {.kind = LayerKind::convolution, .outputs = 2, .relu = false},
      {weight.data(), bias.data(), weight_gradient.data(), bias_gradient.data()});
  const auto x = upload("activation.up1");
  auto y = poisoned(golden("activation.logits").size());
  layer.forward(context(), x.data(), y.data());
  expect_equal(y, to_target_order(golden("activation.logits")), "logits");

  const auto dy = upload("gradient.bce.activation.logits");
  auto dx = poisoned(x.size());
  layer.backward(context(), x.data(), y.data(), dy.data(), dx.data());
  expect_equal(dx, to_target_order(golden("gradient.bce.activation.up1")), "up1");
  expect_equal(weight_gradient, golden("gradient.bce.conv2.weight").values, "weight");
  expect_equal(bias_gradient, golden("gradient.bce.conv2.bias").values, "bias");
}

TEST_F(Layers, MaxPoolOverARelu) {
  MaxPoolLayer layer({.batch = 3, .input_from_relu = true}, {5, 6, 10});
  const auto x = upload("activation.conv1");
  auto y = poisoned(golden("activation.pool1").size());
  layer.forward(context(), x.data(), y.data());
  expect_equal(y, to_target_order(golden("activation.pool1")), "pool1");

  const auto dy = upload("gradient.bce.activation.pool1");
  auto dx = poisoned(x.size());
  layer.backward(context(), x.data(), y.data(), dy.data(), dx.data());
  expect_equal(dx, before_relu("conv1"), "conv1");
}

TEST_F(Layers, Upsample) {
  UpsampleLayer layer({.batch = 3, .input_from_relu = false}, {5, 3, 5});
  const auto x = upload("activation.pool1");
  auto y = poisoned(golden("activation.up1").size());
  layer.forward(context(), x.data(), y.data());
  expect_equal(y, to_target_order(golden("activation.up1")), "up1");

  const auto dy = upload("gradient.bce.activation.up1");
  auto dx = poisoned(x.size());
  layer.backward(context(), x.data(), y.data(), dy.data(), dx.data());
  expect_equal(dx, to_target_order(golden("gradient.bce.activation.pool1")), "pool1");
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
