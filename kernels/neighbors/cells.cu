#include <cmath>

#include "kernels/neighbors/cells.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/simt/sort.hpp"

#ifndef __CUDACC__
#include "kernels/neighbors/one_thread.hpp"
#endif

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ---------------------------------------------------------------------------- device functions

__device__ __forceinline__ std::int16_t nearest_whole(double value) {
  return static_cast<std::int16_t>(static_cast<int>(value + (value < 0.0 ? -0.5 : 0.5)));
}

__device__ __forceinline__ std::uint32_t two_in_a_word(std::int16_t low, std::int16_t high) {
  return static_cast<std::uint16_t>(low) | std::uint32_t{static_cast<std::uint16_t>(high)} << 16;
}

// ---- encoding ----------------------------------------------------------------------------------

constexpr unsigned kEncodeRows = 8;  // a block

/// Doubles, as many as a register holds.
#if defined(__CUDACC__) || defined(HOURGLASS_REHEARSAL)
using Doubles = double;
#else
using Doubles [[gnu::vector_size(kRegisterBytes), gnu::may_alias, gnu::aligned(8)]] = double;
#endif
constexpr unsigned kDoubles = sizeof(Doubles) / sizeof(double);
// Rows whose sums fit the registers side by side.
constexpr unsigned kEncodeTogether = kDoubles == 8 ? 4 : kDoubles == 2 ? 1 : 2;
constexpr unsigned kEncodeBlock = 192;
constexpr unsigned kEncodeFeatures = 256;  // at a time

struct EncodeSmem {
  double centred[kEncodeRows][kEncodeFeatures];
  double sums[kEncodeRows][kMostCoordinates + simt::kVectorWidth];
  double norms[kEncodeRows];
};
static_assert(sizeof(EncodeSmem) <= 48 * 1024);

// ---- order -------------------------------------------------------------------------------------

constexpr std::uint32_t kSplitAxes = 32;
static_assert(kSplitAxes <= kCodeMultiple);  // no code has fewer coordinates

struct WidestSmem {
  float spreads[kSplitAxes];
};

// ---- near cells --------------------------------------------------------------------------------

constexpr unsigned kNearBlock = 128;
constexpr unsigned kNearCapacity = 1024;
static_assert(kNearCapacity >= kMostNearCells + kNearBlock);

struct NearSmem {
  std::uint64_t list[kNearCapacity];
  std::uint32_t count;
};

// ------------------------------------------------------------------------------------- kernels

// One warp a row.
__global__ void shorten_rows_kernel(double* x, std::size_t rows, std::size_t columns,
                                    double longest) {
  for (const auto r : simt::warp_elements(rows)) {
    double* row = x + r * columns;
    double sum = 0.0;
    for (std::size_t c = simt::lane(); c < columns; c += simt::warp_thread_count()) {
      sum += row[c] * row[c];
    }
    const double length = sqrt(simt::warp_sum_for_all(sum));
    if (!(length > longest)) continue;
    for (std::size_t c = simt::lane(); c < columns; c += simt::warp_thread_count()) {
      row[c] *= longest / length;
    }
  }
}

