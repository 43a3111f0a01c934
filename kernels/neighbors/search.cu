#include <cmath>

#include "kernels/neighbors/distance.cuh"
#include "kernels/neighbors/limits.hpp"
#include "kernels/neighbors/products.cuh"
#include "kernels/neighbors/search.hpp"
#include "kernels/simt/lanes.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/order.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/simt/sort.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ---- keys and reaches --------------------------------------------------------------------------

__device__ __forceinline__ Candidate pack(std::uint32_t bits, std::uint32_t row) {
  return Candidate{bits} << 32 | row;
}

__device__ __forceinline__ float distance_of(Candidate candidate) {
  return simt::float_from_bits(static_cast<std::uint32_t>(candidate >> 32));
}

/// The reach of a row that wants what is no farther than this.
__device__ inline std::int32_t reach_of(float squared_distance, const ReachRule& rule) {
  const double squared = static_cast<double>(squared_distance) * rule.relative + rule.absolute;
  const double reach = sqrt(squared) * rule.units + rule.slack;
  const double half = 0.5 * reach * reach + 2.0;  // norms have been halved and rounded down
  return half < kEverywhere ? static_cast<std::int32_t>(half) : kEverywhere;
}

// ---- distances of codes, by the lanes of a warp -------------------------------------------------

/// Between codes; in all lanes. Differences fit 16 bits, sums of their squares 31.
__device__ inline std::int32_t code_distance(const Worker& worker,
                                             const std::int16_t* __restrict__ a,
                                             const std::int16_t* __restrict__ b,
                                             std::uint32_t width) {
#ifndef __CUDACC__
  if (worker.alone) return code_distance_of_one_thread(a, b, width);
#endif
  std::int32_t sum = 0;
  for (std::uint32_t c = worker.lane; c < width; c += worker.lanes) {
    const std::int32_t difference = std::int32_t{a[c]} - std::int32_t{b[c]};
    sum += difference * difference;
  }
  return simt::warp_total(sum);
}

// ---- lists -------------------------------------------------------------------------------------

/// How many of the warp's lanes below this one have `mine` set, and how many lanes have.
struct Place {
  std::uint32_t before;
  std::uint32_t all;
};
__device__ inline Place place_in_warp(const Worker& worker, bool mine) {
  const unsigned votes = simt::ballot(mine);
  const unsigned below = (1U << worker.lane) - 1;
  return {simt::count_bits(votes & below), simt::count_bits(votes)};
}

/// How many keys are below one; in all lanes of the warp.
__device__ inline std::uint32_t count_below(const Worker& worker, const Candidate* list,
                                            std::uint32_t count, Candidate key) {
  constexpr unsigned kWidth = simt::kVectorWidth;
  Candidate below[kWidth] = {};
  const std::uint32_t step = worker.lanes * kWidth;
  const std::uint32_t whole = count - count % step;
  for (std::uint32_t i = worker.lane * kWidth; i < whole; i += step) {
    for (unsigned w = 0; w < kWidth; ++w) below[w] += list[i + w] < key ? 1 : 0;
  }
  for (std::uint32_t i = whole + worker.lane; i < count; i += worker.lanes) {
    below[0] += list[i] < key ? 1 : 0;
  }
  std::uint32_t sum = 0;
  for (const Candidate part : below) sum += static_cast<std::uint32_t>(part);
  return worker.alone ? sum : simt::warp_total(sum);
}

