#include "manifold/map_solver.hpp"

#include <algorithm>
#include <cmath>
#include <hourglass/error.hpp>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "device/free_memory.hpp"
#include "device/range.hpp"
#include "device/target.hpp"
#include "manifold/affinity_matrix.hpp"
#include "manifold/map_optimizer.hpp"
#include "manifold/neighbors.hpp"
#include "manifold/require_memory.hpp"
#include "manifold/scaled_rows.hpp"
#include "manifold/space_optimizer.hpp"
#include "manifold/square_scale.hpp"
#include "math/context.hpp"
#include "math/rows.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

class TargetMapSolver final : public MapSolver {
 public:
  explicit TargetMapSolver(int device_index) : device_index_(device_index) {}
  ~TargetMapSolver() override {
    if (context_) context_->make_current(std::nothrow);
  }
  TargetMapSolver(const TargetMapSolver&) = delete;
  TargetMapSolver& operator=(const TargetMapSolver&) = delete;

  void find_neighbors(const Samples& x, std::size_t k, std::size_t bytes_of_neighbor,
                      const StopRequest& stop) override {
    rows_ = x.rows();
    const math::Rows& given = math::Rows::of(x.on_device());
    context_ = given.context();
    require_memory(rows_, k, bytes_of_neighbor, device::free_memory());
    scale_ = scale_to_square(given.facts(rows_).largest);
    const ScaledRows scaled(stream(), given.values(), scale_);
    neighbors_ = hourglass::HOURGLASS_TARGET::find_neighbors(*context_, scaled.values(), rows_,
                                                             x.row_size(), k, stop);
  }

  void use_neighbors(const NeighborGraph& graph) override {
    rows_ = graph.indices.rows();
    context_ = std::make_shared<math::Context>(device_index_);
    require_memory(rows_, graph.indices.row_size(), kBytesOfAffinity, device::free_memory());
    scale_ = scale_to_square(*std::ranges::max_element(graph.distances.values));
    std::vector<float> squared = graph.distances.values;
    for (float& distance : squared) distance = (scale_ * distance) * (scale_ * distance);
    neighbors_ = {.k = graph.indices.row_size(),
                  .indices = device::to_device<std::uint32_t>(stream(), graph.indices.values),
                  .squared_distances = device::to_device<float>(stream(), squared)};
  }

  [[nodiscard]] NeighborGraph neighbors() override {
    NeighborGraph graph{.indices = Array<std::uint32_t>({rows_, neighbors_.k}),
                        .distances = Array<float>({rows_, neighbors_.k})};
    device::copy_to_host<std::uint32_t>(stream(), neighbors_.indices.span(), graph.indices.values);
    device::copy_to_host<float>(stream(), neighbors_.squared_distances.span(),
                                graph.distances.values);
    for (float& distance : graph.distances.values) distance = std::sqrt(distance) / scale_;
    return graph;
  }

  void compute_affinities(std::span<const double> perplexities) override {
    affinities_ =
        std::make_unique<AffinityMatrix>(*context_, std::move(neighbors_), rows_, perplexities);
  }

  void begin(const Array<float>& map, const TsneSchedule& schedule,
             const RepulsionOptions& repulsion) override {
    early_iterations_ = schedule.early_iterations;
    done_ = 0;
    watched_until_ = kLong;
    if (map.row_size() == 3) {
      optimizer_ =
          std::make_unique<SpaceOptimizer>(*context_, *affinities_, map, schedule, repulsion);
    } else {
      optimizer_ =
          std::make_unique<MapOptimizer>(*context_, *affinities_, map, schedule, repulsion);
    }
  }

  // On the CPU short enough, a second at most, for who watches or wants to stop, and for a map to
  // be given a larger grid soon after it has outgrown its own; on CUDA long enough that the host's
  // looking costs nothing, but where a map may begin to grow: there one that outgrows its grid is
  // not to stand still for long.
  [[nodiscard]] std::size_t stride() const override {
    constexpr std::size_t kMany = 200'000;
    if (!kOnCuda) return rows_ <= kMany ? kShort : 4;
    if (done_ < watched_until_) return kShort;
    if (done_ >= early_iterations_) return done_ < early_iterations_ + kLong ? kShort : kLong;
    return std::min(kLong, early_iterations_ - done_);
  }

  void advance(std::size_t iterations) override {
    const Range range("iterations");
    const std::size_t overflows = optimizer_->overflows();
    optimizer_->advance(iterations);
    done_ += iterations;
    if (optimizer_->overflows() > overflows) watched_until_ = done_ + kLong;
  }
  [[nodiscard]] double divergence(bool exact) override {
    const Range range("divergence");
    return optimizer_->divergence(exact);
  }
  [[nodiscard]] std::size_t overflows() const override { return optimizer_->overflows(); }
  [[nodiscard]] std::size_t grid_iterations() const override {
    return optimizer_->grid_iterations();
  }
  [[nodiscard]] Array<float> map() override { return optimizer_->map(); }

 private:
  static constexpr std::size_t kShort = 10;
  static constexpr std::size_t kLong = 50;

  device::Stream& stream() { return context_->stream(); }

  int device_index_;
  std::shared_ptr<math::Context> context_;  // of the rows, or of its own
  std::size_t rows_ = 0;
  float scale_ = 1.f;  // of the distances in neighbors_
  Neighbors neighbors_{};
  std::unique_ptr<AffinityMatrix> affinities_;
  std::size_t early_iterations_ = 0;
  std::size_t done_ = 0;
  std::size_t watched_until_ = kLong;  // at the start, and after it has outgrown a grid
  std::unique_ptr<MapDescent> optimizer_;
};

}  // namespace

std::unique_ptr<MapSolver> make_map_solver(int device_index) {
  return std::make_unique<TargetMapSolver>(device_index);
}

}  // namespace hourglass::HOURGLASS_TARGET
