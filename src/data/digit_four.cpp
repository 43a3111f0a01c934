#include <algorithm>
#include <array>
#include <hourglass/dataset.hpp>

namespace hourglass {

Array<float> digit_four() {
  // Grey levels in sixteenths, drawn by hand: an open stroke on the left, the bar, the stem.
  constexpr std::array<int, 64> kInk = {
      0, 0,  6,  12, 0,  0,  0,  0,  //
      0, 0,  13, 8,  0,  2,  10, 0,  //
      0, 3,  16, 2,  0,  6,  14, 0,  //
      0, 9,  13, 0,  0,  11, 11, 0,  //
      0, 15, 12, 6,  9,  16, 10, 2,  //
      0, 6,  13, 16, 16, 16, 9,  2,  //
      0, 0,  0,  0,  9,  13, 0,  0,  //
      0, 0,  0,  0,  13, 8,  0,  0,  //
  };
  Array<float> four({1, 8, 8});
  std::transform(kInk.begin(), kInk.end(), four.values.begin(),
                 [](int level) { return static_cast<float>(level) / 16.0F; });
  return four;
}

}  // namespace hourglass