/// Keeps some of a list's `count` keys: its `fewest` smallest, and no more than `most`. Returns the
/// bound of what it kept, and their number in `count`. A warp's lanes call it together.
__device__ inline Candidate cut(const Worker& worker, Candidate* list, std::uint32_t& count,
                                std::uint32_t fewest, std::uint32_t most) {
  // Too few are below `low`, too many or just enough below `bound`.
  Candidate low = ~Candidate{0};
  Candidate bound = 0;
  for (std::uint32_t i = worker.lane; i < count; i += worker.lanes) {
    low = list[i] < low ? list[i] : low;
    bound = list[i] > bound ? list[i] : bound;
  }
  for (unsigned bits = 1; bits < worker.lanes; bits *= 2) {
    const Candidate other_low = simt::shuffle_xor(low, bits);
    const Candidate other_bound = simt::shuffle_xor(bound, bits);
    low = other_low < low ? other_low : low;
    bound = other_bound > bound ? other_bound : bound;
  }
  ++bound;
  std::uint32_t below_bound = count;
  while (below_bound > most) {
    const Candidate middle = low + (bound - low) / 2;
    const std::uint32_t below = count_below(worker, list, count, middle);
    if (below < fewest) {
      low = middle;
    } else {
      bound = middle;
      below_bound = below;
    }
  }
  std::uint32_t kept = 0;
  if (worker.alone) {  // no branch, which would be mispredicted
    for (std::uint32_t i = 0; i < count; ++i) {
      const Candidate key = list[i];
      list[kept] = key;
      kept += key < bound ? 1 : 0;
    }
    count = kept;
    return bound;
  }
  for (std::uint32_t base = 0; base < count; base += worker.lanes) {
    const std::uint32_t i = base + worker.lane;
    const Candidate key = i < count ? list[i] : ~Candidate{0};
    const bool stays = key < bound;
    const Place place = place_in_warp(worker, stays);
    simt::sync_warp();  // these have been read before others take their places
    if (stays) list[kept + place.before] = key;
    kept += place.all;
  }
  simt::sync_warp();
  count = kept;
  return bound;
}

__device__ __forceinline__ std::uint32_t most_after_cut(const CandidateLists& lists) {
  return lists.k + (lists.capacity - lists.k) / 4;
}

// ---- tiles -------------------------------------------------------------------------------------

constexpr std::uint32_t kRound = 512;  // pairs that are measured, then offered

struct SearchSmem {
  TileSmem tile;
  std::int32_t row_reaches[kCell];
  std::int32_t column_reaches[kCell];
  TilePlace places[kRound];
  std::uint32_t bits[kRound];  // of their distances
  std::uint8_t waits[kRound];
  std::uint32_t count;
  std::uint8_t full[kCell];
  std::uint32_t full_count;
};
static_assert(sizeof(SearchSmem) <= 64 * 1024);

enum class Metric { codes, rows };
enum class Of { row, column };

struct OfferedPair {
  std::uint32_t mine;    ///< the row of the list, in its cell
  std::uint32_t others;  ///< the other, among all
};

/// Cuts a full list, whose row then reaches less far.
template <Metric metric>
__device__ inline void cut_full_list(const Worker& worker, const CandidateLists& lists,
                                     const ReachRule& rule, std::uint32_t list) {
  std::uint32_t count = lists.capacity;
  const Candidate bound = cut(worker, lists.places + std::size_t{list} * lists.capacity, count,
                              lists.k, most_after_cut(lists));
  if (worker.lane == 0) {
    lists.counts[list] = count;
    lists.bounds[list] = bound;
    const std::int32_t reach = metric == Metric::codes ? static_cast<std::int32_t>(bound >> 33)
                                                       : reach_of(distance_of(bound), rule);
    simt::store_relaxed(reinterpret_cast<std::uint32_t*>(&lists.reaches[list]),
                        static_cast<std::uint32_t>(reach));
  }
}

/// Offers a round's pairs to the lists of one side of the tile, whose cell nobody else offers to.
template <Metric metric, Of side>
__device__ void offer_round(const Worker& worker, SearchSmem& smem, const SearchedRows& searched,
                            const CandidateLists& lists, const ReachRule& rule, std::uint32_t own,
                            std::uint32_t other) {
  const std::uint32_t pairs = smem.count;
  const std::uint32_t own_row = own * static_cast<std::uint32_t>(kCell);
  const std::uint32_t other_row = other * static_cast<std::uint32_t>(kCell);
  const auto pair_of = [&](std::uint32_t i) {
    constexpr auto cell = static_cast<std::uint32_t>(kCell);
    const std::uint32_t row = smem.places[i] / cell;
    const std::uint32_t column = smem.places[i] % cell;
    return side == Of::row ? OfferedPair{row, other_row + column}
                           : OfferedPair{column, other_row + row};
  };
  const auto key_of = [&](std::uint32_t i, std::uint32_t others) {
    return pack(smem.bits[i], metric == Metric::codes ? others : searched.ids[others]);
  };
#ifndef __CUDACC__
  if (worker.alone) {
    std::uint16_t wanted[kRound];
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < pairs; ++i) {  // no branch, which would be mispredicted
      wanted[count] = static_cast<std::uint16_t>(i);
      const Candidate bound = lists.bounds[own_row + pair_of(i).mine];
      count += smem.bits[i] <= static_cast<std::uint32_t>(bound >> 32) ? 1 : 0;
    }
    for (std::uint32_t w = 0; w < count; ++w) {
      const OfferedPair pair = pair_of(wanted[w]);
      const std::uint32_t list = own_row + pair.mine;
      const Candidate key = key_of(wanted[w], pair.others);
      if (key >= lists.bounds[list]) continue;
      const std::uint32_t place = lists.counts[list]++;
      lists.places[std::size_t{list} * lists.capacity + place] = key;
      if (place + 1 == lists.capacity) cut_full_list<metric>(worker, lists, rule, list);
    }
    return;
  }