// One block some rows. The features come in pieces; sums wait in shared memory in between.
__global__ void encode_rows_kernel(const float* __restrict__ x, std::size_t rows,
                                   std::size_t features, const double* __restrict__ mean,
                                   const double* __restrict__ axes, CodeShape shape, double longest,
                                   double unit, std::int16_t* __restrict__ codes) {
  auto& smem = simt::shared<EncodeSmem>();
  constexpr unsigned kWidth = simt::kVectorWidth;
  static_assert(kWidth % kDoubles == 0 && kEncodeRows % kEncodeTogether == 0);
  const std::size_t first = std::size_t{blockIdx.x} * kEncodeRows;
  const auto here = static_cast<unsigned>(first + kEncodeRows < rows ? kEncodeRows : rows - first);
  const unsigned bundles = (shape.axes + kWidth - 1) / kWidth;
  for (const auto i : simt::block_elements(kEncodeRows * bundles * kWidth)) {
    smem.sums[i / (bundles * kWidth)][i % (bundles * kWidth)] = 0.0;
  }
  for (const auto r : simt::block_elements(kEncodeRows)) smem.norms[r] = 0.0;
  for (std::size_t base = 0; base < features; base += kEncodeFeatures) {
    const auto count = static_cast<unsigned>(features - base < kEncodeFeatures ? features - base
                                                                               : kEncodeFeatures);
    for (unsigned r = 0; r < kEncodeRows; ++r) {
      const float* row = x + (first + (r < here ? r : 0)) * features + base;
      for (const auto f : simt::block_elements(count)) {
        smem.centred[r][f] = static_cast<double>(row[f]) - mean[base + f];
      }
    }
    simt::sync_block();  // the piece is there, and the sums are
    for (unsigned r = simt::warp(); r < kEncodeRows; r += simt::block_warp_count()) {
      double parts[kWidth] = {};
      const unsigned whole = count / kWidth * kWidth;
      for (unsigned f = simt::lane() * kWidth; f < whole; f += simt::warp_thread_count() * kWidth) {
        for (unsigned w = 0; w < kWidth; ++w) {
          parts[w] += smem.centred[r][f + w] * smem.centred[r][f + w];
        }
      }
      for (unsigned f = whole + simt::lane(); f < count; f += simt::warp_thread_count()) {
        parts[0] += smem.centred[r][f] * smem.centred[r][f];
      }
      double sum = 0.0;
      for (const double part : parts) sum += part;
      sum = simt::warp_sum(sum);
      if (simt::lane() == 0) smem.norms[r] += sum;
    }
    for (const auto bundle : simt::block_elements(bundles)) {
      const unsigned a = bundle * kWidth;
      for (unsigned r = 0; r < kEncodeRows; r += kEncodeTogether) {
        constexpr unsigned kParts = kWidth / kDoubles;
        Doubles sums[kEncodeTogether][kParts];
        const auto part = [&](unsigned t, unsigned p) {
          return reinterpret_cast<Doubles*>(&smem.sums[r + t][a + p * kDoubles]);
        };
        for (unsigned t = 0; t < kEncodeTogether; ++t) {
          for (unsigned p = 0; p < kParts; ++p) sums[t][p] = *part(t, p);
        }
        const double* column =
            axes + (a / kAxisBundle * features + base) * kAxisBundle + a % kAxisBundle;
        for (unsigned f = 0; f < count; ++f, column += kAxisBundle) {
          for (unsigned t = 0; t < kEncodeTogether; ++t) {
            const Doubles value = smem.centred[r + t][f] - Doubles{};
            for (unsigned p = 0; p < kParts; ++p) {
              sums[t][p] += value * reinterpret_cast<const Doubles*>(column)[p];
            }
          }
        }
        for (unsigned t = 0; t < kEncodeTogether; ++t) {
          for (unsigned p = 0; p < kParts; ++p) *part(t, p) = sums[t][p];
        }
      }
    }
    simt::sync_block();  // all have read the piece
  }
  for (unsigned r = simt::warp(); r < here; r += simt::block_warp_count()) {
    const double norm = smem.norms[r];
    const double length = sqrt(norm) / unit;
    const double scale = (length > longest ? longest / length : 1.0) / unit;
    std::int16_t* code = codes + (first + r) * shape.width;
    double on_axes = 0.0;
    for (unsigned a = simt::lane(); a < shape.width; a += simt::warp_thread_count()) {
      const double value = a < shape.axes ? smem.sums[r][a] * scale : 0.0;
      on_axes += value * value;
      code[a] = nearest_whole(value);
    }
    on_axes = simt::warp_sum(on_axes);
    simt::sync_warp();  // the rest's place has been cleared
    if (simt::lane() == 0 && shape.has_rest) {
      const double rest = norm * scale * scale - on_axes;
      code[shape.axes] = nearest_whole(rest > 0.0 ? sqrt(rest) : 0.0);
    }
  }
}

__global__ void begin_order_kernel(std::size_t rows, std::uint64_t* __restrict__ keys) {
  for (const auto row : simt::elements(rows)) keys[row] = row;
}

__device__ __forceinline__ std::size_t first_row(Parts parts, std::size_t part) {
  return part * parts.cells / parts.count * kCell;
}

// One block a part, one thread an axis; some of the rows tell enough.
__global__ void widest_axes_kernel(const std::int16_t* __restrict__ codes, std::size_t rows,
                                   std::size_t width, Parts parts,
                                   const std::uint64_t* __restrict__ keys,
                                   std::uint32_t* __restrict__ axes) {
  constexpr std::size_t kSample = 512;
  auto& smem = simt::shared<WidestSmem>();
  const std::size_t first = first_row(parts, blockIdx.x);
  const std::size_t end = first_row(parts, blockIdx.x + 1);
  const std::size_t last = end < rows ? end : rows;
  const std::size_t count = last - first;
  const std::size_t sample = count < kSample ? count : kSample;
  for (const auto axis : simt::block_elements(kSplitAxes)) {
    float sum = 0.f;
    float squares = 0.f;
    for (std::size_t i = 0; i < sample; ++i) {
      const auto row = static_cast<std::uint32_t>(keys[first + i * count / sample]);
      const auto value = static_cast<float>(codes[row * width + axis]);
      sum += value;
      squares += value * value;
    }
    smem.spreads[axis] = squares - sum * sum / static_cast<float>(sample);
  }
  simt::sync_block();  // all spreads are there
  if (threadIdx.x == 0) {
    std::uint32_t widest = 0;
    for (std::uint32_t axis = 1; axis < kSplitAxes; ++axis) {
      if (smem.spreads[axis] > smem.spreads[widest]) widest = axis;
    }
    axes[blockIdx.x] = widest;
  }
}

