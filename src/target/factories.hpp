// What this target puts into its table. For files that are compiled once for each target.
#pragma once

#include "target/table.hpp"

namespace hourglass::HOURGLASS_TARGET {

[[nodiscard]] std::unique_ptr<Engine> make_layered_engine(Model model, int device_index,
                                                          Precision precision);
/// Why the fused engine cannot train this model here, in fp32, or nothing.
[[nodiscard]] std::string fused_problem(const Model& model, int device_index);
/// Of a model without a fused_problem.
[[nodiscard]] std::unique_ptr<Engine> make_fused_engine(Model model, int device_index);
/// The same of its other half, for models of dense layers.
[[nodiscard]] std::string fused_dense_problem(const Model& model, int device_index);
[[nodiscard]] std::unique_ptr<Engine> make_fused_dense_engine(Model model, int device_index);
[[nodiscard]] std::unique_ptr<PcaSolver> make_pca_solver(const Samples& x, StopRequest stop);
[[nodiscard]] std::unique_ptr<MapSolver> make_map_solver(int device_index);
[[nodiscard]] std::unique_ptr<DeviceRows> upload_rows(int device_index,
                                                      std::span<const float> host);
[[nodiscard]] std::unique_ptr<DeviceRows> adopt_rows(const GpuView<float>& there);
[[nodiscard]] Array<std::uint32_t> neighbor_ranks(const Samples& x,
                                                  const Array<std::uint32_t>& neighbors,
                                                  const StopRequest& stop);
[[nodiscard]] NeighborGraph query_neighbors(const Samples& data, const Samples& queries,
                                            std::size_t k, const StopRequest& stop);
[[nodiscard]] Array<float> place_points(int device_index, const Placement& placement,
                                        const StopRequest& stop);

}  // namespace hourglass::HOURGLASS_TARGET
