// What every layer computes, written as plainly as possible in double precision: the oracle that
// kernels, layers and engines are tested against. Speed does not matter here.
//
// Feature maps are (N, C, H, W), convolution weights (out, in, 3, 3), dense weights (out, in), all
// row-major. There is no backward pass: gradients come from finite differences of these functions,
// so a mistake in somebody's calculus cannot hide in two places.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

namespace hourglass::reference {

using Values = std::vector<double>;

/// `count` images of `channels` feature maps.
struct Maps {
  std::size_t count = 0;
  std::size_t channels = 0;
  std::size_t height = 0;
  std::size_t width = 0;
  Values values;

  Maps() = default;
  Maps(std::size_t n, std::size_t c, std::size_t h, std::size_t w)
      : Maps(n, c, h, w, Values(n * c * h * w)) {}
  Maps(std::size_t n, std::size_t c, std::size_t h, std::size_t w, Values initial)
      : count(n), channels(c), height(h), width(w), values(std::move(initial)) {}

  [[nodiscard]] std::size_t index(std::size_t n, std::size_t c, std::size_t y,
                                  std::size_t x) const {
    return ((n * channels + c) * height + y) * width + x;
  }
  [[nodiscard]] double at(std::size_t n, std::size_t c, std::size_t y, std::size_t x) const {
    return values[index(n, c, y, x)];
  }
  [[nodiscard]] double& at(std::size_t n, std::size_t c, std::size_t y, std::size_t x) {
    return values[index(n, c, y, x)];
  }
};

/// One output of a 3 x 3 cross-correlation with zero padding, without bias.
inline double conv2d_at(const Maps& input, std::span<const double> weight, std::size_t out,
                        std::size_t n, std::size_t y, std::size_t x) {
  double sum = 0;
  for (std::size_t in = 0; in < input.channels; ++in) {
    for (std::size_t ky = 0; ky < 3; ++ky) {
      for (std::size_t kx = 0; kx < 3; ++kx) {
        // Row y + ky - 1, shifted by one so that it stays unsigned; likewise the column.
        const bool inside =
            y + ky >= 1 && y + ky <= input.height && x + kx >= 1 && x + kx <= input.width;
        if (!inside) continue;
        sum += weight[((out * input.channels + in) * 3 + ky) * 3 + kx] *
               input.at(n, in, y + ky - 1, x + kx - 1);
      }
    }
  }
  return sum;
}

/// Same-size 3 x 3 convolution as neural networks mean it (the kernel is not flipped).
inline Maps conv2d(const Maps& input, std::span<const double> weight, std::size_t out_channels) {
  Maps output(input.count, out_channels, input.height, input.width);
  for (std::size_t n = 0; n < input.count; ++n)
    for (std::size_t c = 0; c < out_channels; ++c)
      for (std::size_t y = 0; y < input.height; ++y)
        for (std::size_t x = 0; x < input.width; ++x)
          output.at(n, c, y, x) = conv2d_at(input, weight, c, n, y, x);
  return output;
}

/// Adds bias[c] to every pixel of channel c.
inline Maps add_bias(Maps maps, std::span<const double> bias) {
  for (std::size_t i = 0; i < maps.values.size(); ++i)
    maps.values[i] += bias[i / (maps.height * maps.width) % maps.channels];
  return maps;
}

inline Values relu(Values values) {
  for (double& value : values) value = std::max(value, 0.0);
  return values;
}

inline Maps relu(Maps maps) {
  maps.values = relu(std::move(maps.values));
  return maps;
}

struct Pooled {
  Maps maxima;
  std::vector<std::size_t> argmax;  ///< 0..3, row-major in the window; the first of equals
};

/// 2 x 2 windows, stride 2; height and width are even.
inline Pooled max_pool(const Maps& input) {
  Pooled output{Maps(input.count, input.channels, input.height / 2, input.width / 2), {}};
  output.argmax.resize(output.maxima.values.size());
  for (std::size_t n = 0; n < input.count; ++n) {
    for (std::size_t c = 0; c < input.channels; ++c) {
      for (std::size_t y = 0; y < input.height / 2; ++y) {
        for (std::size_t x = 0; x < input.width / 2; ++x) {
          const double window[] = {input.at(n, c, 2 * y, 2 * x), input.at(n, c, 2 * y, 2 * x + 1),
                                   input.at(n, c, 2 * y + 1, 2 * x),
                                   input.at(n, c, 2 * y + 1, 2 * x + 1)};
          const double* largest = std::max_element(std::begin(window), std::end(window));
          output.maxima.at(n, c, y, x) = *largest;
          output.argmax[output.maxima.index(n, c, y, x)] =
              static_cast<std::size_t>(largest - window);
        }
      }
    }
  }
  return output;
}

/// Nearest neighbour: every pixel becomes a 2 x 2 square.
inline Maps upsample(const Maps& input) {
  Maps output(input.count, input.channels, 2 * input.height, 2 * input.width);
  for (std::size_t n = 0; n < output.count; ++n)
    for (std::size_t c = 0; c < output.channels; ++c)
      for (std::size_t y = 0; y < output.height; ++y)
        for (std::size_t x = 0; x < output.width; ++x)
          output.at(n, c, y, x) = input.at(n, c, y / 2, x / 2);
  return output;
}

/// Rows of `input` (count, in) times the transposed weight (out, in), plus the bias (out).
inline Values dense(std::span<const double> input, std::span<const double> weight,
                    std::span<const double> bias) {
  const std::size_t outputs = bias.size();
  const std::size_t inputs = weight.size() / outputs;
  const std::size_t count = input.size() / inputs;
  Values output(count * outputs);
  for (std::size_t n = 0; n < count; ++n) {
    for (std::size_t out = 0; out < outputs; ++out) {
      double sum = bias[out];
      for (std::size_t in = 0; in < inputs; ++in)
        sum += weight[out * inputs + in] * input[n * inputs + in];
      output[n * outputs + out] = sum;
    }
  }
  return output;
}

inline double sigmoid(double z) {
  return 1 / (1 + std::exp(-z));
}

inline Values sigmoid(Values values) {
  for (double& value : values) value = sigmoid(value);
  return values;
}

/// Mean binary cross-entropy between sigmoid(logits) and targets, in the form that never overflows.
inline double bce_from_logits(std::span<const double> logits, std::span<const double> targets) {
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double z = logits[i];
    sum += std::max(z, 0.0) - z * targets[i] + std::log1p(std::exp(-std::abs(z)));
  }
  return sum / static_cast<double>(logits.size());
}