#endif
  for (const auto i : simt::block_elements(pairs)) smem.waits[i] = 1;
  if (worker.thread == 0) smem.full_count = 0;
  for (;;) {
    simt::sync_block();
    for (const auto i : simt::block_elements(pairs)) {
      if (smem.waits[i] == 0) continue;
      const OfferedPair pair = pair_of(i);
      const std::uint32_t list = own_row + pair.mine;
      const Candidate key = key_of(i, pair.others);
      if (key >= lists.bounds[list]) {
        smem.waits[i] = 0;
        continue;
      }
      const std::uint32_t place = worker.add(&lists.counts[list], 1);
      if (place >= lists.capacity) continue;  // waits for the cut
      lists.places[std::size_t{list} * lists.capacity + place] = key;
      smem.waits[i] = 0;
      if (place + 1 == lists.capacity) {
        smem.full[worker.add(&smem.full_count, 1)] = static_cast<std::uint8_t>(pair.mine);
      }
    }
    simt::sync_block();  // all have offered
    const std::uint32_t full = smem.full_count;
    if (full == 0) break;
    for (std::uint32_t f = worker.warp; f < full; f += worker.warps) {
      cut_full_list<metric>(worker, lists, rule, own_row + smem.full[f]);
    }
    simt::sync_block();  // all have seen how many were full
    if (worker.thread == 0) smem.full_count = 0;
  }
  simt::sync_block();
}

__device__ inline void lock(std::uint32_t* word) {
  if (simt::block_thread() == 0) {
    while (simt::exchange_acq_rel(word, 1) != 0) {
      simt::wait_while(word, 1, [] { return false; });
    }
  }
  simt::sync_block();
}

__device__ inline void unlock(std::uint32_t* word) {
  simt::sync_block();
  if (simt::block_thread() == 0) {
    (void)simt::exchange_acq_rel(word, 0);
    simt::wake_all(word);
  }
}

__device__ inline void read_reaches(const CandidateLists& lists, std::uint32_t cell,
                                    std::int32_t* reaches) {
  for (const auto r : simt::block_elements(static_cast<std::uint32_t>(kCell))) {
    reaches[r] = static_cast<std::int32_t>(
        simt::load_relaxed(reinterpret_cast<std::uint32_t*>(&lists.reaches[cell * kCell + r])));
  }
}

