#include "kernels/data/gather.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

// One block an image: the order is read once, the pixels are adjacent.
template <class Pixel>
__global__ void gather_images_kernel(const Pixel* __restrict__ images, Selection selection,
                                     std::uint32_t image_size, float* __restrict__ batch) {
  std::uint64_t image = selection.first + blockIdx.x;
  if (selection.position != nullptr) image += *selection.position;
  if (selection.order != nullptr) image = selection.order[image] & 0xffffffffu;
  const Pixel* from = images + image * image_size;
  float* to = batch + std::size_t{blockIdx.x} * image_size;
  for (const auto i : simt::block_elements(image_size)) to[i] = to_unit(from[i]);
}

template <class Pixel>
void launch_gather(simt::StreamHandle stream, const Pixel* images, Selection selection,
                   std::size_t count, std::size_t image_size, float* batch) {
  simt::launch(stream, simt::per_block(count, 256), gather_images_kernel<Pixel>, images, selection,
               simt::narrow(image_size), batch);
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void gather_images(simt::StreamHandle stream, const Pixels& images, Selection selection,
                   std::size_t count, std::size_t image_size, float* batch) {
  if (images.bytes != nullptr) {
    launch_gather(stream, images.bytes, selection, count, image_size, batch);
  } else {
    launch_gather(stream, images.floats, selection, count, image_size, batch);
  }
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
