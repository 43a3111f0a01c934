// What each target gives the public API, and the one place that chooses between the targets.
#pragma once

#include <cstdint>
#include <hourglass/array.hpp>
#include <hourglass/device.hpp>
#include <hourglass/gpu_view.hpp>
#include <hourglass/model.hpp>
#include <hourglass/stop.hpp>
#include <memory>
#include <span>
#include <string>

namespace hourglass {

class DeviceRows;
class Engine;
class MapSolver;
class PcaSolver;
class Samples;
struct NeighborGraph;
struct Placement;

/// Functions work on the device whose index they take, or where their rows are.
struct Target {
  std::unique_ptr<Engine> (*make_layered_engine)(Model model, int device_index,
                                                 Precision precision);
  /// Why the fused engine cannot train this model here, or nothing.
  std::string (*fused_problem)(const Model& model, int device_index);
  /// Of a model without a fused_problem.
  std::unique_ptr<Engine> (*make_fused_engine)(Model model, int device_index);
  /// The same of its other half, for models of dense layers.
  std::string (*fused_dense_problem)(const Model& model, int device_index);
  std::unique_ptr<Engine> (*make_fused_dense_engine)(Model model, int device_index);
  std::unique_ptr<PcaSolver> (*make_pca_solver)(const Samples& x, StopRequest stop);
  std::unique_ptr<MapSolver> (*make_map_solver)(int device_index);
  std::unique_ptr<DeviceRows> (*upload_rows)(int device_index, std::span<const float> host);
  /// Of rows in the memory of this target's GPU.
  std::unique_ptr<DeviceRows> (*adopt_rows)(const GpuView<float>& there);
  /// For neighbors (rows, k): the place of each among its row's others, by distance in the first
  /// `rows` rows of x.
  Array<std::uint32_t> (*neighbor_ranks)(const Samples& x, const Array<std::uint32_t>& neighbors,
                                         const StopRequest& stop);
  /// The k nearest rows of data to each query; both on this target, 1 <= k <= data's rows.
  NeighborGraph (*query_neighbors)(const Samples& data, const Samples& queries, std::size_t k,
                                   const StopRequest& stop);
  /// Where each point of a placement comes to lie.
  Array<float> (*place_points)(int device_index, const Placement& placement,
                               const StopRequest& stop);
};

/// The table of the target that `device` belongs to. Throws Error if this build lacks it.
[[nodiscard]] const Target& target_of(const Device& device);

}  // namespace hourglass