__global__ void order_parts_kernel(const std::int16_t* __restrict__ codes, std::size_t rows,
                                   std::size_t width, Parts parts,
                                   const std::uint32_t* __restrict__ axes,
                                   std::uint64_t* __restrict__ keys) {
  for (const auto i : simt::elements(rows)) {
    const std::size_t cell = i / kCell;
    const std::uint64_t part = ((cell + 1) * parts.count - 1) / parts.cells;
    const auto row = static_cast<std::uint32_t>(keys[i]);
    const auto place = static_cast<std::uint32_t>(codes[row * width + axes[part]] + 32768);
    keys[i] = part << 48 | std::uint64_t{place} << 32 | row;
  }
}

__global__ void gather_in_order_kernel(const std::uint64_t* __restrict__ keys,
                                       const std::int16_t* __restrict__ codes,
                                       std::size_t code_width,
                                       std::int16_t* __restrict__ ordered_codes,
                                       const float* __restrict__ x, std::size_t features,
                                       std::size_t x_width, float* __restrict__ ordered_x,
                                       std::uint32_t* __restrict__ ids) {
  const std::size_t row = blockIdx.x;
  const auto id = static_cast<std::uint32_t>(keys[row]);
  for (const auto i : simt::block_elements(code_width)) {
    ordered_codes[row * code_width + i] = codes[id * code_width + i];
  }
  for (const auto f : simt::block_elements(features)) {
    ordered_x[row * x_width + f] = x[id * features + f];
  }
  for (const auto f : simt::block_elements(x_width - features)) {
    ordered_x[row * x_width + features + f] = 0.f;
  }
  if (threadIdx.x == 0) ids[row] = id;
}

// One block a cell. Rows are read along, panels written across.
__global__ void pack_prefixes_kernel(const std::int16_t* __restrict__ codes, std::size_t rows,
                                     std::size_t width, std::uint32_t coordinates, bool shortened,
                                     std::uint32_t* __restrict__ panels,
                                     std::int32_t* __restrict__ half_norms) {
  const std::uint32_t pairs = coordinates / 2;
  std::uint32_t* panel = panels + std::size_t{blockIdx.x} * pairs * kCell;
  for (const auto r : simt::block_elements(static_cast<std::uint32_t>(kCell))) {
    const std::size_t row = std::size_t{blockIdx.x} * kCell + r;
    if (row >= rows) {
      for (std::uint32_t p = 0; p < pairs; ++p) panel[p * kCell + r] = 0;
      half_norms[row] = kNowhere;
      continue;
    }
    const std::int16_t* code = codes + row * width;
    std::int32_t norm = 0;
    for (std::uint32_t p = 0; p < pairs; ++p) {
      const std::int16_t low = code[2 * p];
      std::int16_t high = code[2 * p + 1];
      if (shortened && p + 1 == pairs) {
        std::int32_t rest = 0;
        for (std::size_t c = 2 * p + 1; c < width; ++c) rest += code[c] * code[c];
        high = nearest_whole(sqrt(static_cast<double>(rest)));
      }
      norm += low * low + high * high;
      panel[p * kCell + r] = two_in_a_word(low, high);
    }
    half_norms[row] = norm / 2;
  }
}

__global__ void cell_centres_kernel(const std::int16_t* __restrict__ codes, std::size_t rows,
                                    std::size_t code_width, std::size_t width,
                                    float* __restrict__ centres) {
  const std::size_t first = std::size_t{blockIdx.x} * kCell;
  const std::size_t last = first + kCell < rows ? first + kCell : rows;
  for (const auto c : simt::block_elements(width)) {
    std::int32_t sum = 0;
    for (std::size_t row = first; row < last; ++row) sum += codes[row * code_width + c];
    centres[blockIdx.x * width + c] = static_cast<float>(sum) / static_cast<float>(last - first);
  }
}

