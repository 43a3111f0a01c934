#include <array>
#include <hourglass/dataset.hpp>

namespace hourglass {

Array<float> digit_four() {
  constexpr std::array<float, 64> kPixels = {
      0, 0, 0, 1, 0, 0, 0, 0,  //
      0, 0, 1, 1, 0, 0, 0, 0,  //
      0, 1, 0, 1, 0, 0, 0, 0,  //
      1, 0, 0, 1, 0, 0, 0, 0,  //
      1, 1, 1, 1, 1, 0, 0, 0,  //
      0, 0, 0, 1, 0, 0, 0, 0,  //
      0, 0, 0, 1, 0, 0, 0, 0,  //
      0, 0, 0, 1, 0, 0, 0, 0,  //
  };
  return {{1, 8, 8}, {kPixels.begin(), kPixels.end()}};
}

}  // namespace hourglass