/// Mean squared difference between sigmoid(logits) and targets.
inline double mse_of_sigmoid(std::span<const double> logits, std::span<const double> targets) {
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double difference = sigmoid(logits[i]) - targets[i];
    sum += difference * difference;
  }
  return sum / static_cast<double>(logits.size());
}

/// Mean squared difference.
inline double mse(std::span<const double> outputs, std::span<const double> targets) {
  double sum = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    sum += (outputs[i] - targets[i]) * (outputs[i] - targets[i]);
  }
  return sum / static_cast<double>(outputs.size());
}

/// Adam's memory between steps.
struct AdamState {
  Values m;  ///< running mean of gradients
  Values v;  ///< running mean of their squares
  int steps = 0;
};

/// One step in the paper's efficient form: epsilon stands outside the bias correction.
inline void adam_step(std::span<double> weights, std::span<const double> gradient, AdamState& state,
                      double learning_rate = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
                      double epsilon = 1e-7) {
  state.m.resize(weights.size());
  state.v.resize(weights.size());
  state.steps += 1;
  const double rate = learning_rate * std::sqrt(1 - std::pow(beta2, state.steps)) /
                      (1 - std::pow(beta1, state.steps));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    state.m[i] = beta1 * state.m[i] + (1 - beta1) * gradient[i];
    state.v[i] = beta2 * state.v[i] + (1 - beta2) * gradient[i] * gradient[i];
    weights[i] -= rate * state.m[i] / (std::sqrt(state.v[i]) + epsilon);
  }
}

/// The derivative of f(x) with respect to x[i]; exact to about h^2 + 1e-16 / h away from kinks.
template <class Function>
double central_difference(const Function& f, Values x, std::size_t i, double h = 1e-6) {
  const double middle = x[i];
  x[i] = middle + h;
  const double above = f(x);
  x[i] = middle - h;
  const double below = f(x);
  return (above - below) / (2 * h);
}

/// All derivatives of f(x), where f takes Values and gives a double.
template <class Function>
Values gradient(const Function& f, const Values& x, double h = 1e-6) {
  Values result(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) result[i] = central_difference(f, x, i, h);
  return result;
}

}  // namespace hourglass::reference
