#include "math/convolution.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "math/layout.hpp"
#include "support/on_target.hpp"
#include "support/random_values.hpp"
#include "support/reference_layers.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using Shape = math::ConvolutionShape;

// --------------------------------------------------------------------------- what is expected

std::size_t pixels(const Shape& s) {
  return s.height * s.width;
}
std::size_t x_size(const Shape& s) {
  return s.batch * s.in_channels * pixels(s);
}
std::size_t y_size(const Shape& s) {
  return s.batch * s.out_channels * pixels(s);
}
std::size_t weight_size(const Shape& s) {
  return s.out_channels * s.in_channels * 9;
}

/// Calls work(x index, weight index, y index) for all products of the convolution, in NCHW.
template <class Work>
void for_each_product(const Shape& s, const Work& work) {
  for (std::size_t n = 0; n < s.batch; ++n)
    for (std::size_t k = 0; k < s.out_channels; ++k)
      for (std::size_t i = 0; i < s.height; ++i)
        for (std::size_t j = 0; j < s.width; ++j)
          for (std::size_t c = 0; c < s.in_channels; ++c)
            for (std::size_t u = 0; u < 3; ++u)
              for (std::size_t v = 0; v < 3; ++v) {
                if (i + u < 1 || i + u > s.height || j + v < 1 || j + v > s.width) continue;
                work(((n * s.in_channels + c) * s.height + i + u - 1) * s.width + j + v - 1,
                     ((k * s.in_channels + c) * 3 + u) * 3 + v,
                     ((n * s.out_channels + k) * s.height + i) * s.width + j);
              }
}

/// All that a convolution computes, one product after the other. In double it is what is right, in
/// float what single precision can be asked for.
template <class T>
struct Naive {
  std::vector<T> z;  // before relu
  std::vector<T> dx;
  std::vector<T> dweight;
  std::vector<T> dbias;

  Naive(const Shape& s, const std::vector<float>& x, const std::vector<float>& weight,
        const std::vector<float>& bias, const std::vector<float>& dz)
      : z(y_size(s)), dx(x_size(s)), dweight(weight_size(s)), dbias(s.out_channels) {
    for (std::size_t i = 0; i < z.size(); ++i) {
      const std::size_t channel = i / pixels(s) % s.out_channels;
      z[i] = T{bias[channel]};
      dbias[channel] += T{dz[i]};
    }
    for_each_product(s, [&](std::size_t ix, std::size_t iw, std::size_t iy) {
      z[iy] += T{weight[iw]} * T{x[ix]};
      dx[ix] += T{weight[iw]} * T{dz[iy]};
      dweight[iw] += T{x[ix]} * T{dz[iy]};
    });
  }
};

template <class T>
std::vector<T> relu(std::vector<T> values) {
  for (T& value : values) value = std::max(value, T{0});
  return values;
}

/// Not much further from the truth than the naive loop in single precision.
void expect_close(const std::vector<float>& result, const std::vector<float>& naive,
                  const std::vector<double>& exact, const char* what) {
  ASSERT_EQ(result.size(), exact.size());
  double naive_error = 0;
  double largest = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    naive_error = std::max(naive_error, std::abs(naive[i] - exact[i]));
    largest = std::max(largest, std::abs(exact[i]));
  }
  // Where the naive loop was lucky, a few roundings of the largest value.
  const double tolerance = std::max(4 * naive_error, 4 * 0x1p-24 * largest);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    ASSERT_NEAR(result[i], exact[i], tolerance) << what << " at " << i << " of " << exact.size();
  }
}

// -------------------------------------------------------------------------------------- layout

/// From (batch, channels, pixels) to the layout of the target ...
std::vector<float> to_layout(const std::vector<float>& nchw, std::size_t channels,
                             std::size_t pixel_count) {
  if constexpr (math::kImageLayout == ImageLayout::nchw) return nchw;
  std::vector<float> nhwc(nchw.size());
  for (std::size_t i = 0; i < nchw.size(); ++i) {
    const std::size_t pixel = i % pixel_count;
    const std::size_t channel = i / pixel_count % channels;
    const std::size_t image = i / pixel_count / channels;
    nhwc[(image * pixel_count + pixel) * channels + channel] = nchw[i];
  }
  return nhwc;
}
/// ... and back: channels and pixels have changed places.
std::vector<float> from_layout(const std::vector<float>& values, std::size_t channels,
                               std::size_t pixel_count) {
  return to_layout(values, pixel_count, channels);
}

// --------------------------------------------------------------------------------------- tests

class Convolution : public KernelTest {
 protected:
  struct Inputs {
    explicit Inputs(const Shape& s)
        : x(test::random_values(x_size(s), -1.f, 1.f, 1)),
          weight(test::random_values(weight_size(s), -1.f, 1.f, 2)),
          bias(test::random_values(s.out_channels, -1.f, 1.f, 3)),
          dz(test::random_values(y_size(s), -1.f, 1.f, 4)) {}
    std::vector<float> x, weight, bias, dz;
  };

