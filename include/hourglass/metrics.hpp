// How far reconstructions are from images, and how well errors tell two kinds apart.
#pragma once

#include <hourglass/array.hpp>
#include <span>

namespace hourglass {

/// (N): each row's mean squared difference. Throws Error where the sizes differ.
[[nodiscard]] Array<float> squared_errors(const Array<float>& a, const Array<float>& b);

/// Over all values.
[[nodiscard]] double mean_squared_error(const Array<float>& a, const Array<float>& b);

/// Area under the ROC curve of "a larger score is positive": the chance that a positive scores
/// higher than a negative, ties counted half (J. A. Hanley and B. J. McNeil 1982). Throws Error if
/// either is empty.
[[nodiscard]] double roc_auc(std::span<const float> negatives, std::span<const float> positives);

}  // namespace hourglass
