// Launchers of kernels that sort and share out within blocks and warps, for block_sort_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "device/stream.hpp"

namespace hourglass::HOURGLASS_TARGET::block_sort {

inline constexpr unsigned kSortCapacity = 1024;

/// Sorts each of `rows` rows of kSortCapacity values, of which `count` matter, in a block of
/// `threads`.
void sort_rows(device::Stream& stream, std::uint64_t* values, std::size_t rows, unsigned count,
               unsigned threads);
/// Brings the `keep` smallest of each row to its front.
void keep_smallest_of_rows(device::Stream& stream, std::uint64_t* values, std::size_t rows,
                           unsigned count, unsigned keep, unsigned threads);

/// counts (blocks, n) += 1 for each visit by a thread of a block, in blocks of `threads`.
void count_block_elements(device::Stream& stream, unsigned* counts, std::size_t blocks, unsigned n,
                          unsigned threads);
/// counts (n) += 1 for each visit by a lane; lanes (n) += the lanes that the visiting warp has,
/// once a warp. Both must end up the same, and lanes of at most one warp.
void count_warp_elements(device::Stream& stream, unsigned* counts, unsigned* lanes, std::size_t n,
                         unsigned threads);

}  // namespace hourglass::HOURGLASS_TARGET::block_sort
