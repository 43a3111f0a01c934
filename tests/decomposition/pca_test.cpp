#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <hourglass/npy.hpp>
#include <hourglass/pca.hpp>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "decomposition/exact_svd.hpp"
#include "support/mnist.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using test::Vectors;
using testing::HasSubstr;

/// Standard normal values, column c of which is scale(c) times as wide.
Array<float> normal(std::size_t rows, std::size_t columns, double (*scale)(std::size_t column),
                    std::uint32_t seed = 1) {
  std::mt19937 random(seed);
  const auto uniform = [&] { return (static_cast<double>(random()) + 0.5) * 0x1p-32; };
  Array<float> x({rows, columns});
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    x.values[i] =
        static_cast<float>(scale(i % columns) * radius * std::cos(6.283185307179586 * uniform()));
  }
  return x;
}

double even(std::size_t /*column*/) {
  return 1.0;
}
double falling(std::size_t column) {
  return std::pow(0.8, static_cast<double>(column % 40));
}

/// Mixes the columns by reflections, so that no component is a feature.
Array<float> mixed(Array<float> x) {
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    const Array<float> mirror = normal(1, x.row_size(), even, 100 + seed);
    const std::vector<double> h(mirror.values.begin(), mirror.values.end());
    const double squared = test::dot(h, h);
    for (std::size_t i = 0; i < x.rows(); ++i) {
      const auto row = x.row(i);
      const double along = 2.0 * std::inner_product(h.begin(), h.end(), row.begin(), 0.0) / squared;
      for (std::size_t c = 0; c < row.size(); ++c) {
        row[c] = static_cast<float>(double{row[c]} - along * h[c]);
      }
    }
  }
  return x;
}

/// All rows of x, over and over: the same components, and the same sums of squares times `times`.
Array<float> repeated(const Array<float>& x, std::size_t times) {
  Array<float> result({times * x.rows(), x.row_size()});
  for (std::size_t i = 0; i < result.size(); ++i) result.values[i] = x.values[i % x.size()];
  return result;
}

Vectors in_double(const Array<float>& a) {
  Vectors rows;
  for (std::size_t i = 0; i < a.rows(); ++i) rows.emplace_back(a.row(i).begin(), a.row(i).end());
  return rows;
}

/// The sine of the largest angle between the span of the first k rows of a, orthonormal, and any of
/// the first k of b; a little more if anything.
double subspace_angle(const Vectors& a, const Vectors& b, std::size_t k) {
  double squared = 0.0;
  for (std::size_t i = 0; i < k; ++i) {
    std::vector<double> left = b[i];
    for (std::size_t j = 0; j < k; ++j) {
      const double along = test::dot(a[j], b[i]);
      for (std::size_t c = 0; c < left.size(); ++c) left[c] -= along * a[j][c];
    }
    squared += test::dot(left, left);
  }
  return std::sqrt(squared);
}

class Pca : public OnTarget {
 protected:
  [[nodiscard]] PcaModel fit(const Array<float>& x, std::size_t components) const {
    return fit_pca({x, device()}, {.components = components});
  }

