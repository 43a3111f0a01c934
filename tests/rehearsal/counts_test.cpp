// What the host asks of a GPU, counted: kernels, calls of the runtime and of libraries, waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <hourglass/samples.hpp>
#include <memory>
#include <vector>

#include "manifold/map_solver.hpp"
#include "manifold/require_memory.hpp"
#include "manifold/sample_data.hpp"
#include "rehearsal/core/call.hpp"
#include "rehearsal/runtime/gpu.hpp"
#include "target/factories.hpp"

namespace hourglass {
namespace {

using rehearsal::Counts;

/// What has happened since it was made, without what has not.
class Counting {
 public:
  [[nodiscard]] Counts so_far() const {
    Counts since;
    for (const auto& [what, count] : rehearsal::counts()) {
      const auto earlier = before_.find(what);
      const std::size_t more = count - (earlier == before_.end() ? 0 : earlier->second);
      if (more > 0) since[what] = more;
    }
    return since;
  }

 private:
  Counts before_ = rehearsal::counts();
};

class Counted : public testing::Test {
 protected:
  Counted() : thread_by_thread_(rehearsal::thread_by_thread) { rehearsal::thread_by_thread = 0; }
  ~Counted() override { rehearsal::thread_by_thread = thread_by_thread_; }

  const Device device_ = select_device("cuda");

 private:
  std::size_t thread_by_thread_;
};

/// A map on a grid, in the host's own strides.
class CountedMap : public Counted {
 protected:
  static constexpr std::size_t kRows = 1200;
  static constexpr std::size_t kEarly = 250;  // iterations

  CountedMap() : solver_(cuda::make_map_solver(device_.index)) {
    const std::vector<double> perplexities{10.0};
    solver_->find_neighbors(Samples(test::blob_data(kRows, 8, 10, 6.0), device_), 30,
                            kBytesOfAffinity, {});
    solver_->compute_affinities(perplexities);
    Array<float> map({kRows, 2});
    const auto places = test::blob_map(kRows, 1e-3);
    for (std::size_t i = 0; i < kRows; ++i) {
      map.row(i)[0] = static_cast<float>(places[i].x);
      map.row(i)[1] = static_cast<float>(places[i].y);
    }
    solver_->begin(map, {.early_iterations = kEarly, .learning_rate = 50.0}, {.exact_points = 0});
  }

  /// To so many iterations; returns how many there were to a stride.
  std::vector<std::size_t> advance_to(std::size_t iterations) {
    std::vector<std::size_t> strides;
    while (done_ < iterations) {
      strides.push_back(std::min(solver_->stride(), iterations - done_));
      solver_->advance(strides.back());
      done_ += strides.back();
    }
    return strides;
  }

  std::unique_ptr<MapSolver> solver_;
  std::size_t done_ = 0;
};

// But where a map is given another grid.
TEST_F(CountedMap, FiftyIterationsAreFiveKernelsEachOneLaunchAndOneWait) {
  advance_to(50);
  std::size_t on_the_same_grid = 0;
  while (done_ < kEarly) {
    const Counting counting;
    EXPECT_EQ(advance_to(done_ + 50), std::vector<std::size_t>{50});
    const Counts counts = counting.so_far();
    if (counts.contains("cudaGraphInstantiate")) continue;
    EXPECT_EQ(counts, (Counts{{"cudaGraphLaunch", 1},
                              {"cudaMemcpyAsync", 1},        // how wide it is
                              {"cudaStreamSynchronize", 1},  // which finds that there
                              {"kernels", 50 * 5},
                              {"waits", 1}}));
    ++on_the_same_grid;
  }
  EXPECT_GT(on_the_same_grid, 0U);
}

// It grows fast where exaggeration ends, by half and more in ten iterations, and kernels that find
// no room do nothing for the rest of a stride: of ten iterations at most. (By strides of 50 three
// grids are too small, and up to 49 iterations are lost each time.)
TEST_F(CountedMap, AMapSoonHasRoomWhereExaggerationEnds) {
  const auto width = [&] {
    const auto map = solver_->map();
    float low = 0.f;
    float high = 0.f;
    for (const float value : map.values) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
    return high - low;
  };
  advance_to(kEarly);
  const float early = width();
  const std::size_t overflows = solver_->overflows();
  const auto strides = advance_to(kEarly + 100);
  EXPECT_GT(width(), 3.f * early) << "a test of growth without growth";
  EXPECT_LE(solver_->overflows() - overflows, 2U);
  EXPECT_THAT(std::vector(strides.begin(), strides.begin() + 5), testing::Each(10U));
}

// A level of the tree is two kernels and a sort; all else is the same for any number of rows.
TEST_F(Counted, NeighboursAreAtMostFiftyKernels) {
  constexpr std::size_t kLevels[] = {4, 6};
  for (const std::size_t levels : kLevels) {
    const std::size_t rows = (std::size_t{128} << levels) - 100;
    const Samples x(test::normal_data(rows, 6), device_);
    const auto solver = cuda::make_map_solver(device_.index);
    const Counting counting;
    solver->find_neighbors(x, 15, kBytesOfNeighbor, {});
    Counts counts = counting.so_far();
    EXPECT_EQ(counts["thrust"], levels) << rows;
    EXPECT_EQ(counts["kernels"], 21 + 2 * levels) << rows;
    EXPECT_LE(counts["kernels"], 50U) << rows;
  }
}

}  // namespace
}  // namespace hourglass