/// One tile through all sieves. By codes, only the rows' lists are offered anything, and their cell
/// is the block's own.
template <Metric metric>
__device__ void search_tile(const Worker& worker, SearchSmem& smem, const SearchedRows& searched,
                            const CandidateLists& lists, const ReachRule& rule,
                            std::uint32_t row_cell, std::uint32_t column_cell) {
  read_reaches(lists, row_cell, smem.row_reaches);
  if (metric == Metric::rows) {
    read_reaches(lists, column_cell, smem.column_reaches);
  } else {
    for (const auto c : simt::block_elements(static_cast<std::uint32_t>(kCell))) {
      smem.column_reaches[c] = 0;
    }
  }
  simt::sync_block();
  const auto side = [&](std::uint32_t cell, const std::int32_t* reaches) {
    const std::size_t first = std::size_t{cell} * kCell;
    return Side{searched.panels + first * searched.prefix_words, searched.half_norms + first,
                reaches};
  };
  near_pairs(side(row_cell, smem.row_reaches), side(column_cell, smem.column_reaches),
             searched.prefix_words, smem.tile);
  const std::uint32_t near = smem.tile.near_count;
  for (std::uint32_t base = 0; base < near; base += kRound) {
    if (worker.thread == 0) smem.count = 0;
    simt::sync_block();
    const std::uint32_t last = base + kRound < near ? base + kRound : near;
    for (std::uint32_t i = base + worker.warp; i < last; i += worker.warps) {
      const TilePlace place = smem.tile.near[i];
      const std::uint32_t r = place / kCell;
      const std::uint32_t c = place % kCell;
      const std::size_t row = std::size_t{row_cell} * kCell + r;
      const std::size_t column = std::size_t{column_cell} * kCell + c;
      const std::int32_t apart =
          code_distance(worker, searched.codes + row * searched.code_width,
                        searched.codes + column * searched.code_width, searched.code_width);
      const std::int32_t farthest = smem.row_reaches[r] > smem.column_reaches[c]
                                        ? smem.row_reaches[r]
                                        : smem.column_reaches[c];
      const bool wanted = row_cell != column_cell || (metric == Metric::codes ? r != c : r < c);
      const bool stays = (apart / 2 <= farthest) & wanted;
      if (worker.alone) {  // no branch, which would be mispredicted
        smem.places[smem.count] = place;
        smem.bits[smem.count] = static_cast<std::uint32_t>(apart);
        smem.count += stays ? 1 : 0;
      } else if (stays && worker.lane == 0) {
        const std::uint32_t slot = simt::atomic_add(&smem.count, 1u);
        smem.places[slot] = place;
        smem.bits[slot] = static_cast<std::uint32_t>(apart);
      }
    }
    simt::sync_block();  // all of the round have been sieved
    if (smem.count == 0) {
      simt::sync_block();  // all have seen it
      continue;
    }
    if constexpr (metric == Metric::rows) {
      const std::uint32_t count = smem.count;
      const auto row_of = [&](std::uint32_t i) {
        return searched.x +
               (std::size_t{row_cell} * kCell + smem.places[i] / kCell) * searched.x_width;
      };
      const auto column_of = [&](std::uint32_t i) {
        return searched.x +
               (std::size_t{column_cell} * kCell + smem.places[i] % kCell) * searched.x_width;
      };
      for (std::uint32_t i = worker.warp; i < count; i += worker.warps) {
#ifndef __CUDACC__
        if (worker.alone && i + kRowsAhead < count) {
          prefetch_row(row_of(i + kRowsAhead));
          prefetch_row(column_of(i + kRowsAhead));
        }
#endif
        const float distance = squared_distance(worker, row_of(i), column_of(i), searched.x_width);
        if (worker.lane == 0) smem.bits[i] = simt::float_bits(distance);
      }
      simt::sync_block();  // all distances are there
      lock(&lists.locks[row_cell]);
      offer_round<metric, Of::row>(worker, smem, searched, lists, rule, row_cell, column_cell);
      if (row_cell == column_cell) {
        offer_round<metric, Of::column>(worker, smem, searched, lists, rule, row_cell, column_cell);
      }
      unlock(&lists.locks[row_cell]);
      if (row_cell != column_cell) {
        lock(&lists.locks[column_cell]);
        offer_round<metric, Of::column>(worker, smem, searched, lists, rule, column_cell, row_cell);
        unlock(&lists.locks[column_cell]);
      }
    } else {
      offer_round<metric, Of::row>(worker, smem, searched, lists, rule, row_cell, column_cell);
    }
  }
  simt::sync_block();  // the next tile takes over the shared memory
}

// ------------------------------------------------------------------------------------- kernels

__global__ void clear_lists_kernel(CandidateLists lists, std::size_t places, std::size_t cells) {
  for (const auto i : simt::elements(places)) {
    lists.counts[i] = 0;
    lists.bounds[i] = ~Candidate{0};
    lists.reaches[i] = kEverywhere;
  }
  for (const auto c : simt::elements(cells)) lists.locks[c] = 0;
}

// One block a cell.
__global__ void seed_lists_kernel(SearchedRows searched, CandidateLists lists,
                                  const std::uint32_t* __restrict__ near, std::uint32_t near_count,
                                  std::uint32_t first_cell) {
  auto& smem = simt::shared<SearchSmem>();
  const Worker worker;
  const std::uint32_t cell = first_cell + blockIdx.x;
  search_tile<Metric::codes>(worker, smem, searched, lists, {}, cell, cell);
  for (std::uint32_t n = 0; n < near_count; ++n) {
    search_tile<Metric::codes>(worker, smem, searched, lists, {}, cell,
                               near[std::size_t{cell} * near_count + n]);
  }
}

