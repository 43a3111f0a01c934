#include "data/glyphs.hpp"

#include <array>

namespace hourglass::data {
namespace {

using enum Join;
using Glyph = std::span<const Node>;

// clang-format off
constexpr Node kZero[] = {
    {0.40, 0.03, start},  {0.20, 0.10, smooth}, {0.06, 0.36, smooth}, {0.06, 0.68, smooth},
    {0.20, 0.95, smooth}, {0.42, 0.97, smooth}, {0.60, 0.72, smooth}, {0.64, 0.38, smooth},
    {0.55, 0.10, smooth}, {0.34, 0.02, smooth}};
constexpr Node kZeroRound[] = {
    {0.52, 0.10, start},  {0.30, 0.02, smooth}, {0.08, 0.22, smooth}, {0.00, 0.55, smooth},
    {0.12, 0.88, smooth}, {0.38, 0.99, smooth}, {0.66, 0.85, smooth}, {0.78, 0.52, smooth},
    {0.70, 0.20, smooth}, {0.48, 0.06, smooth}, {0.36, 0.12, smooth}};

constexpr Node kOne[] = {
    {0.30, 0.00, start}, {0.30, 0.35, smooth}, {0.29, 0.70, smooth}, {0.28, 1.00, smooth}};
constexpr Node kOneFlag[] = {
    {0.10, 0.22, start}, {0.22, 0.12, smooth}, {0.33, 0.00, corner},
    {0.32, 0.35, smooth}, {0.32, 0.70, smooth}, {0.31, 1.00, smooth}};

constexpr Node kTwo[] = {
    {0.06, 0.24, start},  {0.16, 0.06, smooth}, {0.38, 0.00, smooth}, {0.56, 0.14, smooth},
    {0.52, 0.40, smooth}, {0.30, 0.70, smooth}, {0.04, 0.97, corner},
    {0.34, 0.94, smooth}, {0.68, 0.95, smooth}};
constexpr Node kTwoLoop[] = {
    {0.08, 0.18, start},  {0.24, 0.02, smooth}, {0.48, 0.04, smooth}, {0.58, 0.24, smooth},
    {0.46, 0.56, smooth}, {0.24, 0.86, smooth}, {0.08, 0.98, smooth}, {0.01, 0.88, smooth},
    {0.12, 0.76, smooth}, {0.30, 0.84, smooth}, {0.50, 0.97, smooth}, {0.74, 0.90, smooth}};

constexpr Node kThree[] = {
    {0.08, 0.14, start},  {0.24, 0.01, smooth}, {0.48, 0.04, smooth}, {0.54, 0.22, smooth},
    {0.42, 0.40, smooth}, {0.22, 0.48, corner}, {0.46, 0.50, smooth}, {0.60, 0.68, smooth},
    {0.52, 0.90, smooth}, {0.28, 1.00, smooth}, {0.02, 0.92, smooth}};
constexpr Node kThreeFlat[] = {
    {0.06, 0.06, start},  {0.30, 0.03, smooth}, {0.58, 0.02, corner}, {0.44, 0.22, smooth},
    {0.26, 0.42, corner}, {0.48, 0.46, smooth}, {0.60, 0.66, smooth}, {0.50, 0.90, smooth},
    {0.26, 0.99, smooth}, {0.02, 0.90, smooth}};

constexpr Node kFour[] = {
    {0.14, 0.04, start},  {0.09, 0.22, smooth}, {0.04, 0.44, smooth}, {0.10, 0.56, smooth},
    {0.32, 0.56, smooth}, {0.58, 0.46, smooth},
    {0.58, 0.00, start},  {0.55, 0.32, smooth}, {0.52, 0.66, smooth}, {0.50, 1.00, smooth}};
constexpr Node kFourClosed[] = {
    {0.50, 0.02, start},  {0.32, 0.24, smooth}, {0.02, 0.60, corner},
    {0.34, 0.60, smooth}, {0.72, 0.58, smooth},
    {0.50, 0.02, start},  {0.49, 0.35, smooth}, {0.48, 0.70, smooth}, {0.46, 1.00, smooth}};

constexpr Node kFive[] = {
    {0.16, 0.03, start},  {0.13, 0.22, smooth}, {0.09, 0.44, corner},
    {0.30, 0.36, smooth}, {0.52, 0.46, smooth}, {0.58, 0.70, smooth}, {0.44, 0.93, smooth},
    {0.20, 0.99, smooth}, {0.00, 0.88, smooth},
    {0.16, 0.04, start},  {0.40, 0.04, smooth}, {0.66, 0.00, smooth}};
constexpr Node kFiveOneStroke[] = {
    {0.68, 0.02, start},  {0.42, 0.04, smooth}, {0.20, 0.06, corner}, {0.15, 0.24, smooth},
    {0.12, 0.42, corner}, {0.34, 0.38, smooth}, {0.54, 0.50, smooth}, {0.56, 0.74, smooth},
    {0.38, 0.95, smooth}, {0.04, 0.98, smooth}};

constexpr Node kSix[] = {
    {0.46, 0.00, start},  {0.24, 0.20, smooth}, {0.07, 0.50, smooth}, {0.04, 0.80, smooth},
    {0.20, 0.99, smooth}, {0.44, 0.94, smooth}, {0.54, 0.74, smooth}, {0.42, 0.56, smooth},
    {0.22, 0.60, smooth}, {0.06, 0.80, smooth}};
constexpr Node kSixRound[] = {
    {0.36, 0.00, start},  {0.16, 0.24, smooth}, {0.04, 0.56, smooth}, {0.10, 0.88, smooth},
    {0.32, 1.00, smooth}, {0.56, 0.88, smooth}, {0.58, 0.66, smooth}, {0.40, 0.54, smooth},
    {0.18, 0.66, smooth}, {0.12, 0.86, smooth}};

constexpr Node kSeven[] = {
    {0.02, 0.08, start},  {0.30, 0.05, smooth}, {0.62, 0.04, corner},
    {0.50, 0.32, smooth}, {0.38, 0.66, smooth}, {0.30, 1.00, smooth}};
constexpr Node kSevenRound[] = {
    {0.02, 0.20, start},  {0.06, 0.07, smooth}, {0.30, 0.04, smooth}, {0.56, 0.04, smooth},
    {0.58, 0.20, smooth}, {0.44, 0.56, smooth}, {0.32, 1.00, smooth}};
constexpr Node kSevenBar[] = {
    {0.02, 0.10, start},  {0.30, 0.06, smooth}, {0.64, 0.02, corner},
    {0.50, 0.34, smooth}, {0.38, 0.66, smooth}, {0.28, 1.00, smooth},
    {0.16, 0.52, start},  {0.42, 0.49, smooth}, {0.66, 0.46, smooth}};

constexpr Node kEight[] = {
    {0.54, 0.14, start},  {0.34, 0.01, smooth}, {0.14, 0.10, smooth}, {0.16, 0.32, smooth},
    {0.38, 0.52, smooth}, {0.52, 0.74, smooth}, {0.42, 0.96, smooth}, {0.18, 0.98, smooth},
    {0.06, 0.80, smooth}, {0.20, 0.58, smooth}, {0.42, 0.38, smooth}, {0.55, 0.16, smooth}};
constexpr Node kEightLoops[] = {
    {0.34, 0.46, start},  {0.14, 0.32, smooth}, {0.16, 0.08, smooth}, {0.36, 0.00, smooth},
    {0.56, 0.10, smooth}, {0.52, 0.34, smooth}, {0.30, 0.50, smooth}, {0.08, 0.70, smooth},
    {0.10, 0.92, smooth}, {0.30, 1.00, smooth}, {0.54, 0.90, smooth}, {0.54, 0.66, smooth},
    {0.34, 0.46, smooth}};

constexpr Node kNine[] = {
    {0.54, 0.14, start},  {0.36, 0.01, smooth}, {0.12, 0.10, smooth}, {0.04, 0.32, smooth},
    {0.20, 0.46, smooth}, {0.42, 0.36, smooth}, {0.55, 0.12, corner},
    {0.53, 0.40, smooth}, {0.48, 0.70, smooth}, {0.44, 1.00, smooth}};
constexpr Node kNineHook[] = {
    {0.56, 0.18, start},  {0.38, 0.02, smooth}, {0.12, 0.08, smooth}, {0.06, 0.32, smooth},
    {0.24, 0.46, smooth}, {0.48, 0.36, smooth}, {0.57, 0.16, corner}, {0.58, 0.50, smooth},
    {0.50, 0.84, smooth}, {0.30, 1.00, smooth}, {0.06, 0.92, smooth}};

constexpr Glyph kZeros[] = {kZero, kZeroRound};
constexpr Glyph kOnes[] = {kOne, kOne, kOne, kOneFlag};  // most people write the bare stroke
constexpr Glyph kTwos[] = {kTwo, kTwoLoop};
constexpr Glyph kThrees[] = {kThree, kThree, kThreeFlat};
constexpr Glyph kFours[] = {kFour, kFour, kFourClosed};
constexpr Glyph kFives[] = {kFive, kFiveOneStroke};
constexpr Glyph kSixes[] = {kSix, kSixRound};
constexpr Glyph kSevens[] = {kSeven, kSevenRound, kSevenBar};
constexpr Glyph kEights[] = {kEight, kEightLoops};
constexpr Glyph kNines[] = {kNine, kNine, kNineHook};
// clang-format on

constexpr std::array<std::span<const Glyph>, 10> kGlyphs = {
    kZeros, kOnes, kTwos, kThrees, kFours, kFives, kSixes, kSevens, kEights, kNines};

}  // namespace

std::span<const std::span<const Node>> glyphs(std::size_t digit) {
  return kGlyphs.at(digit);
}

}  // namespace hourglass::data