// One block a cell, one thread another cell.
__global__ void near_cells_kernel(const float* __restrict__ centres, std::uint32_t cells,
                                  std::size_t width, std::uint32_t count,
                                  std::uint32_t* __restrict__ near) {
  auto& smem = simt::shared<NearSmem>();
  if (threadIdx.x == 0) smem.count = 0;
  simt::sync_block();
  const float* centre = centres + blockIdx.x * width;
  for (std::uint32_t base = 0; base < cells; base += kNearBlock) {
    const std::uint32_t here = cells - base < kNearBlock ? cells - base : kNearBlock;
    for (const auto i : simt::block_elements(here)) {
      const float* other = centres + std::size_t{base + i} * width;
      float parts[simt::kVectorWidth] = {};
      std::size_t c = 0;
      for (; c + simt::kVectorWidth <= width; c += simt::kVectorWidth) {
        for (unsigned w = 0; w < simt::kVectorWidth; ++w) {
          const float difference = centre[c + w] - other[c + w];
          parts[w] += difference * difference;
        }
      }
      for (; c < width; ++c) parts[0] += (centre[c] - other[c]) * (centre[c] - other[c]);
      float sum = 0.f;
      for (const float part : parts) sum += part;
      if (base + i != blockIdx.x) {
        smem.list[simt::atomic_add(&smem.count, 1u)] =
            std::uint64_t{simt::float_bits(sum)} << 32 | (base + i);
      }
    }
    simt::sync_block();  // all of this round have appended
    if (smem.count + kNearBlock > kNearCapacity) {
      simt::block_keep_smallest(smem.list, smem.count, count, kNearCapacity);
      simt::sync_block();
      if (threadIdx.x == 0) smem.count = count;
    }
    simt::sync_block();  // nobody appends while another still reads the count
  }
  simt::block_sort(smem.list, smem.count, kNearCapacity);
  for (const auto i : simt::block_elements(count)) {
    near[std::size_t{blockIdx.x} * count + i] = static_cast<std::uint32_t>(smem.list[i]);
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void shorten_rows(simt::StreamHandle stream, double* x, std::size_t rows, std::size_t columns,
                  double longest) {
  simt::launch(stream, simt::per_warp(rows), shorten_rows_kernel, x, rows, columns, longest);
}

void encode_rows(simt::StreamHandle stream, const float* x, std::size_t rows, std::size_t features,
                 const double* mean, const double* axes, const CodeShape& shape, double unit,
                 std::int16_t* codes) {
  static_assert(kAxisBundle % simt::kVectorWidth == 0);
  constexpr double kRounding = 9.0;  // whole numbers are no farther from what they stand for
  const std::size_t blocks = (rows + kEncodeRows - 1) / kEncodeRows;
  simt::launch(stream, simt::per_block(blocks, kEncodeBlock, sizeof(EncodeSmem)),
               encode_rows_kernel, x, rows, features, mean, axes, shape, kLongest - kRounding, unit,
               codes);
}

void begin_order(simt::StreamHandle stream, std::size_t rows, std::uint64_t* keys) {
  simt::launch(stream, simt::per_element(rows), begin_order_kernel, rows, keys);
}

void widest_axes(simt::StreamHandle stream, const std::int16_t* codes, std::size_t rows,
                 std::size_t width, Parts parts, const std::uint64_t* keys, std::uint32_t* axes) {
  simt::launch(stream, simt::per_block(parts.count, kSplitAxes, sizeof(WidestSmem)),
               widest_axes_kernel, codes, rows, width, parts, keys, axes);
}

void order_parts(simt::StreamHandle stream, const std::int16_t* codes, std::size_t rows,
                 std::size_t width, Parts parts, const std::uint32_t* axes, std::uint64_t* keys) {
  simt::launch(stream, simt::per_element(rows), order_parts_kernel, codes, rows, width, parts, axes,
               keys);
}

void gather_in_order(simt::StreamHandle stream, const std::uint64_t* keys, std::size_t rows,
                     const std::int16_t* codes, std::size_t code_width, std::int16_t* ordered_codes,
                     const float* x, std::size_t features, std::size_t x_width, float* ordered_x,
                     std::uint32_t* ids) {
  simt::launch(stream, simt::per_block(rows, 128), gather_in_order_kernel, keys, codes, code_width,
               ordered_codes, x, features, x_width, ordered_x, ids);
}

void pack_prefixes(simt::StreamHandle stream, const std::int16_t* codes, std::size_t rows,
                   std::size_t width, std::size_t coordinates, bool shortened,
                   std::uint32_t* panels, std::int32_t* half_norms) {
  simt::launch(stream, simt::per_block(cell_count(rows), kCell), pack_prefixes_kernel, codes, rows,
               width, simt::narrow(coordinates), shortened, panels, half_norms);
}

void cell_centres(simt::StreamHandle stream, const std::int16_t* codes, std::size_t rows,
                  std::size_t code_width, std::size_t width, float* centres) {
  simt::launch(stream, simt::per_block(cell_count(rows), 64), cell_centres_kernel, codes, rows,
               code_width, width, centres);
}

void near_cells(simt::StreamHandle stream, const float* centres, std::size_t cells,
                std::size_t width, std::size_t count, std::uint32_t* near) {
  simt::launch(stream, simt::per_block(cells, kNearBlock, sizeof(NearSmem)), near_cells_kernel,
               centres, simt::narrow(cells), width, simt::narrow(count), near);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
