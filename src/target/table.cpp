#include "target/table.hpp"

#include <hourglass/neighbors.hpp>

#include "autoencoder/engine.hpp"
#include "data/device_rows.hpp"
#include "decomposition/pca_solver.hpp"
#include "manifold/map_solver.hpp"
#include "manifold/placement.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {

extern const Target kTarget;
const Target kTarget{.make_layered_engine = make_layered_engine,
                     .fused_problem = fused_problem,
                     .make_fused_engine = make_fused_engine,
                     .fused_dense_problem = fused_dense_problem,
                     .make_fused_dense_engine = make_fused_dense_engine,
                     .make_pca_solver = make_pca_solver,
                     .make_map_solver = make_map_solver,
                     .upload_rows = upload_rows,
                     .adopt_rows = adopt_rows,
                     .neighbor_ranks = neighbor_ranks,
                     .query_neighbors = query_neighbors,
                     .place_points = place_points};

}  // namespace hourglass::HOURGLASS_TARGET