  [[nodiscard]] std::string error_of(const Array<float>& x, const PcaOptions& options) const {
    try {
      (void)fit_pca({x, device()}, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  /// What holds for every model.
  static void expect_sound(const PcaModel& model, const Array<float>& x) {
    const std::size_t count = model.components.rows();
    ASSERT_EQ(model.mean.size(), x.row_size());
    ASSERT_EQ(model.explained_variance.size(), count);
    const Vectors rows = in_double(model.components);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        ASSERT_NEAR(test::dot(rows[i], rows[j]), i == j ? 1.0 : 0.0, 1e-6) << i << ", " << j;
      }
      ASSERT_GT(*std::max_element(rows[i].begin(), rows[i].end(),
                                  [](double a, double b) { return std::fabs(a) < std::fabs(b); }),
                0.0);
      ASSERT_GE(model.explained_variance[i], 0.0);
      if (i > 0) {
        ASSERT_LE(model.explained_variance[i], model.explained_variance[i - 1]);
      }
      ASSERT_DOUBLE_EQ(model.singular_values[i],
                       std::sqrt(model.explained_variance[i] * static_cast<double>(x.rows() - 1)));
    }
    const auto& ratio = model.explained_variance_ratio;
    const double explained = std::accumulate(ratio.begin(), ratio.end(), 0.0);
    ASSERT_LE(explained, 1.0 + 1e-12);
    if (count == std::min(x.rows(), x.row_size())) {
      ASSERT_NEAR(explained, 1.0, 1e-12);
      ASSERT_EQ(model.noise_variance, 0.0);
    }
  }

  /// Variances within 1e-5 of themselves where they are above 1e-10 of the largest, and within
  /// 1e-15 of the largest below; the subspaces of the first so many components within 1e-3.
  static void expect_exact(const PcaModel& model, const test::ExactSvd& exact, double degrees,
                           const std::vector<std::size_t>& subspaces) {
    const double largest = exact.values[0] * exact.values[0] / degrees;
    double total = 0.0;
    for (const double value : exact.values) total += value * value / degrees;
    double left = total;
    for (std::size_t k = 0; k < model.explained_variance.size(); ++k) {
      const double variance = exact.values[k] * exact.values[k] / degrees;
      const auto order = static_cast<double>(exact.values.size());
      ASSERT_NEAR(model.explained_variance[k], variance,
                  variance > 1e-10 * largest ? 1e-5 * variance : (order + 50) * 3e-16 * largest)
          << "component " << k << " of " << exact.values.size();
      ASSERT_NEAR(model.explained_variance_ratio[k], variance / total, 1e-6);
      left -= variance;
    }
    const std::size_t others = exact.values.size() - model.components.rows();
    if (others > 0) {
      ASSERT_NEAR(model.noise_variance, left / static_cast<double>(others), 1e-6 * largest);
    }
    for (const std::size_t k : subspaces) {
      ASSERT_LT(subspace_angle(in_double(model.components), exact.axes, k), 1e-3)
          << "the first " << k << " components";
    }
  }

  void check(const Array<float>& x, const std::vector<std::size_t>& subspaces) {
    SCOPED_TRACE(std::to_string(x.rows()) + " x " + std::to_string(x.row_size()));
    const test::ExactSvd exact = test::exact_svd(x);
    std::vector<std::size_t> counts = subspaces;
    counts.push_back(std::min(x.rows(), x.row_size()));
    for (const std::size_t count : counts) {
      const PcaModel model = fit(x, count);
      ASSERT_NO_FATAL_FAILURE(expect_sound(model, x));
      std::vector<std::size_t> inside;
      std::copy_if(subspaces.begin(), subspaces.end(), std::back_inserter(inside),
                   [&](std::size_t k) { return k <= count; });
      ASSERT_NO_FATAL_FAILURE(
          expect_exact(model, exact, static_cast<double>(x.rows() - 1), inside));
    }
  }
};

// ------------------------------------------------------------------------------------- accuracy

TEST_F(Pca, AllShapes) {
  check(mixed(normal(300, 20, falling)), {1, 2, 5});
  check(mixed(normal(20, 300, falling)), {1, 2});
  check(mixed(normal(50, 50, falling)), {1, 2, 5});
  check(mixed(normal(49, 50, falling)), {1, 2, 5});
  check(normal(2, 5, even), {1});
  check(normal(2, 1, even), {1});
  check(normal(2, 2, falling), {1});
  check(normal(3, 2, falling), {1});
  check(normal(1000, 1, even), {1});
}

TEST_F(Pca, EdgesOfTiles) {
  for (const std::size_t size : {2047U, 2048U, 2049U, 4100U}) {
    check(mixed(normal(size, 6, falling)), {1, 2, 5});
    check(mixed(normal(6, size, falling)), {1});
  }
}

TEST_F(Pca, IllConditioned) {
  const auto steep = [](std::size_t column) {
    return std::pow(10.0, -6.0 * static_cast<double>(column) / 39.0);
  };
  check(mixed(normal(500, 40, steep)), {1, 2, 10, 20, 30});
  check(normal(500, 40, steep), {1, 2, 10, 20, 30});  // features of very different units
  check(mixed(normal(40, 500,
                     [](std::size_t column) {
                       return column < 40 ? std::pow(10.0, -static_cast<double>(column) / 6.5)
                                          : 1e-7;
                     })),
        {1, 2, 10, 20, 30});
}

TEST_F(Pca, OffsetsFarBeyondTheSpread) {
  for (const float offset : {1e3f, 1e4f, -1e5f}) {
    for (Array<float> x : {mixed(normal(3000, 30, falling)), mixed(normal(30, 300, falling))}) {
      for (std::size_t i = 0; i < x.size(); ++i) {
        x.values[i] += offset * (1.f + 0.01f * static_cast<float>(i % x.row_size() % 7));
      }
      check(x, {1, 2, 5});
      // The scores are centred too.
      const PcaMap map = fit_transform_pca({x, device()}, {.components = 2});
      double sum = 0.0;
      for (std::size_t i = 0; i < x.rows(); ++i) sum += double{map.scores.row(i)[0]};
      EXPECT_NEAR(sum / static_cast<double>(x.rows()), 0.0, 1e-6);
    }
  }
}

TEST_F(Pca, ConstantAndDuplicateColumns) {
  for (const std::size_t rows : {200U, 25U}) {
    Array<float> x = normal(rows, 30, falling);
    for (std::size_t i = 0; i < x.rows(); ++i) {
      for (std::size_t c = 20; c < 30; ++c) x.row(i)[c] = c < 25 ? 0.1f : x.row(i)[c - 25];
    }
    check(x, {1, 2});
    const PcaModel model = fit(x, std::min<std::size_t>(rows, 30));
    for (std::size_t k = 0; k < model.components.rows(); ++k) {
      EXPECT_EQ(model.explained_variance[k] == 0.0, k >= 20) << k;
      for (std::size_t c = 20; c < 25 && k < 20; ++c) {
        EXPECT_NEAR(model.components.row(k)[c], 0.0, 1e-12);
      }
    }
  }
}

TEST_F(Pca, FewOfManyFeaturesAreTheSameForAnyNumberOfThreads) {
  Array<float> x = normal(
      500, 400, [](std::size_t column) { return std::pow(0.9, static_cast<double>(column)); });
  const std::vector<std::size_t> constant = {3, 20, 399};
  for (std::size_t i = 0; i < x.rows(); ++i) {
    for (const std::size_t c : constant) x.row(i)[c] = 0.5f;
  }
  const PcaModel model = fit(x, 2);
  expect_sound(model, x);
  for (std::size_t k = 0; k < 2; ++k) {
    for (const std::size_t c : constant) EXPECT_EQ(model.components.row(k)[c], 0.f);
    EXPECT_GT(std::fabs(model.components.row(k)[k]), 0.9);
  }
  for (const int threads : {1, 3}) {
    if (kOnCuda) break;
    set_cpu_threads(threads);
    const PcaMap map = fit_transform_pca({x, device()}, {.components = 2});
    set_cpu_threads(0);
    EXPECT_EQ(map.scores.values, transform(model, {x, device()}).values) << threads;
  }
}

TEST_F(Pca, BeyondTheRankThereIsAnOrthonormalBasisWithoutVariance) {
  for (const std::size_t features : {12U, 400U}) {
    const Array<float> x = repeated(normal(4, features, even), 10);  // rank 3
    const PcaModel model = fit(x, std::min<std::size_t>(40, features));
    expect_sound(model, x);
    for (std::size_t k = 0; k < model.components.rows(); ++k) {
      EXPECT_EQ(model.explained_variance[k] == 0.0, k >= 3) << k;
    }
  }
}

TEST_F(Pca, HugeAndTinyValues) {
  for (const float scale : {1e20f, 1e37f, 1e-20f, 1e-36f}) {
    for (const Array<float>& base :
         {mixed(normal(200, 10, falling)), mixed(normal(9, 80, falling))}) {
      Array<float> x = base;
      for (float& value : x.values) value *= scale;
      check(x, {1, 2, 5});
      const PcaMap map = fit_transform_pca({x, device()}, {.components = 3, .whiten = true});
      const PcaMap plain = fit_transform_pca({base, device()}, {.components = 3, .whiten = true});
      for (std::size_t i = 0; i < map.scores.size(); ++i) {
        ASSERT_NEAR(map.scores.values[i], plain.scores.values[i], 1e-4);
      }
    }
  }
}

// So many products that single precision takes them, where it can: all rows of a smaller array,
// over and over, have its components.
class PcaOfManyProducts : public Pca {
 protected:
  static constexpr std::size_t kTimes = 250;

