// The oracle itself against PyTorch in double precision (tests/golden/make_golden.py).
#include "reference_layers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "files/safetensors.hpp"
#include "support/golden.hpp"

namespace hourglass::reference {
namespace {

using Golden = std::map<std::string, Array<float>>;

Golden load(const std::string& name) {
  Golden golden;
  for (auto& [key, tensor] : files::load_safetensors(golden_file(name + ".safetensors"))) {
    golden[key] = std::move(tensor);
  }
  return golden;
}

Values values(const Golden& golden, const std::string& name) {
  const auto& stored = golden.at(name).values;
  return {stored.begin(), stored.end()};
}

Maps maps(const Golden& golden, const std::string& name) {
  const Shape& shape = golden.at(name).shape;
  return {shape.at(0), shape.at(1), shape.at(2), shape.at(3), values(golden, name)};
}

/// The golden file keeps float32 of what was computed in double: nothing else may differ.
void expect_equal(const Values& computed, const Values& golden, const std::string& what,
                  double relative = 1e-7, double absolute = 1e-12) {
  ASSERT_EQ(computed.size(), golden.size()) << what;
  for (std::size_t i = 0; i < golden.size(); ++i)
    ASSERT_NEAR(computed[i], golden[i], absolute + relative * std::abs(golden[i]))
        << what << " at " << i;
}

/// Weights and biases in double, so that they can be moved by tiny steps.
using Parameters = std::map<std::string, Values>;

Parameters initial_parameters(const Golden& golden) {
  const std::string prefix = "initial.";
  Parameters parameters;
  for (const auto& [name, tensor] : golden)
    if (name.starts_with(prefix)) parameters[name.substr(prefix.size())] = values(golden, name);
  return parameters;
}

Maps conv(const Maps& input, const Parameters& parameters, const std::string& layer) {
  const Values& bias = parameters.at(layer + ".bias");
  return add_bias(conv2d(input, parameters.at(layer + ".weight"), bias.size()), bias);
}

/// Each output of a model by its layer's name.
using Activations = std::map<std::string, Values>;

Activations odd_forward(const Parameters& p, const Maps& images) {
  Activations out;
  const Maps conv1 = relu(conv(images, p, "conv1"));
  const Maps pool1 = max_pool(conv1).maxima;
  const Maps up1 = upsample(pool1);
  out["conv1"] = conv1.values;
  out["pool1"] = pool1.values;
  out["up1"] = up1.values;
  out["logits"] = conv(up1, p, "conv2").values;
  return out;
}

Activations conv_forward(const Parameters& p, const Maps& images) {
  Activations out;
  const auto keep = [&out](const char* layer, Maps maps) {
    out[layer] = maps.values;
    return maps;
  };
  Maps x = keep("conv1", relu(conv(images, p, "conv1")));
  x = keep("pool1", max_pool(x).maxima);
  x = keep("conv2", relu(conv(x, p, "conv2")));
  x = keep("pool2", max_pool(x).maxima);
  x = keep("conv3", relu(conv(x, p, "conv3")));
  x = keep("up1", upsample(x));
  x = keep("conv4", relu(conv(x, p, "conv4")));
  x = keep("up2", upsample(x));
  keep("logits", conv(x, p, "conv5"));
  return out;
}

Activations dense_forward(const Parameters& p, const Values& image) {
  const auto layer = [&p](const Values& input, const std::string& name) {
    return dense(input, p.at(name + ".weight"), p.at(name + ".bias"));
  };
  Activations out;
  out["dense1"] = relu(layer(image, "dense1"));
  out["dense2"] = relu(layer(out["dense1"], "dense2"));
  out["dense3"] = relu(layer(out["dense2"], "dense3"));
  out["logits"] = layer(out["dense3"], "dense4");
  return out;
}

void expect_outputs(const Golden& golden, const Activations& computed, const Values& targets) {
  for (const auto& [layer, output] : computed)
    expect_equal(output, values(golden, "activation." + layer), layer);
  const Values& logits = computed.at("logits");
  expect_equal({bce_from_logits(logits, targets)}, values(golden, "loss.bce"), "bce");
  expect_equal({mse_of_sigmoid(logits, targets)}, values(golden, "loss.mse"), "mse");
}

TEST(ReferenceLayers, OddShapesMatchPyTorch) {
  const Golden golden = load("odd");
  expect_outputs(golden, odd_forward(initial_parameters(golden), maps(golden, "images")),
                 values(golden, "targets"));
}

TEST(ReferenceLayers, ConvModelMatchesPyTorch) {
  const Golden golden = load("conv");
  expect_outputs(golden, conv_forward(initial_parameters(golden), maps(golden, "images")),
                 values(golden, "images"));
}

TEST(ReferenceLayers, DenseModelMatchesPyTorch) {
  const Golden golden = load("dense");
  const Values image = values(golden, "images");
  expect_outputs(golden, dense_forward(initial_parameters(golden), image), image);
}

// The golden gradient of a window's sum must sit where the oracle saw the maximum; the odd file has
// windows whose largest positive value appears twice.
TEST(ReferenceLayers, TiesGoToTheFirstMaximum) {
  const Golden golden = load("odd");
  const Maps conv1 = maps(golden, "activation.conv1");
  const Pooled pooled = max_pool(conv1);
  const Values from_above = values(golden, "gradient.bce.activation.pool1");
  Maps routed(conv1.count, conv1.channels, conv1.height, conv1.width);
  std::size_t ties = 0;
  for (std::size_t n = 0; n < conv1.count; ++n) {
    for (std::size_t c = 0; c < conv1.channels; ++c) {
      for (std::size_t y = 0; y < conv1.height / 2; ++y) {
        for (std::size_t x = 0; x < conv1.width / 2; ++x) {
          const std::size_t i = pooled.maxima.index(n, c, y, x);
          const std::size_t winner = pooled.argmax[i];
          routed.at(n, c, 2 * y + winner / 2, 2 * x + winner % 2) = from_above[i];
          std::size_t equals = 0;
          for (std::size_t k = 0; k < 4; ++k)
            equals += conv1.at(n, c, 2 * y + k / 2, 2 * x + k % 2) == pooled.maxima.values[i];
          ties += equals > 1 && pooled.maxima.values[i] > 0;
        }
      }
    }
  }
  EXPECT_GT(ties, 0U);
  EXPECT_EQ(routed.values, values(golden, "gradient.bce.activation.conv1"));
}

// The model's last layer has no kink behind it, so finite differences are good to nine digits.
TEST(ReferenceLayers, FiniteDifferencesMatchPyTorchsGradients) {
  const Golden golden = load("odd");
  const Values targets = values(golden, "targets");
  const Maps up1 = maps(golden, "activation.up1");
  const Values weight = values(golden, "initial.conv2.weight");
  const Values bias = values(golden, "initial.conv2.bias");
  const auto logits = [](const Maps& input, const Values& w, const Values& b) {
    return add_bias(conv2d(input, w, b.size()), b).values;
  };
  for (const std::string loss : {"bce", "mse"}) {
    const auto of = [&](const Values& z) {
      return loss == "bce" ? bce_from_logits(z, targets) : mse_of_sigmoid(z, targets);
    };
    const std::string prefix = "gradient." + loss + ".";
    expect_equal(gradient([&](const Values& w) { return of(logits(up1, w, bias)); }, weight),
                 values(golden, prefix + "conv2.weight"), prefix + "conv2.weight", 1e-7, 1e-9);
    expect_equal(gradient([&](const Values& b) { return of(logits(up1, weight, b)); }, bias),
                 values(golden, prefix + "conv2.bias"), prefix + "conv2.bias", 1e-7, 1e-9);
  }
}

// Through every layer of the conv model. The golden file keeps all kinks at least 2e-6 away, so a
// small h crosses none.
TEST(ReferenceLayers, FiniteDifferencesThroughTheConvModelMatchPyTorch) {
  const Golden golden = load("conv");
  const Maps images = maps(golden, "images");
  Parameters parameters = initial_parameters(golden);
  for (const std::string name : {"conv1.weight", "conv2.weight", "conv3.bias", "conv4.weight"}) {
    const Values start = parameters.at(name);
    const auto loss = [&](const Values& moved) {
      parameters[name] = moved;
      return bce_from_logits(conv_forward(parameters, images).at("logits"), images.values);
    };
    const Values expected = values(golden, "gradient.bce." + name);
    for (const std::size_t i : {std::size_t{0}, start.size() / 2, start.size() - 1})
      EXPECT_NEAR(central_difference(loss, start, i, 1e-7), expected[i],
                  1e-8 + 1e-6 * std::abs(expected[i]))
          << name << " at " << i;
    parameters[name] = start;
  }
}

double distance(const Values& a, const Values& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

// No calculus anywhere: fifty steps of Adam on finite differences arrive where PyTorch does.
TEST(ReferenceLayers, FiftyAdamStepsOfTheDenseModelMatchPyTorch) {
  const Golden golden = load("dense");
  const Values image = values(golden, "images");
  const Values losses = values(golden, "adam50.losses");
  const Parameters initial = initial_parameters(golden);
  Parameters parameters = initial;
  std::map<std::string, AdamState> states;
  const auto loss = [&] {
    return mse_of_sigmoid(dense_forward(parameters, image).at("logits"), image);
  };
  for (const double expected : losses) {
    EXPECT_NEAR(loss(), expected, 1e-6);
    Parameters slopes;
    for (const auto& [name, _] : initial) {
      Values& parameter = parameters[name];
      const Values start = parameter;
      slopes[name] = gradient([&](const Values& x) { return parameter = x, loss(); }, start);
      parameter = start;
    }
    for (auto& [name, parameter] : parameters) adam_step(parameter, slopes[name], states[name]);
  }
  for (const auto& [name, start] : initial) {
    Values moved = parameters[name];
    for (std::size_t i = 0; i < start.size(); ++i) moved[i] -= start[i];
    const Values expected = values(golden, "adam50.delta." + name);
    EXPECT_LT(distance(moved, expected), 1e-5 * distance(expected, Values(expected.size())))
        << name;
  }
}

// With one and the same gradient every step, Adam's corrections cancel: each step is the learning
// rate, less what epsilon takes.
TEST(ReferenceLayers, AdamFollowsTheContract) {
  Values weights = {0.5, -0.5, 0.25};
  const Values slope = {2.0, -3.0, 1e-6};
  AdamState state;
  for (int step = 1; step <= 5; ++step) {
    const Values before = weights;
    adam_step(weights, slope, state);
    const double correction = std::sqrt(1 - std::pow(0.999, step));
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double root = std::abs(slope[i]) * correction;  // sqrt(v)
      const double expected = 1e-3 * correction * slope[i] / (root + 1e-7);
      EXPECT_NEAR(before[i] - weights[i], expected, 1e-12) << "step " << step << ", weight " << i;
    }
  }
}

// The logits of the golden files are small; these would overflow a naive formula.
TEST(ReferenceLayers, CrossEntropyNeverOverflows) {
  EXPECT_DOUBLE_EQ(bce_from_logits(Values{1000}, Values{0}), 1000);
  EXPECT_DOUBLE_EQ(bce_from_logits(Values{-1000}, Values{0.25}), 250);
  EXPECT_DOUBLE_EQ(bce_from_logits(Values{0}, Values{0.3}), std::log(2.0));
}

}  // namespace
}  // namespace hourglass::reference
