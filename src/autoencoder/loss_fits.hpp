// Which loss is of which output.
#pragma once

#include <hourglass/loss.hpp>
#include <hourglass/model.hpp>

namespace hourglass {

/// Throws UsageError for the cross-entropy of a linear output.
void require_loss_fits(const Model& model, Loss loss);

}  // namespace hourglass
