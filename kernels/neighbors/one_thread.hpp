// What the search does most, by one thread of a CPU in vector registers: products of two panels
// (products.cuh), distances of codes, distances of rows. Whole numbers of 16 bits are multiplied in
// pairs, which every x86-64 processor does, and adds up, in one or two instructions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/neighbors/cells.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace hourglass::HOURGLASS_TARGET::kernels {

// ---- vector registers, as wide as the processor has them for whole numbers ----------------------

#if defined(__AVX512BW__)
inline constexpr std::size_t kRegisterBytes = 64;
inline constexpr std::size_t kRegistersAcross =
    4;  // columns of a tile whose sums fit beside others
#elif defined(__AVX2__)
inline constexpr std::size_t kRegisterBytes = 32;
inline constexpr std::size_t kRegistersAcross = 2;
#else
inline constexpr std::size_t kRegisterBytes = 16;
inline constexpr std::size_t kRegistersAcross = 2;
#endif
inline constexpr std::size_t kWordsAcross = kRegisterBytes / 4;

using Words [[gnu::vector_size(kRegisterBytes), gnu::may_alias, gnu::aligned(4)]] = std::int32_t;
using Halves [[gnu::vector_size(kRegisterBytes)]] = std::int16_t;

inline Words load(const void* from) {
  return *static_cast<const Words*>(from);
}

inline Words in_all_lanes(std::int32_t value) {
  return value - Words{};
}

/// sum + a.low * b.low + a.high * b.high of words of two 16-bit numbers.
inline Words add_products(Words sum, Words a, Words b) {
#if defined(__AVX512VNNI__) && defined(__AVX512BW__)
  return Words(_mm512_dpwssd_epi32(__m512i(sum), __m512i(a), __m512i(b)));
#elif defined(__AVX512BW__)
  return sum + Words(_mm512_madd_epi16(__m512i(a), __m512i(b)));
#elif defined(__AVX2__)
  return sum + Words(_mm256_madd_epi16(__m256i(a), __m256i(b)));
#elif defined(__SSE2__)
  return sum + Words(_mm_madd_epi16(__m128i(a), __m128i(b)));
#else
  return sum + ((a << 16) >> 16) * ((b << 16) >> 16) + (a >> 16) * (b >> 16);
#endif
}

/// Where a >= b, a bit a lane.
inline std::uint32_t at_least(Words a, Words b) {
#if defined(__AVX512BW__)
  return _mm512_cmpge_epi32_mask(__m512i(a), __m512i(b));
#elif defined(__AVX2__)
  return static_cast<std::uint32_t>(_mm256_movemask_ps(__m256(a >= b)));
#elif defined(__SSE2__)
  return static_cast<std::uint32_t>(_mm_movemask_ps(__m128(a >= b)));
#else
  std::uint32_t bits = 0;
  for (unsigned i = 0; i < kWordsAcross; ++i) bits |= (a[i] >= b[i] ? 1U : 0U) << i;
  return bits;
#endif
}

/// Writes first, first + 1, ... of which the bit is set; returns their number. As many places
/// behind the last may be written to as a register has words.
inline std::uint32_t append_places(std::uint64_t bits, std::size_t first, std::uint16_t* to) {
#if defined(__AVX512VBMI2__) && defined(__AVX512BW__)  // no branch, which would be mispredicted
  alignas(64) static constexpr auto kPlaces = [] {
    std::array<std::uint16_t, 32> places{};
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = static_cast<std::uint16_t>(i);
    return places;
  }();
  const __m512i places = _mm512_add_epi16(_mm512_load_si512(kPlaces.data()),
                                          _mm512_set1_epi16(static_cast<std::int16_t>(first)));
  const auto low = static_cast<std::uint32_t>(bits);
  const auto high = static_cast<std::uint32_t>(bits >> 32U);
  const auto low_count = static_cast<std::uint32_t>(__builtin_popcount(low));
  _mm512_storeu_si512(to, _mm512_maskz_compress_epi16(low, places));
  _mm512_storeu_si512(to + low_count,
                      _mm512_maskz_compress_epi16(
                          high, _mm512_add_epi16(places, _mm512_set1_epi16(std::int16_t{32}))));
  return low_count + static_cast<std::uint32_t>(__builtin_popcount(high));
#else
  std::uint32_t count = 0;
  for (; bits != 0; bits &= bits - 1) {
    const auto next = static_cast<std::size_t>(__builtin_ctzll(bits));
    to[count++] = static_cast<std::uint16_t>(first + next);
  }
  return count;
#endif
}

/// Over the lanes, by halves.
template <class Vector>
inline auto sum(Vector v) {
  constexpr std::size_t kLanes = sizeof(v) / sizeof(v[0]);
  if constexpr (kLanes == 16) {
    return sum(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
               __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15));
  } else if constexpr (kLanes == 8) {
    return sum(__builtin_shufflevector(v, v, 0, 1, 2, 3) +
               __builtin_shufflevector(v, v, 4, 5, 6, 7));
  } else {
    v += __builtin_shufflevector(v, v, 2, 3, 0, 1);
    return v[0] + v[1];
  }
}

// ---- a pair of codes ----------------------------------------------------------------------------

