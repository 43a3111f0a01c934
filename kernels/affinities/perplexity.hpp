// Conditional probabilities: how wide each point must look to see `perplexity` neighbours.
//
//   p(j|i) = exp(-beta_i d_ij^2) / sum over k of exp(-beta_i d_ik^2),
//   with beta_i such that the entropy of p(.|i) is log(perplexity).
//
// L. van der Maaten and G. Hinton, JMLR 9, 2008, section 2.
#pragma once

#include <cstddef>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// squared_distances (rows, k), each row increasing -> probabilities (rows, k). In a row of equal
/// distances, or one that cannot reach the perplexity, the search ends with what it has: bounded.
void conditional_probabilities(simt::StreamHandle stream, const float* squared_distances,
                               std::size_t rows, std::size_t k, double perplexity,
                               float* probabilities);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
