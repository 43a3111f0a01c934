// A trained model for a page, and what it makes of the images there.
#include <algorithm>
#include <cstddef>
#include <hourglass/autoencoder.hpp>
#include <hourglass/metrics.hpp>
#include <hourglass/page.hpp>

namespace hourglass {

void add_model(Page& page, const Autoencoder& autoencoder, const Images& images,
               const Array<float>& clean, const StopRequest& stop) {
  page.images = images;
  page.model = PageModel{.model = autoencoder.model(), .parameters = autoencoder.parameters()};
  page.errors = Array<float>({images.count()});
  const Images wanted = clean.values.empty() ? images : Images(clean);
  constexpr std::size_t kTogether = 4096;  // nobody wants what is rebuilt, only its errors
  for (std::size_t first = 0; first < images.count(); first += kTogether) {
    const Array<float> rebuilt = autoencoder.reconstruct(images.part(first, kTogether), stop);
    Array<float> target = to_unit_range(wanted.part(first, kTogether));
    target.shape = rebuilt.shape;
    std::ranges::copy(squared_errors(rebuilt, target).values,
                      page.errors.values.begin() + static_cast<std::ptrdiff_t>(first));
  }
}

}  // namespace hourglass
