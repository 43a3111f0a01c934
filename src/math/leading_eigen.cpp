#include "math/leading_eigen.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "device/buffer.hpp"
#include "math/matrix.hpp"

namespace hourglass::HOURGLASS_TARGET::math {
namespace {

constexpr std::size_t kBlocks = 12;     // at most
constexpr std::size_t kLook = 4;        // after so many blocks for the first time, then every two
constexpr double kResidual = 1e-10;     // of the largest eigenvalue
constexpr double kHopeless = 1e-6;      // expected with the last block
constexpr std::size_t kWidth = 16;      // of a block, where few eigenpairs are wanted
constexpr std::size_t kSpareWidth = 8;  // beyond those wanted: what makes it converge

std::size_t block_width(std::size_t count) {
  return std::max(kWidth, count + kSpareWidth);
}

device::Buffer<double> random_rows(device::Stream& stream, std::size_t size) {
  std::mt19937 random(1);
  std::vector<double> values(size);
  for (double& value : values) value = static_cast<double>(random()) * 0x1p-31 - 1.0;
  return device::to_device<double>(stream, values);
}

/// An orthonormal basis that grows by blocks of rows, and its image under a.
class Space {
 public:
  Space(Context& context, std::size_t n, std::size_t count, const double* a)
      : context_(context),
        n_(n),
        count_(count),
        width_(block_width(count)),
        a_(a),
        basis_(kBlocks * width_ * n),
        images_(kBlocks * width_ * n),
        along_(kBlocks * width_ * width_),
        best_(count * n),
        best_images_(count * n) {
    const auto block = random_rows(context.stream(), width_ * n);
    device::copy_bytes_on_device(context.stream(), basis_.data(), block.data(),
                                 width_ * n * sizeof(double));
    orthonormalize_rows(context, width_, n, basis_.data());
    take_image();
  }

  /// By the newest images, less what the basis spans.
  void grow() {
    const std::size_t block = width_ * n_;
    device::copy_bytes_on_device(context_.stream(), basis_.data() + dimensions_ * n_,
                                 images_.data() + dimensions_ * n_ - block, block * sizeof(double));
    for (int twice = 0; twice < 2; ++twice) {  // once leaves what rounding made of it
      leave_basis();
      orthonormalize_rows(context_, width_, n_, basis_.data() + dimensions_ * n_);
    }
    take_image();
  }

  /// The largest residual of the best eigenpairs within the space.
  [[nodiscard]] double find_best(double* eigenvalues) {
    device::Buffer<double> reduced(dimensions_ * dimensions_);
    matrix_product(context_, Transpose::no, Transpose::yes, dimensions_, dimensions_, n_, 1.0,
                   basis_.data(), images_.data(), 0.0, reduced.data());
    symmetric_eigen(context_, dimensions_, count_, reduced.data(), eigenvalues);
    combine(reduced, basis_, best_);
    combine(reduced, images_, best_images_);
    return largest_residual(eigenvalues);
  }

  [[nodiscard]] const device::Buffer<double>& best() const { return best_; }

 private:
  void take_image() {
    const std::size_t at = dimensions_ * n_;
    symmetric_product(context_, width_, n_, basis_.data() + at, a_, images_.data() + at);
    dimensions_ += width_;
  }

  /// Takes from the rows behind the basis what lies within it.
  void leave_basis() {
    double* rows = basis_.data() + dimensions_ * n_;
    matrix_product(context_, Transpose::no, Transpose::yes, width_, dimensions_, n_, 1.0, rows,
                   basis_.data(), 0.0, along_.data());
    matrix_product(context_, Transpose::no, Transpose::no, width_, n_, dimensions_, -1.0,
                   along_.data(), basis_.data(), 1.0, rows);
  }

  void combine(const device::Buffer<double>& by, const device::Buffer<double>& rows,
               device::Buffer<double>& result) {
    matrix_product(context_, Transpose::no, Transpose::no, count_, n_, dimensions_, 1.0, by.data(),
                   rows.data(), 0.0, result.data());
  }

  [[nodiscard]] double largest_residual(const double* device_eigenvalues) {
    std::vector<double> values(count_);
    std::vector<double> vectors(count_ * n_);
    std::vector<double> images(count_ * n_);
    device::copy_to_host<double>(context_.stream(), {device_eigenvalues, count_}, values);
    device::copy_to_host<double>(context_.stream(), best_.span(), vectors);
    device::copy_to_host<double>(context_.stream(), best_images_.span(), images);
    double largest = 0.0;
    for (std::size_t k = 0; k < count_; ++k) {
      double squared = 0.0;
      for (std::size_t i = k * n_; i < (k + 1) * n_; ++i) {
        const double left = (images[i] - values[k] * vectors[i]) / values.back();
        squared += left * left;
      }
      largest = std::max(largest, std::sqrt(squared));
    }
    return largest;
  }

  Context& context_;
  std::size_t n_;
  std::size_t count_;
  std::size_t width_;
  std::size_t dimensions_ = 0;
  const double* a_;
  device::Buffer<double> basis_;   // (dimensions, n), room for the last block
  device::Buffer<double> images_;  // likewise
  device::Buffer<double> along_;
  device::Buffer<double> best_;  // (count, n)
  device::Buffer<double> best_images_;
};

}  // namespace

bool leading_eigen_pays(std::size_t n, std::size_t count) {
  return 2 * kBlocks * block_width(count) <= n;
}

bool leading_eigen(Context& context, std::size_t n, std::size_t count, const double* a,
                   double* eigenvalues, double* vectors) {
  Space space(context, n, count, a);
  for (std::size_t blocks = 2; blocks <= kBlocks; ++blocks) {
    space.grow();
    if (blocks < kLook || blocks % 2 != 0) continue;
    const double residual = space.find_best(eigenvalues);
    if (residual <= kResidual) {
      device::copy_bytes_on_device(context.stream(), vectors, space.best().data(),
                                   count * n * sizeof(double));
      context.stream().synchronize();  // the space is about to be freed
      return true;
    }
    // It falls the faster the longer: at least as it has until now.
    const double share = static_cast<double>(kBlocks) / static_cast<double>(blocks);
    if (!(std::pow(residual, share) < kHopeless)) break;
  }
  context.stream().synchronize();
  return false;
}

}  // namespace hourglass::HOURGLASS_TARGET::math