// One warp a row. A list that is shorter than k leaves the row's reach as it is.
__global__ void measure_seeds_kernel(SearchedRows searched, CandidateLists lists, ReachRule rule) {
  const Worker worker;
  for (const auto row : simt::warp_elements(std::size_t{searched.rows})) {
    Candidate* list = lists.places + row * lists.capacity;
    std::uint32_t count = lists.counts[row];
    Candidate bound = ~Candidate{0};
    std::int32_t reach = kEverywhere;
    if (count >= lists.k) {
      (void)cut(worker, list, count, lists.k, lists.k);
      float farthest = 0.f;
      for (std::uint32_t i = 0; i < lists.k; ++i) {
#ifndef __CUDACC__
        if (worker.alone && i + kRowsAhead < lists.k) {
          const auto next = static_cast<std::uint32_t>(list[i + kRowsAhead]);
          prefetch_row(searched.x + std::size_t{next} * searched.x_width);
        }
#endif
        const auto other = static_cast<std::uint32_t>(list[i]);
        const float distance =
            squared_distance(worker, searched.x + row * searched.x_width,
                             searched.x + std::size_t{other} * searched.x_width, searched.x_width);
        farthest = distance > farthest ? distance : farthest;
      }
      farthest = simt::shuffle(farthest, 0);
      bound = Candidate{simt::float_bits(farthest) + 1} << 32;  // all at that distance are wanted
      reach = reach_of(farthest, rule);
    }
    simt::sync_warp();  // all have read the count
    if (worker.lane == 0) {
      lists.counts[row] = 0;
      lists.bounds[row] = bound;
      lists.reaches[row] = reach;
    }
  }
}

/// The squared length of what prefixes of each choice leave out of a code.
__device__ inline void rests_of(const std::int16_t* code, std::uint32_t width,
                                const PrefixLengths& lengths, float (&rests)[kPrefixChoices]) {
  std::int32_t sum = 0;
  std::uint32_t last = width;
  lanes::unrolled<kPrefixChoices>([&](auto k) {
    constexpr int choice = static_cast<int>(kPrefixChoices) - 1 - decltype(k)::value;
#ifdef __CUDACC__
#pragma unroll 1  // twelve loops side by side want few registers each
#endif
    for (; last > lengths.at[choice]; --last) sum += code[last - 1] * code[last - 1];
    rests[choice] = sqrtf(static_cast<float>(sum));
  });
}

// One block one of the rows, one thread another. Unrolled, so that the choices lie in registers.
__global__ void count_left_kernel(SearchedRows searched, const std::int32_t* __restrict__ reaches,
                                  PrefixLengths lengths, std::uint32_t some, std::uint32_t others,
                                  std::uint32_t* __restrict__ left) {
  const std::size_t row = std::size_t{blockIdx.x} * searched.rows / some;
  const std::uint32_t width = searched.code_width;
  const std::int16_t* code = searched.codes + row * width;
  float rests[kPrefixChoices];
  rests_of(code, width, lengths, rests);
  std::uint32_t counts[kPrefixChoices] = {};
  for (const auto o : simt::block_elements(others)) {
    const std::size_t other = (std::size_t{o} * searched.rows + searched.rows / 2) / others;
    if (other == row) continue;
    const std::int16_t* other_code = searched.codes + other * width;
    float other_rests[kPrefixChoices];
    rests_of(other_code, width, lengths, other_rests);
    const float farthest =
        2.f * static_cast<float>(reaches[row] > reaches[other] ? reaches[row] : reaches[other]);
    std::int32_t apart = 0;
    std::uint32_t c = 0;
    lanes::unrolled<kPrefixChoices>([&](auto k) {
      constexpr int choice = decltype(k)::value;
      const std::uint32_t last = lengths.at[choice] < width ? lengths.at[choice] : width;
#ifdef __CUDACC__
#pragma unroll 1
#endif
      for (; c < last; ++c) apart += (code[c] - other_code[c]) * (code[c] - other_code[c]);
      const float between = rests[choice] - other_rests[choice];
      counts[choice] += static_cast<float>(apart) + between * between <= farthest ? 1 : 0;
    });
  }
  lanes::unrolled<kPrefixChoices>(
      [&](auto choice) { simt::atomic_add(&left[choice], counts[choice]); });
}