  struct Results {
    std::vector<float> y, dx, dweight, dbias;
    bool operator==(const Results&) const = default;
  };

  /// Everything, twice: `run` may record, which a library's first call forbids.
  Results compute(const Shape& s, const Inputs& in, bool relu) {
    const auto x = to_device(to_layout(in.x, s.in_channels, pixels(s)));
    const auto dz = to_device(to_layout(in.dz, s.out_channels, pixels(s)));
    const auto weight = to_device(in.weight);
    const auto bias = to_device(in.bias);
    math::Convolution made(context(), s, relu);
    math::Convolution convolution = std::move(made);  // as layers do
    const auto once = [&](const auto& how) {
      auto y = output(y_size(s));
      auto dx = output(x_size(s));
      auto dweight = output(weight_size(s));
      auto dbias = output(s.out_channels);
      how([&] {
        convolution.forward(context(), x.data(), weight.data(), bias.data(), y.data());
        convolution.backward_data(context(), dz.data(), weight.data(), dx.data());
        convolution.backward_parameters(context(), x.data(), dz.data(), dweight.data(),
                                        dbias.data());
      });
      return Results{from_layout(written(y), s.out_channels, pixels(s)),
                     from_layout(written(dx), s.in_channels, pixels(s)), written(dweight),
                     written(dbias)};
    };
    const Results first = once([](const auto& work) { work(); });
    const Results second = once([&](const auto& work) { run(work); });
    EXPECT_TRUE(first == second) << "the same call gives other bits";
    return second;
  }
};
INSTANTIATE_TEST_SUITE_P(LibraryWays, Convolution, library_ways(), way_name);

constexpr Shape kConvolutions[] = {{3, 3, 5, 6, 10},   {4, 1, 16, 28, 28}, {4, 16, 1, 28, 28},
                                   {5, 16, 8, 14, 14}, {32, 8, 8, 7, 7},   {1, 1, 1, 1, 1},
                                   {2, 2, 3, 1, 5},    {2, 7, 17, 9, 3},   {129, 1, 16, 12, 12}};

TEST_P(Convolution, IsThatOfDoublePrecision) {
  for (const Shape& s : kConvolutions) {
    SCOPED_TRACE(testing::Message() << s.batch << " images, " << s.in_channels << " -> "
                                    << s.out_channels << ", " << s.height << " x " << s.width);
    const Inputs in(s);
    const Naive<double> exact(s, in.x, in.weight, in.bias, in.dz);
    const Naive<float> naive(s, in.x, in.weight, in.bias, in.dz);
    for (const bool with_relu : {false, true}) {
      const Results results = compute(s, in, with_relu);
      if (with_relu) {
        expect_close(results.y, relu(naive.z), relu(exact.z), "y");
      } else {
        expect_close(results.y, naive.z, exact.z, "z");
      }
      // Backward starts from the gradient before relu: the same with and without.
      expect_close(results.dx, naive.dx, exact.dx, "dx");
      expect_close(results.dweight, naive.dweight, exact.dweight, "dweight");
      expect_close(results.dbias, naive.dbias, exact.dbias, "dbias");
    }
  }
}

/// The naive loop above is one more way to be wrong; this is checked without it.
TEST_P(Convolution, AgreesWithTheReferenceAndItsFiniteDifferences) {
  const Shape s{2, 3, 2, 4, 5};
  const Inputs in(s);
  const Results results = compute(s, in, false);
  const auto convolve = [&](reference::Values x, const reference::Values& weight,
                            const reference::Values& bias) {
    const reference::Maps maps(s.batch, s.in_channels, s.height, s.width, std::move(x));
    return reference::add_bias(reference::conv2d(maps, weight, s.out_channels), bias).values;
  };
  // A scalar whose gradient by z is dz.
  const auto loss = [&](const reference::Values& x, const reference::Values& weight,
                        const reference::Values& bias) {
    const auto z = convolve(x, weight, bias);
    double sum = 0;
    for (std::size_t i = 0; i < z.size(); ++i) sum += z[i] * in.dz[i];
    return sum;
  };
  const auto x = test::in_double(in.x);
  const auto weight = test::in_double(in.weight);
  const auto bias = test::in_double(in.bias);
  const auto expect_near = [](const std::vector<float>& result, const reference::Values& expected,
                              const char* what) {
    ASSERT_EQ(result.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(result[i], expected[i], 4e-6) << what << " at " << i;
    }
  };
  expect_near(results.y, convolve(x, weight, bias), "y");
  // The loss is linear in each, so a long step costs nothing.
  const auto gradient = [](const auto& f, const reference::Values& at) {
    return reference::gradient(f, at, 0.5);
  };
  expect_near(results.dx, gradient([&](const auto& v) { return loss(v, weight, bias); }, x), "dx");
  expect_near(results.dweight, gradient([&](const auto& v) { return loss(x, v, bias); }, weight),
              "dweight");
  expect_near(results.dbias, gradient([&](const auto& v) { return loss(x, weight, v); }, bias),
              "dbias");
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
