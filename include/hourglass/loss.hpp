// What a network gives, and what training makes small.
#pragma once

#include <array>
#include <hourglass/names.hpp>
#include <string_view>

namespace hourglass {

/// What becomes of the last layer's values. none: they are what comes out, of any size.
enum class OutputActivation { sigmoid, none };
template <>
inline constexpr std::array<std::string_view, 2> kNames<OutputActivation> = {"sigmoid", "none"};

/// Both compare what comes out with the image and are means over all pixels: binary cross-entropy,
/// of a sigmoid and computed from its logits, and squared error.
enum class Loss { bce, mse };
template <>
inline constexpr std::array<std::string_view, 2> kNames<Loss> = {"bce", "mse"};

}  // namespace hourglass
