# What is compiled once for each target, into hourglass::cpu or hourglass::cuda.

# One op a file: kernel and launcher. nvcc compiles them for CUDA, the host compiler for the CPU.
set(HOURGLASS_KERNELS
    kernels/affinities/mix.cu
    kernels/affinities/pack.cu
    kernels/affinities/perplexity.cu
    kernels/affinities/symmetrize.cu
    kernels/columns/centre.cu
    kernels/columns/copy.cu
    kernels/columns/equal_rows.cu
    kernels/columns/facts.cu
    kernels/columns/means.cu
    kernels/columns/unit_rows.cu
    kernels/data/corrupt.cu
    kernels/data/gather.cu
    kernels/data/shuffle.cu
    kernels/fused/infer.cu
    kernels/fused/train.cu
    kernels/fused_dense/train.cu
    kernels/gram/accumulate.cu
    kernels/gram/diagonal.cu
    kernels/layers/activation.cu
    kernels/layers/bias_gradient.cu
    kernels/layers/loss.cu
    kernels/layers/max_pool.cu
    kernels/layers/swap_inner.cu
    kernels/layers/upsample.cu
    kernels/neighbors/cells.cu
    kernels/neighbors/queries.cu
    kernels/neighbors/ranks.cu
    kernels/neighbors/search.cu
    kernels/optimizer/adam.cu
    kernels/optimizer/training_state.cu
    kernels/space/convolve.cu
    kernels/space/gather.cu
    kernels/space/move.cu
    kernels/space/repulsion.cu
    kernels/space/spread.cu
    kernels/tsne/convolve.cu
    kernels/tsne/move.cu
    kernels/tsne/near_field.cu
    kernels/tsne/order.cu
    kernels/tsne/place.cu
    kernels/tsne/repulsion.cu
    kernels/tsne/spread.cu)

# What calls kernels and libraries: plain C++ for both targets.
set(HOURGLASS_PER_TARGET
    src/autoencoder/fused_engine.cpp
    src/autoencoder/fused_network.cpp
    src/autoencoder/fused_dense_engine.cpp
    src/autoencoder/fused_dense_network.cpp
    src/autoencoder/fused_dense_training.cpp
    src/autoencoder/layered_engine.cpp
    src/autoencoder/layers.cpp
    src/autoencoder/network.cpp
    src/decomposition/pca_solver.cpp
    src/manifold/affinity_matrix.cpp
    src/manifold/frozen_field.cpp
    src/manifold/line_tables.cpp
    src/manifold/map_optimizer.cpp
    src/manifold/map_order.cpp
    src/manifold/near_field.cpp
    src/manifold/neighbor_ranks.cpp
    src/manifold/neighbors.cpp
    src/manifold/packed_affinities.cpp
    src/manifold/placement.cpp
    src/manifold/principal_frame.cpp
    src/manifold/query_neighbors.cpp
    src/manifold/repulsion_grid.cpp
    src/manifold/space_grid.cpp
    src/manifold/space_optimizer.cpp
    src/math/leading_eigen.cpp
    src/math/rows.cpp
    src/target/table.cpp
    src/manifold/map_solver.cpp)

# CUDA's words on the host.
set(HOURGLASS_EMULATION
    kernels/simt/emulator.cpp
    kernels/simt/fiber.cpp
    kernels/simt/host.cpp)

set(HOURGLASS_ONLY_CPU
    ${HOURGLASS_EMULATION}
    kernels/simt/launch_host.cpp
    src/device/runtime_cpu.cpp
    src/math/context_cpu.cpp
    src/math/convolution_onednn.cpp
    src/math/dense_cpu.cpp
    src/math/matrix_cpu.cpp
    src/math/sort_std.cpp)

set(HOURGLASS_ONLY_CUDA
    kernels/simt/launch_cuda.cpp
    src/device/runtime_cuda.cpp
    src/math/context_cuda.cpp
    src/math/convolution_cudnn.cpp
    src/math/dense_cublaslt.cpp
    src/math/library_versions_cuda.cpp
    src/math/matrix_cuda.cpp
    src/math/sort_thrust.cu)

foreach(list HOURGLASS_KERNELS HOURGLASS_PER_TARGET HOURGLASS_EMULATION HOURGLASS_ONLY_CPU
             HOURGLASS_ONLY_CUDA)
  list(TRANSFORM ${list} PREPEND ${CMAKE_CURRENT_LIST_DIR}/../)
endforeach()
