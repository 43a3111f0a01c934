#include "kernels/tsne/repulsion.cuh"
#include "kernels/tsne/repulsion.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

std::size_t repulsion_parts(std::size_t points) {
  return exact_repulsion_shape<Point>(points).grid.y;
}

std::size_t repulsion_partial_count(std::size_t points) {
  return exact_repulsion_shape<Point>(points).grid.count();
}

void exact_repulsion(simt::StreamHandle stream, const Points& points, std::size_t count,
                     const Geometry* geometry, Point* forces, std::span<double> normalizers,
                     Tail tail) {
  launch_exact_repulsion(stream, points, count, geometry, forces, normalizers, tail);
}

void begin_iteration(simt::StreamHandle stream, std::size_t points, std::span<const Box> boxes,
                     Geometry* geometry) {
  launch_begin_iteration(stream, points, boxes, geometry);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
