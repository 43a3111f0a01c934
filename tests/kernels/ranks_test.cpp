#include "kernels/neighbors/ranks.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/on_target.hpp"
#include "support/random_values.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using Indices = std::vector<std::uint32_t>;

class Ranks : public KernelTest {};
INSTANTIATE_TEST_SUITE_P(EveryWay, Ranks, every_way(), way_name);

constexpr std::uint32_t kUnwritten = 0xFFFFFFFF;

TEST_P(Ranks, CountWhoComesBefore) {
  for (const std::size_t columns : {2U, 15U, 16U, 17U, 31U, 33U, 512U, 515U}) {
    for (const std::size_t k : {1U, 3U}) {
      const std::size_t first_row = columns / 2;
      const std::size_t rows = columns - first_row;
      // Few different values: many ties, which go by index.
      std::vector<float> products = test::random_values(rows * columns, 0.f, 6.f, 1);
      std::vector<float> norms = test::random_values(columns, 0.f, 3.f, 2);
      for (float& value : products) value = static_cast<float>(static_cast<int>(value));
      for (float& value : norms) value = static_cast<float>(static_cast<int>(value));
      Indices neighbors(rows * k);
      for (std::size_t i = 0; i < neighbors.size(); ++i) {
        const std::size_t self = first_row + i / k;
        neighbors[i] = static_cast<std::uint32_t>((self + 1 + i * 5 % (columns - 1)) % columns);
      }
      Indices expected(rows * k);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const float* row = products.data() + i / k * columns;
        const std::uint32_t neighbor = neighbors[i];
        const float own = norms[neighbor] - 2.f * row[neighbor];
        expected[i] = 1;
        for (std::uint32_t c = 0; c < columns; ++c) {
          const float other = norms[c] - 2.f * row[c];
          if (c == first_row + i / k) continue;
          if (other < own || (other == own && c < neighbor)) ++expected[i];
        }
      }
      expected.insert(expected.end(), kTail, kUnwritten);

      const auto device_products = to_device(products);
      const auto device_norms = to_device(norms);
      const auto device_neighbors = to_device(neighbors);
      auto ranks = to_device(Indices(rows * k + kTail, kUnwritten));
      run([&] {
        kernels::neighbor_ranks(stream(), device_products.data(), device_norms.data(), first_row,
                                rows, columns, device_neighbors.data(), k, ranks.data());
      });
      ASSERT_EQ(to_host(ranks), expected) << columns << " columns, k " << k;
    }
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
