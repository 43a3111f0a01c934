#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <hourglass/error.hpp>
#include <hourglass/map_quality.hpp>
#include <hourglass/metric.hpp>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "manifold/dense_reference.hpp"
#include "manifold/sample_data.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

using Labels = std::vector<std::uint8_t>;

class Quality : public OnTarget {
 protected:
  MapQuality judge(const Array<float>& x, const Array<float>& map,
                   const MapQualityOptions& options) {
    return map_quality({x, device()}, {map, device()}, options);
  }
};

Array<float> first_columns(const Array<float>& x, std::size_t columns) {
  Array<float> made({x.rows(), columns});
  for (std::size_t i = 0; i < x.rows(); ++i) {
    std::copy_n(x.row(i).begin(), columns, made.row(i).begin());
  }
  return made;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// ---- plain definitions -------------------------------------------------------------------------

/// For each row how many of its k nearest in `a` are not as near in `b`, each by how far.
std::vector<double> plain_kept(const Array<float>& a, const Array<float>& b, std::size_t k) {
  const auto n = static_cast<double>(a.rows());
  const auto kd = static_cast<double>(k);
  std::vector<double> kept;
  for (std::size_t i = 0; i < a.rows(); ++i) {
    const auto near = test::dense_neighbors(a, i, k);
    const auto order = test::dense_neighbors(b, i, b.rows() - 1);
    double missed = 0.0;
    for (const std::uint32_t j : near) {
      const auto rank = static_cast<double>(std::ranges::find(order, j) - order.begin()) + 1.0;
      missed += std::max(rank - kd, 0.0);
    }
    kept.push_back(1.0 - 2.0 * missed / (kd * (2.0 * n - 3.0 * kd - 1.0)));
  }
  return kept;
}

std::vector<double> plain_recall(const Array<float>& x, const Array<float>& map, std::size_t k) {
  std::vector<double> shares;
  for (std::size_t i = 0; i < x.rows(); ++i) {
    const auto wanted = test::dense_neighbors(x, i, k);
    const auto found = test::dense_neighbors(map, i, k);
    const auto kept = std::ranges::count_if(
        wanted, [&](std::uint32_t j) { return std::ranges::find(found, j) != found.end(); });
    shares.push_back(static_cast<double>(kept) / static_cast<double>(k));
  }
  return shares;
}

std::vector<double> plain_silhouettes(const Array<float>& map, const Labels& labels) {
  std::vector<double> result;
  for (std::size_t i = 0; i < map.rows(); ++i) {
    std::vector<double> sum(256), size(256);
    for (std::size_t j = 0; j < map.rows(); ++j) {
      sum[labels[j]] += std::sqrt(test::squared_distance(map.row(i), map.row(j)));
      size[labels[j]] += 1.0;
    }
    double other = std::numeric_limits<double>::infinity();
    for (std::size_t label = 0; label < 256; ++label) {
      if (label != labels[i] && size[label] > 0.0)
        other = std::min(other, sum[label] / size[label]);
    }
    const double own = sum[labels[i]] / (size[labels[i]] - 1.0);
    const double larger = std::max(own, other);
    result.push_back(size[labels[i]] < 2.0 || larger == 0.0 ? 0.0 : (other - own) / larger);
  }
  return result;
}

/// Of all pairs; ranks by counting.
double plain_spearman(const Array<float>& x, const Array<float>& map) {
  std::vector<double> ranks[2];
  for (const auto& [array, to] : {std::pair{&x, &ranks[0]}, std::pair{&map, &ranks[1]}}) {
    std::vector<double> squared;
    for (std::size_t i = 0; i < x.rows(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        squared.push_back(test::squared_distance(array->row(i), array->row(j)));
      }
    }
    for (const double own : squared) {
      const auto below = std::ranges::count_if(squared, [&](double d) { return d < own; });
      const auto same = std::ranges::count(squared, own);
      to->push_back(static_cast<double>(below) + 0.5 * static_cast<double>(same - 1));
    }
  }
  const double middle_x = mean(ranks[0]);
  const double middle_map = mean(ranks[1]);
  double both = 0.0, of_x = 0.0, of_map = 0.0;
  for (std::size_t n = 0; n < ranks[0].size(); ++n) {
    both += (ranks[0][n] - middle_x) * (ranks[1][n] - middle_map);
    of_x += std::pow(ranks[0][n] - middle_x, 2);
    of_map += std::pow(ranks[1][n] - middle_map, 2);
  }
  return both / std::sqrt(of_x * of_map);
}

// ---- tests -------------------------------------------------------------------------------------

/// By scikit-learn 1.9.1 and SciPy, of x = lattice(rows, columns) and map = x[:, :2]:
/// trustworthiness(x, map, n_neighbors=k) and (map, x), spearmanr(pdist(x), pdist(map)),
/// silhouette_score(map, labels), and of row 7 alone.
struct KnownQuality {
  std::size_t rows;
  std::size_t columns;
  std::size_t k;
  double trustworthiness;
  double continuity;
  double distance_correlation;
  double silhouette;
  double silhouette_of_row_7;
};
constexpr KnownQuality kKnownQualities[] = {
    {300, 3, 10, 0.8838394844756884, 0.9785928529584066, 0.8809063400332099, -0.04200471933437426,
     -0.14543649038650525},
    {301, 20, 5, 0.6590749832753167, 0.7671788010386311, 0.4624769518168563, -0.04272030894465437,
     -0.14543649038650525},
    {157, 2, 7, 1.0, 1.0, 1.0, -0.04053755149747578, -0.20840068221900385},
    {23, 4, 3, 0.8043478260869565, 0.893719806763285, 0.8012978120817903, -0.16076002242646265,
     0.06386111797169228},
};

TEST_F(Quality, AgreesWithScikitLearn) {
  for (const KnownQuality& known : kKnownQualities) {
    SCOPED_TRACE(known.rows);
    const auto [x, labels] = test::lattice(known.rows, known.columns);
    const auto quality =
        judge(x, first_columns(x, 2), {.neighbors = known.k, .labels = labels, .per_row = true});
    EXPECT_NEAR(quality.trustworthiness, known.trustworthiness, 1e-12);
    EXPECT_NEAR(quality.continuity, known.continuity, 1e-12);
    EXPECT_NEAR(quality.distance_correlation, known.distance_correlation, 1e-12);
    ASSERT_TRUE(quality.silhouette);
    EXPECT_NEAR(*quality.silhouette, known.silhouette, 1e-12);
    EXPECT_NEAR(quality.of_rows.silhouette[7], known.silhouette_of_row_7, 1e-12);
    EXPECT_EQ(quality.rows, known.rows);
    EXPECT_EQ(quality.pairs, known.rows * (known.rows - 1) / 2);
  }
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-12) << i;
}

