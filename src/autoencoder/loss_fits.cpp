#include "autoencoder/loss_fits.hpp"

#include <hourglass/error.hpp>

namespace hourglass {

void require_loss_fits(const Model& model, Loss loss) {
  if (model.output == OutputActivation::none && loss == Loss::bce) {
    throw UsageError("loss 'bce' is of a sigmoid, and the output of model '" + model.name +
                     "' is linear (activation none); use mse");
  }
}

}  // namespace hourglass
