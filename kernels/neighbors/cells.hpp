// What the search for neighbours looks at: rows as short vectors of whole numbers, in cells.
//
// A row's *code* is its position relative to the mean, turned to the data's principal axes and
// measured in a small unit: the coordinates on the first axes, and the length of what is left on
// all others. Distances between codes are never longer than those between rows, but for rounding to
// whole numbers, and they are exact: sums of products of whole numbers, below 2^31.
//
// A row farther from the mean than kLongest units is brought back to that length, which brings no
// two rows farther apart than they were (a projection onto a ball). So one outlier does not take
// the digits of all others.
//
// A *cell* is kCell rows next to each other in an order that keeps near rows together. The *prefix*
// of a code is its first few coordinates and the length of the others: shorter still, never farther
// apart. Prefixes lie in panels, one a cell: (coordinate pairs, kCell), two 16-bit coordinates in
// a word, so that the products of two cells read both side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/simt/launch_config.hpp"

namespace hourglass {
namespace cpu {
/// The CPU multiplies 16-bit whole numbers and adds them up in 32 bits.
inline constexpr std::int32_t kLongestCode = 16383;
}  // namespace cpu
namespace cuda {
/// A GPU does so in floats, which hold whole numbers up to 2^24.
inline constexpr std::int32_t kLongestCode = 4095;
}  // namespace cuda
}  // namespace hourglass

namespace hourglass::HOURGLASS_TARGET::kernels {

inline constexpr std::int32_t kLongest = kLongestCode;
inline constexpr std::size_t kCell = 128;  ///< rows
/// Coordinates of the longest code, the length of the rest among them.
inline constexpr std::size_t kMostCoordinates = 192;
/// Codes are padded with zeros to whole vector registers.
inline constexpr std::size_t kCodeMultiple = 32;

/// Half the squared length, or the reach, of rows that are not there: nothing is near them.
inline constexpr std::int32_t kNowhere = std::int32_t{1} << 30;
/// Half the squared distance that no two codes reach.
inline constexpr std::int32_t kEverywhere = std::int32_t{1} << 29;

/// Brings rows of x (rows, columns) that are longer back to that length.
void shorten_rows(simt::StreamHandle stream, double* x, std::size_t rows, std::size_t columns,
                  double longest);

/// Ordered rows are padded with zeros to whole vector registers, too.
inline constexpr std::size_t kRowMultiple = 16;
/// Axes lie in bundles: (bundles, features, kAxisBundle), so that those of a bundle are read side
/// by side, feature by feature.
inline constexpr std::size_t kAxisBundle = 16;

/// How rows become codes.
struct CodeShape {
  std::uint32_t axes;   ///< coordinates on principal axes
  std::uint32_t width;  ///< of a code, padded
  bool has_rest;        ///< the coordinate behind the axes is the length of what they leave out
};

/// codes (rows, shape.width) of x (rows, features). axes: shape.axes orthonormal ones, in bundles,
/// zeros behind the last. `unit` is a length in x; the sums are in double precision.
void encode_rows(simt::StreamHandle stream, const float* x, std::size_t rows, std::size_t features,
                 const double* mean, const double* axes, const CodeShape& shape, double unit,
                 std::int16_t* codes);

/// Parts of the ordered rows, `count` of them, whole cells and as many in each, or one more.
struct Parts {
  std::uint32_t cells;
  std::uint32_t count;  ///< a power of 2
};

/// axes[p] = the axis, of the first 32 of codes (rows, width), along which part p is widest. keys:
/// the rows in order, in their low halves.
void widest_axes(simt::StreamHandle stream, const std::int16_t* codes, std::size_t rows,
                 std::size_t width, Parts parts, const std::uint64_t* keys, std::uint32_t* axes);

/// keys[i], of row r, becomes part << 48 | place along the part's axis << 32 | r: once sorted, each
/// part's rows are in the order of its axis, and its halves are the parts of the next level of a
/// k-d tree.
void order_parts(simt::StreamHandle stream, const std::int16_t* codes, std::size_t rows,
                 std::size_t width, Parts parts, const std::uint32_t* axes, std::uint64_t* keys);

/// keys[i] = i.
void begin_order(simt::StreamHandle stream, std::size_t rows, std::uint64_t* keys);

/// The rows of both in the order of keys, whose low halves they are: ordered_codes (rows,
/// code_width), ordered_x (rows, x_width), padded with zeros, and ids (rows).
void gather_in_order(simt::StreamHandle stream, const std::uint64_t* keys, std::size_t rows,
                     const std::int16_t* codes, std::size_t code_width, std::int16_t* ordered_codes,
                     const float* x, std::size_t features, std::size_t x_width, float* ordered_x,
                     std::uint32_t* ids);

/// panels (cells, coordinates / 2, kCell) and half_norms (cells, kCell), half the squared lengths
/// rounded down, of the first `coordinates` (even) of each code; if `shortened`, the last of these
/// is the length of all others instead.
void pack_prefixes(simt::StreamHandle stream, const std::int16_t* codes, std::size_t rows,
                   std::size_t width, std::size_t coordinates, bool shortened,
                   std::uint32_t* panels, std::int32_t* half_norms);

/// centres (cells, width): means of the codes' first `width` coordinates.
void cell_centres(simt::StreamHandle stream, const std::int16_t* codes, std::size_t rows,
                  std::size_t code_width, std::size_t width, float* centres);

/// The most near cells that can be asked for.
inline constexpr std::size_t kMostNearCells = 256;

/// near (cells, count): for each cell the others by increasing distance of the centres.
void near_cells(simt::StreamHandle stream, const float* centres, std::size_t cells,
                std::size_t width, std::size_t count, std::uint32_t* near);

[[nodiscard]] constexpr std::size_t cell_count(std::size_t rows) {
  return (rows + kCell - 1) / kCell;
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