TEST_F(Quality, IsThatOfItsDefinitions) {
  for (const std::size_t rows : {5U, 40U, 130U}) {
    for (const bool duplicates : {false, true}) {
      SCOPED_TRACE(std::to_string(rows) + (duplicates ? ", duplicates" : ""));
      auto x = test::blob_data(rows, 6, 3, 2.0);
      if (duplicates) {  // whole numbers: ties, of distances too
        for (float& value : x.values) value = std::round(value);
      }
      const auto map = first_columns(x, 3);
      Labels labels(rows);
      for (std::size_t i = 1; i < rows; ++i) labels[i] = static_cast<std::uint8_t>(7 + i % 3);
      for (const std::size_t k : {std::size_t{1}, std::size_t{2}, (rows - 1) / 2}) {
        if (2 * k >= rows) continue;
        const auto quality = judge(x, map, {.neighbors = k, .labels = labels, .per_row = true});
        expect_near(quality.of_rows.continuity, plain_kept(x, map, k));
        // Among duplicates single precision's ranks are what they are.
        if (!duplicates) expect_near(quality.of_rows.trustworthiness, plain_kept(map, x, k));
        expect_near(quality.of_rows.neighbor_recall, plain_recall(x, map, k));
        expect_near(quality.of_rows.silhouette, plain_silhouettes(map, labels));
        EXPECT_EQ(quality.of_rows.silhouette[0], 0.0) << "alone";
        EXPECT_NEAR(quality.trustworthiness, mean(quality.of_rows.trustworthiness), 1e-12);
        EXPECT_NEAR(quality.continuity, mean(quality.of_rows.continuity), 1e-12);
        EXPECT_NEAR(quality.neighbor_recall, mean(quality.of_rows.neighbor_recall), 1e-12);
        EXPECT_NEAR(*quality.silhouette, mean(quality.of_rows.silhouette), 1e-12);
        EXPECT_NEAR(quality.distance_correlation, plain_spearman(x, map), 1e-12);
      }
    }
  }
}

