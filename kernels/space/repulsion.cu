#include "kernels/space/boxes.cuh"
#include "kernels/space/repulsion.hpp"
#include "kernels/tsne/repulsion.cuh"

namespace hourglass::HOURGLASS_TARGET::kernels {

void exact_repulsion(simt::StreamHandle stream, const SpacePoints& points, std::size_t count,
                     const SpaceGeometry* geometry, SpacePoint* forces,
                     std::span<double> normalizers, Tail tail) {
  launch_exact_repulsion(stream, points, count, geometry, forces, normalizers, tail);
}

void begin_iteration(simt::StreamHandle stream, std::size_t points, std::span<const SpaceBox> boxes,
                     SpaceGeometry* geometry) {
  launch_begin_iteration(stream, points, boxes, geometry);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
