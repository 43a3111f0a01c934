// The page of a study that makes no maps of its own.
#pragma once

#include <hourglass/array.hpp>
#include <hourglass/page.hpp>

#include "cli/study.hpp"

namespace hourglass::cli {

/// PCA and t-SNE of the codes of these images, as map.html. `clean`: what their reconstructions
/// should be. Nothing without figures, or of a single image.
void draw_page(Study& study, const Array<float>& images, const Array<float>& clean,
               PageLabels labels);

}  // namespace hourglass::cli