  void check_repeated(const Array<float>& base, const std::vector<std::size_t>& counts) {
    const Array<float> x = repeated(base, kTimes);
    ASSERT_GT(x.size() * x.row_size(), std::size_t{1} << 28U);
    test::ExactSvd exact = test::exact_svd(base);
    for (double& value : exact.values) value *= std::sqrt(static_cast<double>(kTimes));
    for (const std::size_t count : counts) {
      const PcaModel model = fit(x, count);
      ASSERT_NO_FATAL_FAILURE(expect_sound(model, x));
      ASSERT_NO_FATAL_FAILURE(
          expect_exact(model, exact, static_cast<double>(x.rows() - 1), {count}));
    }
  }
};

double falling_slowly(std::size_t column) {
  return std::pow(0.97, static_cast<double>(column));
}

TEST_F(PcaOfManyProducts, WellApart) {
  Array<float> base = mixed(normal(110, 100, falling_slowly));
  check_repeated(base, {1, 2, 7, 12});
  for (float& value : base.values) value = 1e4f + value;
  check_repeated(base, {2});
  for (float& value : base.values) value *= 1e20f;  // squares overflow
  check_repeated(base, {2});
  for (float& value : base.values) value *= 1e-36f;  // squares underflow
  check_repeated(base, {2});
}

TEST_F(PcaOfManyProducts, FarApartOrNear) {
  const auto steep = [](std::size_t column) {
    return column < 20 ? std::pow(10.0, -0.3 * static_cast<double>(column)) : 1e-6;
  };
  check_repeated(mixed(normal(110, 100, steep)), {2, 5, 12});
  // Two columns of all but the same variance, which only the exact products tell apart.
  Array<float> near({110, 100});
  for (std::size_t i = 0; i < 110; ++i) {
    for (std::size_t c = 0; c < 100; ++c) {
      // Columns of a cosine transform: orthogonal.
      const double width = c == 0 ? 2.0 : c == 2 ? 1.0 - 1e-4 : std::pow(0.9, double(c) - 1.0);
      near.row(i)[c] = static_cast<float>(
          width * std::cos(3.141592653589793 * static_cast<double>((2 * i + 1) * (c + 1)) / 220.0));
    }
  }
  check_repeated(near, {1, 2, 3});
}

TEST_F(PcaOfManyProducts, FewerRowsThanFeatures) {
  const Array<float> narrow = mixed(normal(100, 110, falling_slowly));
  Array<float> x({100, 110 * kTimes});  // each feature many times
  for (std::size_t i = 0; i < x.rows(); ++i) {
    for (std::size_t c = 0; c < x.row_size(); ++c) x.row(i)[c] = narrow.row(i)[c % 110];
  }
  test::ExactSvd exact = test::exact_svd(narrow);
  const double times = std::sqrt(static_cast<double>(kTimes));
  for (double& value : exact.values) value *= times;
  const PcaModel model = fit(x, 5);
  ASSERT_NO_FATAL_FAILURE(expect_sound(model, x));
  ASSERT_NO_FATAL_FAILURE(expect_exact(model, exact, 99.0, {}));
  Array<float> once({5, 110});
  for (std::size_t k = 0; k < 5; ++k) {
    for (std::size_t c = 0; c < 110; ++c) {
      once.row(k)[c] = static_cast<float>(times * double{model.components.row(k)[c]});
    }
  }
  EXPECT_LT(subspace_angle(in_double(once), exact.axes, 5), 1e-3);
}

// ---------------------------------------------------------------------------- there and back again

TEST_F(Pca, InverseOfTransformIsTheData) {
  for (const Array<float>& x : {mixed(normal(300, 20, falling)), mixed(normal(20, 300, falling)),
                                repeated(normal(4, 30, even), 10)}) {
    for (const bool whiten : {false, true}) {
      const std::size_t all = std::min(x.rows(), x.row_size());
      const PcaMap map = fit_transform_pca({x, device()}, {.components = all, .whiten = whiten});
      ASSERT_EQ(map.scores.shape, (Shape{x.rows(), all}));
      const Array<float> back = inverse_transform(map.model, {map.scores, device()});
      ASSERT_EQ(back.shape, x.shape);
      for (std::size_t i = 0; i < x.size(); ++i) {
        ASSERT_NEAR(back.values[i], x.values[i], 1e-5) << i;
      }
    }
  }
}

TEST_F(Pca, ScoresHaveTheVariancesOrWhitenedUnitCovariance) {
  const auto scale = [](std::size_t column) { return 100.0 / static_cast<double>(1 + column); };
  for (const Array<float>& x : {mixed(normal(5000, 30, scale)), mixed(normal(60, 200, scale))}) {
    for (const bool whiten : {false, true}) {
      const PcaMap map = fit_transform_pca({x, device()}, {.components = 20, .whiten = whiten});
      const Vectors scores = test::transposed(test::centred_rows(map.scores));
      for (std::size_t a = 0; a < 20; ++a) {
        for (std::size_t b = 0; b <= a; ++b) {
          const double deviation =
              std::sqrt(map.model.explained_variance[a] * map.model.explained_variance[b]);
          const double covariance =
              test::dot(scores[a], scores[b]) / static_cast<double>(x.rows() - 1);
          ASSERT_NEAR(whiten ? covariance : covariance / deviation, a == b ? 1.0 : 0.0, 2e-5);
        }
      }
    }
  }
}

TEST_F(Pca, TransformsOtherRowsAndFlattensThem) {
  const Array<float> x({500, 2, 5}, mixed(normal(500, 10, falling)).values);
  const PcaMap map = fit_transform_pca({x, device()}, {.components = 3});
  const Array<float> two({2, 10}, {x.values.begin(), x.values.begin() + 20});
  const Array<float> scores = transform(map.model, {two, device()});
  ASSERT_EQ(scores.shape, (Shape{2, 3}));
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(scores.values[i], map.scores.values[i], 1e-6);
  }
  EXPECT_EQ(transform(map.model, {Array<float>({0, 10}), device()}).shape, (Shape{0, 3}));
}