/// Around 0 in pairs, and coarse: single precision has no distance between them wrong.
Array<float> mirrored(std::size_t rows, std::size_t columns) {
  auto x = test::normal_data(rows, columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t f = 0; f < columns; ++f) {
      float& value = x.row(i)[f];
      value = i % 2 == 1 ? -x.row(i - 1)[f] : i + 1 == rows ? 0.f : std::round(16.f * value) / 16.f;
    }
  }
  return x;
}

// Products come in tiles of 256 rows.
TEST_F(Quality, TrustworthinessAboutTheEdgesOfTiles) {
  for (const std::size_t rows : {255U, 256U, 257U}) {
    const auto x = mirrored(rows, 7);
    const auto map = first_columns(x, 2);
    EXPECT_NEAR(judge(x, map, {.neighbors = 12, .pairs = 1}).trustworthiness,
                mean(plain_kept(map, x, 12)), 1e-12)
        << rows << " rows";
  }
}

// Single precision cannot order these: a spacing of 2e-4 on an offset of 1000.
TEST_F(Quality, AnOffsetDoesNotBlurNeighbors) {
  auto x = test::normal_data(500, 2);
  for (float& value : x.values) value = 1000.f + 0.05f * value;
  const auto map = first_columns(x, 1);
  const auto quality = judge(x, map, {.neighbors = 5, .pairs = 1, .per_row = true});
  EXPECT_NEAR(quality.trustworthiness, mean(plain_kept(map, x, 5)), 1e-5);
  expect_near(quality.of_rows.continuity, plain_kept(x, map, 5));
}

TEST_F(Quality, RowsMayHaveMoreThanOneDimension) {
  const auto x = test::normal_data(100, 12);
  EXPECT_EQ(judge(Array<float>({100, 3, 2, 2}, x.values), x, {}).trustworthiness, 1.0);
}

TEST_F(Quality, OfItselfIsOne) {
  const auto x = test::normal_data(200, 3);
  const auto quality = judge(x, x, {});
  EXPECT_EQ(quality.trustworthiness, 1.0);
  EXPECT_EQ(quality.continuity, 1.0);
  EXPECT_EQ(quality.neighbor_recall, 1.0);
  EXPECT_NEAR(quality.distance_correlation, 1.0, 1e-12);
  EXPECT_FALSE(quality.silhouette);
  EXPECT_TRUE(quality.of_rows.continuity.empty()) << "nobody asked";
}

TEST_F(Quality, IsTheSameAtAnyScale) {
  const auto x = test::normal_data(150, 7);
  const auto map = first_columns(x, 2);
  const auto expected = judge(x, map, {.per_row = true});
  for (const float scale : {0x1p-100f, 0x1p-50f, 0x1p50f, 0x1p100f}) {  // change no digit
    SCOPED_TRACE(scale);
    const auto scaled = [&](Array<float> values) {
      for (float& value : values.values) value *= scale;
      return values;
    };
    const auto quality = judge(scaled(x), scaled(map), {.per_row = true});
    EXPECT_EQ(quality.of_rows.trustworthiness, expected.of_rows.trustworthiness);
    EXPECT_EQ(quality.of_rows.continuity, expected.of_rows.continuity);
    EXPECT_EQ(quality.of_rows.neighbor_recall, expected.of_rows.neighbor_recall);
    EXPECT_EQ(quality.distance_correlation, expected.distance_correlation);
  }
}