/// |a - b|^2 of two codes of `width` 16-bit numbers, a multiple of kCodeMultiple.
inline std::int32_t code_distance_of_one_thread(const std::int16_t* a, const std::int16_t* b,
                                                std::uint32_t width) {
  constexpr std::uint32_t kTogether = kRegisterBytes / 2;
  static_assert(kCodeMultiple % kTogether == 0);
  Words total{};
  for (std::uint32_t c = 0; c < width; c += kTogether) {
    const auto difference = Words(Halves(load(a + c)) - Halves(load(b + c)));
    total = add_products(total, difference, difference);
  }
  return sum(total);
}

// ---- a pair of rows -----------------------------------------------------------------------------

// As wide as the processor has them, or the compiler keeps sums in memory.
using Floats [[gnu::vector_size(kRegisterBytes), gnu::may_alias, gnu::aligned(4)]] = float;

/// How many pairs before its turn a row is asked for.
inline constexpr std::uint32_t kRowsAhead = 4;

/// Begins to bring a row into the nearest cache; the processor goes on by itself.
inline void prefetch_row(const float* row) {
  for (int line = 0; line < 4; ++line) __builtin_prefetch(row + 16 * line);
}

/// |a - b|^2 of two rows of `width` floats, a multiple of kRowMultiple.
inline float squared_distance_of_one_thread(const float* a, const float* b, std::uint32_t width) {
  static_assert(kRowMultiple == 16);
  constexpr std::uint32_t kParts = 64 / kRegisterBytes;  // of 16 values
  const auto load_floats = [](const float* from) { return *reinterpret_cast<const Floats*>(from); };
  const auto add_squares = [&](Floats* sums, std::uint32_t first) {
    for (std::uint32_t p = 0; p < kParts; ++p) {
      const auto f = static_cast<std::uint32_t>(first + p * kWordsAcross);
      const Floats difference = load_floats(a + f) - load_floats(b + f);
      sums[p] += difference * difference;
    }
  };
  Floats even[kParts] = {};
  Floats odd[kParts] = {};
  std::uint32_t f = 0;
  for (; f + 32 <= width; f += 32) {
    add_squares(even, f);
    add_squares(odd, f + 16);
  }
  if (f < width) add_squares(even, f);
  for (std::uint32_t p = 0; p < kParts; ++p) even[p] += odd[p];
  for (std::uint32_t half = kParts / 2; half > 0; half /= 2) {  // as wider registers are halved
    for (std::uint32_t p = 0; p < half; ++p) even[p] += even[p + half];
  }
  return sum(even[0]);
}

// ---- a tile -------------------------------------------------------------------------------------

/// The places (row * kCell + column) of the pairs that may be near; returns their number. Sums of
/// kDown rows times kRegistersAcross registers of columns stay in registers.
inline std::uint32_t near_pairs_of_one_thread(const std::uint32_t* row_panel,
                                              const std::int32_t* row_half_norms,
                                              const std::int32_t* row_reaches,
                                              const std::uint32_t* column_panel,
                                              const std::int32_t* column_half_norms,
                                              const std::int32_t* column_reaches, unsigned words,
                                              std::uint16_t* near) {
  constexpr std::size_t kDown = 4;
  constexpr std::size_t kAcross = kRegistersAcross;
  constexpr std::size_t kColumns = kAcross * kWordsAcross;
  static_assert(kCell % kDown == 0 && kCell % kColumns == 0);
  std::uint32_t count = 0;
  for (std::size_t column = 0; column < kCell; column += kColumns) {
    for (std::size_t row = 0; row < kCell; row += kDown) {
      Words sums[kDown][kAcross];
      // What belongs to columns is loaded anew: registers are for sums.
      for (std::size_t j = 0; j < kAcross; ++j) {
        const Words start = -load(column_half_norms + column + j * kWordsAcross);
        for (auto& of_row : sums) of_row[j] = start;
      }
      const std::uint32_t* rows = row_panel + row;
      const std::uint32_t* columns = column_panel + column;
      for (unsigned word = 0; word < words; ++word, rows += kCell, columns += kCell) {
        Words b[kAcross];
        for (std::size_t j = 0; j < kAcross; ++j) b[j] = load(columns + j * kWordsAcross);
        for (std::size_t i = 0; i < kDown; ++i) {
          const Words a = in_all_lanes(static_cast<std::int32_t>(rows[i]));
          for (std::size_t j = 0; j < kAcross; ++j) sums[i][j] = add_products(sums[i][j], a, b[j]);
        }
      }
      for (std::size_t i = 0; i < kDown; ++i) {
        const Words wanted = in_all_lanes(row_half_norms[row + i]);
        const Words own = in_all_lanes(row_reaches[row + i]);
        std::uint64_t bits = 0;
        for (std::size_t j = 0; j < kAcross; ++j) {
          const Words reach = load(column_reaches + column + j * kWordsAcross);
          const Words farthest = own > reach ? own : reach;
          const std::uint64_t some = at_least(sums[i][j] + farthest, wanted);
          bits |= some << (j * kWordsAcross);
        }
        count += append_places(bits, (row + i) * kCell + column, near + count);
      }
    }
  }
  return count;
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