TEST_F(Pca, OneCallOrTwoGiveTheSameBytesEveryTime) {
  const Array<float> x = mixed(normal(5000, 60, falling));
  const PcaOptions options{.components = 5, .whiten = true};
  const PcaMap map = fit_transform_pca({x, device()}, options);
  const PcaModel model = fit_pca({x, device()}, options);
  EXPECT_EQ(model.components.values, map.model.components.values);
  EXPECT_EQ(model.explained_variance, map.model.explained_variance);
  EXPECT_EQ(transform(model, {x, device()}).values, map.scores.values);
}

// --------------------------------------------------------------------------- fractions of variance

TEST_F(Pca, FewestComponentsThatReachAFraction) {
  const Array<float> x = mixed(normal(400, 25, falling));
  const PcaModel all = fit(x, 25);
  double reached = 0.0;
  for (std::size_t k = 1; k < 25; ++k) {
    reached += all.explained_variance_ratio[k - 1];
    for (const double step : {-1e-9, 1e-9}) {
      const PcaModel model = fit_pca({x, device()}, {.variance_fraction = reached + step});
      ASSERT_EQ(model.components.rows(), step < 0.0 ? k : k + 1);
      expect_sound(model, x);
      const std::size_t size = model.components.size();
      ASSERT_TRUE(std::equal(model.components.values.begin(), model.components.values.end(),
                             all.components.values.begin()))
          << size;
    }
  }
  EXPECT_EQ(fit_pca({x, device()}, {.variance_fraction = 1e-9}).components.rows(), 1U);
  // No more than the rank, however near to all.
  const Array<float> flat = repeated(normal(4, 30, even), 10);
  EXPECT_EQ(
      fit_pca({flat, device()}, {.variance_fraction = std::nextafter(1.0, 0.0)}).components.rows(),
      3U);
}

