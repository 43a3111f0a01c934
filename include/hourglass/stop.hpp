// How a long call is told to stop: training, encoding, PCA, neighbours, t-SNE, map quality.
#pragma once

#include <functional>
#include <hourglass/error.hpp>

namespace hourglass {

/// Asked between pieces of the work, from any of its threads; empty: never. Where it returns true
/// the call throws Stopped as soon as it can. What was told to callbacks until then is all there
/// is, but for a training, whose autoencoder holds the weights of the last step taken.
using StopRequest = std::function<bool()>;

/// A call ended because its StopRequest said so.
class Stopped : public Error {
 public:
  using Error::Error;
};

/// What every long call does between its pieces.
inline void stop_if_requested(const StopRequest& stop) {
  if (stop && stop()) throw Stopped("stopped as requested");
}

}  // namespace hourglass