// Squares of the upper triangle by its columns: column c has the c + 1 squares 0 .. c.
__global__ void search_squares_kernel(SearchedRows searched, CandidateLists lists, ReachRule rule,
                                      std::size_t first) {
  auto& smem = simt::shared<SearchSmem>();
  const Worker worker;
  const std::size_t square = first + blockIdx.x;
  auto column = static_cast<std::size_t>((sqrt(8.0 * static_cast<double>(square) + 1.0) - 1.0) / 2);
  while (column * (column + 1) / 2 > square) --column;
  while ((column + 1) * (column + 2) / 2 <= square) ++column;
  const auto row = static_cast<std::uint32_t>(square - column * (column + 1) / 2);
  const auto cells = static_cast<std::uint32_t>((searched.rows + kCell - 1) / kCell);
  const std::uint32_t first_row = row * kSquareCells;
  const std::uint32_t first_column = static_cast<std::uint32_t>(column) * kSquareCells;
  for (std::uint32_t a = first_row; a < first_row + kSquareCells && a < cells; ++a) {
    for (std::uint32_t b = first_column < a ? a : first_column;
         b < first_column + kSquareCells && b < cells; ++b) {
      search_tile<Metric::rows>(worker, smem, searched, lists, rule, a, b);
    }
  }
}

constexpr unsigned kFinishBlock = 128;
constexpr unsigned kSortCapacity = 4096;

struct FinishSmem {
  Candidate list[kSortCapacity];
};

// One block a row.
__global__ void finish_lists_kernel(SearchedRows searched, CandidateLists lists,
                                    std::uint32_t* __restrict__ indices,
                                    float* __restrict__ squared_distances) {
  auto& smem = simt::shared<FinishSmem>();
  const std::size_t row = blockIdx.x;
  const std::uint32_t count = lists.counts[row];
  const Candidate* list = lists.places + row * lists.capacity;
  for (const auto i : simt::block_elements(count)) smem.list[i] = list[i];
  simt::sync_block();  // the list is there to be sorted
  simt::block_sort(smem.list, count, kSortCapacity);
  const std::size_t to = std::size_t{searched.ids[row]} * lists.k;
  for (const auto i : simt::block_elements(lists.k)) {
    indices[to + i] = static_cast<std::uint32_t>(smem.list[i]);
    squared_distances[to + i] = distance_of(smem.list[i]);
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

std::size_t list_capacity(std::size_t k) {
  constexpr std::size_t kMultiple = 16;
  const std::size_t capacity = (k + k / 3 + 8 + kMultiple - 1) / kMultiple * kMultiple;
  static_assert(kMaxNeighbors + kMaxNeighbors / 3 + 24 <= kSortCapacity);
  return capacity;
}

void clear_lists(simt::StreamHandle stream, std::size_t rows, CandidateLists lists) {
  const std::size_t cells = cell_count(rows);
  simt::launch(stream, simt::per_element(cells * kCell), clear_lists_kernel, lists, cells * kCell,
               cells);
}

void seed_lists(simt::StreamHandle stream, const SearchedRows& searched, CandidateLists lists,
                const std::uint32_t* near, std::size_t near_count, std::size_t first_cell,
                std::size_t cells) {
  simt::launch(stream, simt::per_block(cells, kTileBlock, sizeof(SearchSmem)), seed_lists_kernel,
               searched, lists, near, simt::narrow(near_count), simt::narrow(first_cell));
}

void measure_seeds(simt::StreamHandle stream, const SearchedRows& searched, CandidateLists lists,
                   const ReachRule& rule) {
  simt::launch(stream, simt::per_warp(searched.rows), measure_seeds_kernel, searched, lists, rule);
}

void count_left(simt::StreamHandle stream, const SearchedRows& searched,
                const std::int32_t* reaches, const PrefixLengths& lengths, std::size_t some,
                std::size_t others, std::uint32_t* left) {
  simt::launch(stream, simt::per_block(some, 128), count_left_kernel, searched, reaches, lengths,
               simt::narrow(some), simt::narrow(others), left);
}

void search_squares(simt::StreamHandle stream, const SearchedRows& searched, CandidateLists lists,
                    const ReachRule& rule, std::size_t first, std::size_t count) {
  simt::launch(stream, simt::per_block(count, kTileBlock, sizeof(SearchSmem)),
               search_squares_kernel, searched, lists, rule, first);
}

void finish_lists(simt::StreamHandle stream, const SearchedRows& searched, CandidateLists lists,
                  std::uint32_t* indices, float* squared_distances) {
  simt::launch(stream, simt::per_block(searched.rows, kFinishBlock, sizeof(FinishSmem)),
               finish_lists_kernel, searched, lists, indices, squared_distances);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