// --------------------------------------------------------------------------------------- bad input

TEST_F(Pca, SaysWhatIsWrong) {
  EXPECT_EQ(error_of(Array<float>({1, 5}), {}), "PCA needs at least 2 rows, and there is 1");
  EXPECT_EQ(error_of(Array<float>({0, 5}), {}), "PCA needs at least 2 rows, and there are none");
  EXPECT_EQ(error_of(Array<float>(), {}), "PCA needs at least 2 rows, and there are none");
  EXPECT_EQ(error_of(Array<float>({5, 0}), {}), "PCA: the rows are empty");
  EXPECT_THAT(error_of(normal(5, 3, even), {.components = 4}),
              HasSubstr("cannot find 4 components in 5 rows of 3 features; 1 to 3 are possible"));
  EXPECT_THAT(error_of(normal(5, 3, even), {.components = 0}), HasSubstr("1 to 3 are possible"));
  for (const double fraction : {0.0, 1.0, -0.5, std::nan("")}) {
    EXPECT_THAT(error_of(normal(5, 3, even), {.variance_fraction = fraction}),
                HasSubstr("expected more than 0 and less than 1"));
  }
  for (const std::size_t rows : {2U, 40U}) {
    EXPECT_EQ(
        error_of(repeated(normal(1, 7, even), rows), {}),
        "PCA: all " + std::to_string(rows) + " rows are the same; there is no variance to explain");
  }
}

