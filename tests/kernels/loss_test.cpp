#include "kernels/layers/loss.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "support/on_target.hpp"
#include "support/random_values.hpp"
#include "support/reference_layers.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

/// What is made small, of what.
struct Objective {
  Loss loss;
  OutputActivation output = OutputActivation::sigmoid;
};

class LossKernel : public KernelTest {
 protected:
  struct Result {
    std::vector<double> partial_sums;
    std::vector<float> dlogits;

    [[nodiscard]] double sum() const {
      return std::accumulate(partial_sums.begin(), partial_sums.end(), 0.0);
    }
  };

  Result evaluate(Way way, Objective objective, const std::vector<float>& logits,
                  const std::vector<float>& target, bool backward = true) {
    const std::size_t pixels = logits.size();
    const auto device_logits = to_device(logits);
    const auto device_target = to_device(target);
    auto dlogits = output(pixels);
    // One partial sum a block, and the number of blocks is the way's own affair: at most one a
    // pixel.
    auto partial_sums = poisoned<double>(pixels + kTail);
    std::size_t partials = 0;
    run_as(way, [&] {
      partials = kernels::loss_partial_count(pixels);
      kernels::loss_forward_backward(stream(), objective.loss, device_logits.span(),
                                     device_target.data(), partial_sums.span().first(partials),
                                     backward ? dlogits.data() : nullptr, objective.output);
    });
    Result result{to_host(partial_sums), written(dlogits)};
    for (std::size_t i = 0; i < pixels + kTail; ++i) {
      EXPECT_EQ(result.partial_sums[i] == double{kPoison}, i >= partials) << "partial sum " << i;
    }
    result.partial_sums.resize(partials);
    return result;
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, LossKernel, every_way(), way_name);

constexpr Objective kObjectives[] = {{Loss::bce, OutputActivation::sigmoid},
                                     {Loss::mse, OutputActivation::sigmoid},
                                     {Loss::mse, OutputActivation::none}};
constexpr std::size_t kLossSizes[] = {1, 255, 257, 4097, 50176};

double reference_loss(Objective objective, const reference::Values& z, const reference::Values& t) {
  if (objective.output == OutputActivation::none) return reference::mse(z, t);
  return objective.loss == Loss::bce ? reference::bce_from_logits(z, t)
                                     : reference::mse_of_sigmoid(z, t);
}

/// The loss of a single pixel, and its gradient by finite differences.
double pixel_loss(Objective objective, float z, float t) {
  return reference_loss(objective, {double{z}}, {double{t}});
}
double pixel_gradient(Objective objective, float z, float t) {
  const auto of_logit = [&](const reference::Values& x) {
    return reference_loss(objective, x, {double{t}});
  };
  return reference::central_difference(of_logit, {double{z}}, 0, 1e-5);
}

/// How far a gradient may be off; one of a sigmoid is never large.
double rounding(Objective objective, double gradient) {
  return 3e-7 *
         (objective.output == OutputActivation::none ? std::max(1.0, std::abs(gradient)) : 1.0);
}

/// Targets as images have them: many are 0 or 1.
std::vector<float> targets(std::size_t size) {
  auto target = test::random_values(size, 0.f, 1.f, 2);
  for (std::size_t i = 0; i < size; i += 3) target[i] = i % 2 == 0 ? 0.f : 1.f;
  return target;
}

TEST_P(LossKernel, ValueAndGradientAreThoseOfDoublePrecision) {
  for (const Objective objective : kObjectives) {
    for (const std::size_t size : kLossSizes) {
      const auto z = test::random_values(size, -6.f, 6.f);
      const auto t = targets(size);
      const Result result = evaluate(GetParam(), objective, z, t);
      double expected = 0;
      for (std::size_t i = 0; i < size; ++i) {
        expected += pixel_loss(objective, z[i], t[i]);
        const double gradient = pixel_gradient(objective, z[i], t[i]) / static_cast<double>(size);
        ASSERT_NEAR(
            result.dlogits[i], gradient,
            rounding(objective, pixel_gradient(objective, z[i], t[i])) / static_cast<double>(size))
            << "pixel " << i << " of " << size << ", logit " << z[i] << ", target " << t[i];
      }
      ASSERT_NEAR(result.sum(), expected, 3e-7 * expected) << size << " pixels";
    }
  }
}

TEST_P(LossKernel, GradientIsThatOfTheMean) {
  for (const Objective objective : kObjectives) {
    const auto z = test::random_values(37, -3.f, 3.f);
    const auto t = targets(37);
    const Result result = evaluate(GetParam(), objective, z, t);
    const auto wide_t = test::in_double(t);
    const auto of_logits = [&](const reference::Values& x) {
      return reference_loss(objective, x, wide_t);
    };
    const auto gradient = reference::gradient(of_logits, test::in_double(z), 1e-5);
    for (std::size_t i = 0; i < z.size(); ++i) {
      ASSERT_NEAR(result.dlogits[i], gradient[i], rounding(objective, gradient[i] * 37.0) / 30.0);
    }
  }
}

TEST_P(LossKernel, WithoutGradientWritesNothingElse) {
  for (const Objective objective : kObjectives) {
    for (const std::size_t size : {257U, 4097U}) {
      const auto z = test::random_values(size, -6.f, 6.f);
      const auto t = targets(size);
      const Result with = evaluate(GetParam(), objective, z, t);
      const Result without = evaluate(GetParam(), objective, z, t, false);
      ASSERT_EQ(without.partial_sums, with.partial_sums);
      ASSERT_EQ(without.dlogits, std::vector<float>(size, kPoison));
    }
  }
}

TEST_P(LossKernel, ExtremeLogitsStayFinite) {
  for (const Objective objective : kObjectives) {
    std::vector<float> z;
    std::vector<float> t;
    for (const float logit : {-200.f, -100.f, -88.f, -17.f, 0.f, 17.f, 88.f, 100.f, 200.f}) {
      for (const float target : {0.f, 0.5f, 1.f}) {
        // Alone, so that nothing else in the sum hides its value.
        const Result result = evaluate(GetParam(), objective, {logit}, {target});
        const double expected = pixel_loss(objective, logit, target);
        ASSERT_NEAR(result.sum(), expected, 3e-7 * expected + 1e-12) << logit << ", " << target;
        const double gradient = pixel_gradient(objective, logit, target);
        ASSERT_NEAR(result.dlogits[0], gradient, rounding(objective, gradient))
            << logit << ", " << target;
        z.push_back(logit);
        t.push_back(target);
      }
    }
    const Result result = evaluate(GetParam(), objective, z, t);
    ASSERT_TRUE(std::isfinite(result.sum()));
  }
}

TEST_P(LossKernel, SameBitsEveryTime) {
  for (const Objective objective : kObjectives) {
    const auto z = test::random_values(20001, -30.f, 30.f);
    const auto t = targets(20001);
    const Result first = evaluate(GetParam(), objective, z, t);
    for (const Way way : {GetParam(), twin()}) {
      const Result again = evaluate(way, objective, z, t);
      ASSERT_EQ(again.partial_sums, first.partial_sums);
      ASSERT_EQ(again.dlogits, first.dlogits);
    }
  }
}

TEST_P(LossKernel, PartialSumsAreAddedToWhatIsThere) {
  for (const std::size_t count : {1U, 2U, 31U, 33U, 196U, 255U, 256U, 257U, 2112U}) {
    std::vector<double> partials(count);
    double expected = 1000.5;
    for (std::size_t i = 0; i < count; ++i) {
      partials[i] = static_cast<double>(i * i % 1009) + 0.25;  // exact in any order
      expected += partials[i];
    }
    const auto device_partials = to_device(partials);
    auto sum = to_device(std::vector<double>{7.0, 1000.5, 7.0});
    run([&] { kernels::add_partial_sums(stream(), device_partials.span(), sum.data() + 1); });
    ASSERT_EQ(to_host(sum), (std::vector<double>{7.0, expected, 7.0})) << count;
  }
}

TEST_P(LossKernel, PartialSumsAreAddedInAFixedOrder) {
  std::vector<double> partials;
  for (const float value : test::random_values(1000, -1.f, 1.f)) {
    partials.push_back(std::pow(static_cast<double>(value), 9));  // rounds in every addition
  }
  const auto device_partials = to_device(partials);
  const auto add = [&](Way way) {
    auto sum = to_device(std::vector<double>{0.1});
    run_as(way, [&] { kernels::add_partial_sums(stream(), device_partials.span(), sum.data()); });
    return to_host(sum)[0];
  };
  const double first = add(GetParam());
  EXPECT_EQ(add(GetParam()), first);
  EXPECT_EQ(add(twin()), first);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
