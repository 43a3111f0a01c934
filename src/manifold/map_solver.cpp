#include "manifold/map_solver.hpp"

#include <algorithm>
#include <cmath>
#include <hourglass/error.hpp>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "device/range.hpp"
#include "device/target.hpp"
#include "manifold/affinity_matrix.hpp"
#include "manifold/map_optimizer.hpp"
#include "manifold/neighbors.hpp"
#include "math/context.hpp"
#include "math/rows.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

/// Squares of values far from one leave the range of float. A power of two brings those back
/// without changing a digit; 1 where no value needs it.
float scale_to_square(std::span<const float> values) {
  constexpr int kSafeExponent = 40;
  float largest = 0.f;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  int exponent = 0;
  std::frexp(largest, &exponent);
  if (largest == 0.f || std::abs(exponent) <= kSafeExponent) return 1.f;
  return std::ldexp(1.f, std::min(-exponent, 126));
}

std::vector<float> scaled(std::span<const float> values, float scale) {
  std::vector<float> result(values.size());
  std::ranges::transform(values, result.begin(), [scale](float value) { return scale * value; });
  return result;
}

class TargetMapSolver final : public MapSolver {
 public:
  explicit TargetMapSolver(int device_index) : context_(device_index) {}
  ~TargetMapSolver() override { context_.make_current(std::nothrow); }
  TargetMapSolver(const TargetMapSolver&) = delete;
  TargetMapSolver& operator=(const TargetMapSolver&) = delete;

  void find_neighbors(const Samples& x, std::size_t k, const StopRequest& stop) override {
    rows_ = x.rows();
    scale_ = scale_to_square(x.host().values);
    std::span<const float> values = math::Rows::of(x.on_device()).values();
    device::Buffer<float> own;
    if (scale_ != 1.f) {
      own = device::to_device<float>(context_.stream(), scaled(x.host().values, scale_));
      values = own.span();
    }
    neighbors_ =
        hourglass::HOURGLASS_TARGET::find_neighbors(context_, values, rows_, x.row_size(), k, stop);
  }

  void use_neighbors(const NeighborGraph& graph) override {
    rows_ = graph.indices.rows();
    scale_ = scale_to_square(graph.distances.values);
    std::vector<float> squared = scaled(graph.distances.values, scale_);
    for (float& distance : squared) distance *= distance;
    neighbors_ = {
        .k = graph.indices.row_size(),
        .indices = device::to_device<std::uint32_t>(context_.stream(), graph.indices.values),
        .squared_distances = device::to_device<float>(context_.stream(), squared)};
  }

  [[nodiscard]] NeighborGraph neighbors() override {
    NeighborGraph graph{.indices = Array<std::uint32_t>({rows_, neighbors_.k}),
                        .distances = Array<float>({rows_, neighbors_.k})};
    device::copy_to_host<std::uint32_t>(context_.stream(), neighbors_.indices.span(),
                                        graph.indices.values);
    device::copy_to_host<float>(context_.stream(), neighbors_.squared_distances.span(),
                                graph.distances.values);
    for (float& distance : graph.distances.values) distance = std::sqrt(distance) / scale_;
    return graph;
  }

  void compute_affinities(double perplexity) override {
    affinities_ = std::make_unique<AffinityMatrix>(context_, neighbors_, rows_, perplexity);
    neighbors_ = {};  // the memory is wanted for the map
  }

  void begin(const Array<float>& map, const TsneSchedule& schedule,
             const RepulsionOptions& repulsion) override {
    optimizer_ = std::make_unique<MapOptimizer>(context_, *affinities_, map, schedule, repulsion);
  }

  // On the CPU short enough, a second at most, for who watches or wants to stop, and for a map to
  // be given a larger grid soon after it has outgrown its own; on CUDA long enough that the host's
  // looking costs nothing.
  [[nodiscard]] std::size_t stride() const override {
    constexpr std::size_t kMany = 200'000;
    return kOnCuda ? 50 : rows_ <= kMany ? 10 : 4;
  }

  void advance(std::size_t iterations) override {
    const Range range("iterations");
    optimizer_->advance(iterations);
  }
  [[nodiscard]] double divergence(bool exact) override {
    const Range range("divergence");
    return optimizer_->divergence(exact);
  }
  [[nodiscard]] std::size_t overflows() const override { return optimizer_->overflows(); }
  [[nodiscard]] Array<float> map() override { return optimizer_->map(); }

 private:
  math::Context context_;
  std::size_t rows_ = 0;
  float scale_ = 1.f;  // of the distances in neighbors_
  Neighbors neighbors_{};
  std::unique_ptr<AffinityMatrix> affinities_;
  std::unique_ptr<MapOptimizer> optimizer_;
};

}  // namespace

std::unique_ptr<MapSolver> make_map_solver(int device_index) {
  return std::make_unique<TargetMapSolver>(device_index);
}

}  // namespace hourglass::HOURGLASS_TARGET
