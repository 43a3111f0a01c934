// Trains a little on synthetic digits through the public API and looks at what comes out.
#include <cstdlib>
#include <hourglass/autoencoder.hpp>
#include <hourglass/dataset.hpp>
#include <hourglass/device.hpp>
#include <hourglass/error.hpp>
#include <hourglass/npy.hpp>
#include <hourglass/pca.hpp>
#include <hourglass/version.hpp>
#include <iostream>

namespace {

void expect(bool fact, const char* what) {
  if (fact) return;
  std::cerr << "not so: " << what << '\n';
  std::exit(1);
}

}  // namespace

int main() {
  const hourglass::Device device = hourglass::select_device("auto");
  std::cout << "hourglass " HOURGLASS_VERSION " on " << device.summary << '\n';

  const hourglass::Dataset data = hourglass::synthetic_digits(600);
  hourglass::Autoencoder autoencoder(hourglass::conv_model(), device);
  const auto result = autoencoder.train(data.train.images, data.test.images, {.epochs = 2});
  expect(result.epochs.size() == 2 && result.steps == 20, "two epochs are twenty steps");
  expect(result.epochs[1].validation_loss < result.epochs[0].validation_loss, "it learns");

  const auto latent = autoencoder.encode(data.test.images);
  expect(latent.shape == hourglass::Shape{100, 392}, "a code of 392 values an image");
  expect(autoencoder.decode(latent).values == autoencoder.reconstruct(data.test.images).values,
         "decode(encode(x)) is reconstruct(x)");

  autoencoder.save_weights("weights.safetensors");
  hourglass::Autoencoder other(hourglass::conv_model(), device);
  other.load_weights("weights.safetensors");
  expect(other.encode(data.test.images).values == latent.values, "weights survive a file");

  const hourglass::Samples codes = autoencoder.encode_on_device(data.test.images);
  expect(codes.host().copy().values == latent.values, "codes are the same wherever they are");
  const auto pca = hourglass::fit_pca(codes, {.components = 2});
  hourglass::save_npy("map.npy", hourglass::transform(pca, codes));
  expect(hourglass::load_npy("map.npy").shape == hourglass::Shape{100, 2}, "a map in a file");

  try {
    static_cast<void>(hourglass::select_device("toaster"));
    expect(false, "an unknown device is refused");
  } catch (const hourglass::UsageError& error) {
    std::cout << "as it should be: " << error.what() << '\n';
  }
}