// Rows that were left on the device come to the host once, though all threads want them.
TEST_F(Quality, OfRowsInAMetricIsThatOfUnitRows) {
  const auto x = test::normal_data(200, 8);
  const auto map = first_columns(x, 2);
  const auto unit = in_metric({x, device()}, Metric::cosine);
  const auto expected =
      judge(Array<float>(x.shape, {unit.host().values.begin(), unit.host().values.end()}), map,
            {.per_row = true});
  for (int again = 0; again < 20; ++again) {
    const auto quality =
        map_quality(in_metric({x, device()}, Metric::cosine), {map, device()}, {.per_row = true});
    EXPECT_EQ(quality.of_rows.trustworthiness, expected.of_rows.trustworthiness);
    EXPECT_EQ(quality.of_rows.neighbor_recall, expected.of_rows.neighbor_recall);
  }
}

TEST_F(Quality, PairsAreDrawnFromASeed) {
  const auto x = test::normal_data(400, 5);
  const auto map = first_columns(x, 2);
  const auto correlation = [&](std::size_t pairs, std::uint64_t seed) {
    const auto quality = judge(x, map, {.pairs = pairs, .seed = seed});
    EXPECT_EQ(quality.pairs, std::min<std::size_t>(pairs, 400 * 399 / 2));
    return quality.distance_correlation;
  };
  const double all = correlation(80'000, 0);
  EXPECT_EQ(all, correlation(80'000, 1)) << "all pairs need no seed";
  EXPECT_EQ(correlation(20'000, 1), correlation(20'000, 1));
  EXPECT_NE(correlation(20'000, 1), correlation(20'000, 2));
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    EXPECT_NEAR(correlation(20'000, seed), all, 0.02) << "four standard deviations";
  }
}

TEST_F(Quality, LooksAtTheFirstRows) {
  const auto [x, labels] = test::lattice(300, 6);
  const auto map = first_columns(x, 2);
  const auto first = [](const Array<float>& all) {
    Array<float> some({100, all.row_size()});
    std::copy_n(all.values.begin(), some.size(), some.values.begin());
    return some;
  };
  const auto some = judge(x, map, {.rows = 100, .labels = labels});
  const auto alone = judge(first(x), first(map), {.labels = std::span(labels).first(100)});
  EXPECT_EQ(some.rows, 100U);
  EXPECT_EQ(some.trustworthiness, alone.trustworthiness);
  EXPECT_EQ(some.continuity, alone.continuity);
  EXPECT_EQ(some.neighbor_recall, alone.neighbor_recall);
  EXPECT_EQ(some.distance_correlation, alone.distance_correlation);
  EXPECT_EQ(*some.silhouette, *alone.silhouette);
}

TEST_F(Quality, BadInputIsAnError) {
  const auto x = test::normal_data(40, 3);
  const auto map = test::normal_data(40, 2);
  const auto expect_error = [&](const Array<float>& data, const Array<float>& points,
                                const MapQualityOptions& options, const std::string& words) {
    EXPECT_THAT([&] { (void)judge(data, points, options); },
                ThrowsMessage<Error>(HasSubstr(words)));
  };
  expect_error(x, test::normal_data(39, 2), {}, "the map has 39 rows, and what it maps has 40");
  expect_error(x, map, {.neighbors = 0}, "fewer than half");
  expect_error(x, map, {.neighbors = 20}, "fewer than half");
  expect_error(x, map, {.rows = 30}, "15 neighbours of each of 30 rows");
  expect_error(x, map, {.pairs = 0}, "at least 1 pair");
  const Labels few(39), same(40, 3);
  Labels different(40);
  std::iota(different.begin(), different.end(), std::uint8_t{0});
  expect_error(x, map, {.labels = few}, "40 rows, but 39 labels");
  expect_error(x, map, {.labels = same}, "40 rows have 1");
  expect_error(x, map, {.labels = different}, "40 rows have 40");
  auto bad = map;
  bad.row(3)[1] = std::nanf("");
  expect_error(x, bad, {}, "map: row 3, column 1 is not finite");
  expect_error(Array<float>({40, 3}, std::vector<float>(120, 1.f)), map, {},
               "data: all 40 rows are the same");
  EXPECT_THROW((void)judge(x, map, {.stop = [] { return true; }}), Stopped);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