TEST_F(Pca, SaysWhatIsNotFinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float bad : {kInfinity, -kInfinity, std::nanf("")}) {
    for (Array<float> x : {normal(700, 20, even), normal(20, 700, even)}) {
      const PcaModel model = fit(x, 2);
      x.row(17)[13] = bad;
      x.row(18)[5] = -bad;
      x.row(19)[13] = -bad;  // their sum is not finite either
      EXPECT_EQ(error_of(x, {}), "PCA: row 17, column 13 is not finite");
      EXPECT_THROW((void)transform(model, {x, device()}), Error);
      Array<float> scores({3, 2});
      scores.row(2)[1] = bad;
      EXPECT_THROW((void)inverse_transform(model, {scores, device()}), Error);
    }
  }
}

TEST_F(Pca, ModelAndDataMustFit) {
  const PcaModel model = fit(normal(10, 4, even), 2);
  EXPECT_THROW((void)transform(model, {Array<float>({10, 5}), device()}), Error);
  EXPECT_THROW((void)inverse_transform(model, {Array<float>({10, 3}), device()}), Error);
}

// --------------------------------------------------------------------------------------- real data

/// Without a full decomposition: C v = variance v for each component within 1e-5 of the largest,
/// and no more variance than the last one's in what they leave, as power iteration sees it.
void expect_leading(const PcaModel& model, const Array<float>& x) {
  const Vectors rows = test::centred_rows(x);
  const auto degrees = static_cast<double>(x.rows() - 1);
  const auto covariance_times = [&](const std::vector<double>& v) {
    std::vector<double> product(v.size());
    for (const auto& row : rows) {
      const double along = test::dot(row, v) / degrees;
      for (std::size_t c = 0; c < v.size(); ++c) product[c] += along * row[c];
    }
    return product;
  };
  const Vectors axes = in_double(model.components);
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const std::vector<double> image = covariance_times(axes[k]);
    const double variance = model.explained_variance[k];
    EXPECT_NEAR(test::dot(axes[k], image), variance, 1e-5 * variance);
    double residual = 0.0;
    for (std::size_t c = 0; c < image.size(); ++c) {
      residual += std::pow(image[c] - variance * axes[k][c], 2);
    }
    EXPECT_LT(std::sqrt(residual), 2e-6 * model.explained_variance[0]) << "component " << k;
  }
  std::vector<double> left(x.row_size(), 1.0);
  double variance = 0.0;
  for (int step = 0; step < 12; ++step) {
    for (const auto& axis : axes) {
      const double along = test::dot(axis, left);
      for (std::size_t c = 0; c < left.size(); ++c) left[c] -= along * axis[c];
    }
    const double length = std::sqrt(test::dot(left, left));
    for (double& value : left) value /= length;
    const std::vector<double> image = covariance_times(left);
    variance = test::dot(left, image);
    left = image;
  }
  EXPECT_LT(variance, model.explained_variance.back());
}

TEST_F(Pca, Mnist) {
  if (mnist_folder().empty()) GTEST_SKIP() << kNoMnist;
  const Dataset mnist = load_mnist(mnist_folder());
  const Array<std::uint8_t>& images = mnist.train.images;
  Array<float> x(images.shape);
  std::transform(images.values.begin(), images.values.end(), x.values.begin(),
                 [](std::uint8_t value) { return static_cast<float>(value) / 255.f; });
  const PcaModel model = fit(x, 4);
  expect_sound(model, x);
  expect_leading(model, x);
  EXPECT_NEAR(model.explained_variance_ratio[0], 0.0970466, 1e-6);  // as everyone finds
  EXPECT_NEAR(model.explained_variance_ratio[1], 0.0709592, 1e-6);
}

TEST_F(Pca, MnistCodes) {
  const char* folder = std::getenv("HOURGLASS_CODES");
  if (folder == nullptr) GTEST_SKIP() << "no codes: set HOURGLASS_CODES to their folder";
  const Array<float> x = load_npy(std::filesystem::path(folder) / "mnist_codes.npy");
  const PcaModel model = fit(x, 4);
  expect_sound(model, x);
  expect_leading(model, x);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
