// What training makes small.
#pragma once

namespace hourglass {

/// Both compare sigmoid(logits) with the image and are means over all pixels: binary cross-entropy,
/// computed from the logits, and squared error.
enum class Loss { bce, mse };

}  // namespace hourglass
