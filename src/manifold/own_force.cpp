#include "manifold/own_force.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <numbers>

namespace hourglass {
namespace {

constexpr int kReach = 3;  // nodes between two of the four that a point touches

/// What divides by the spline's transform squared, as a filter over nodes: the inverse of
/// (1, 4, 1) / 6 is sqrt(3) z^|k|, z = sqrt(3) - 2; here its convolution with itself.
double squared_inverse(int k) {
  const double z = std::numbers::sqrt3 - 2.0;
  const double n = std::abs(k);
  return 3.0 * std::pow(z, n) * (n + (1.0 + z * z) / (1.0 - z * z));
}

using Potentials = std::array<std::array<double, kReach + 1>, kReach + 1>;

/// The potential of one node's unit charge, some nodes away.
Potentials potential_of_node(double spacing, double power) {
  constexpr int kTerms = 26;  // z^26 is 1e-15
  Potentials potential{};
  for (int x = 0; x <= kReach; ++x) {
    for (int y = 0; y <= kReach; ++y) {
      for (int a = -kTerms; a <= kTerms; ++a) {
        for (int b = -kTerms; b <= kTerms; ++b) {
          const double squared = spacing * spacing * ((x - a) * (x - a) + (y - b) * (y - b));
          potential[x][y] +=
              squared_inverse(a) * squared_inverse(b) / std::pow(1.0 + squared, power);
        }
      }
    }
  }
  return potential;
}

using Weights = std::array<double, 4>;

Weights spline(double t) {
  const double s = 1.0 - t;
  return {s * s * s / 6.0, ((3.0 * t - 6.0) * t * t + 4.0) / 6.0,
          ((3.0 * s - 6.0) * s * s + 4.0) / 6.0, t * t * t / 6.0};
}
Weights spline_derivative(double t) {
  const double s = 1.0 - t;
  return {-0.5 * s * s, (1.5 * t - 2.0) * t, (2.0 - 1.5 * s) * s, 0.5 * t * t};
}

}  // namespace

OwnForce own_force(double spacing, double power) {
  constexpr int kPlaces = 16;  // a cell's, in either direction
  const Potentials potential = potential_of_node(spacing, power);
  double terms[2][3] = {};
  double energy = 0.0;
  for (int i = 0; i < kPlaces; ++i) {
    for (int j = 0; j < kPlaces; ++j) {
      const double tx = (i + 0.5) / kPlaces;
      const double ty = (j + 0.5) / kPlaces;
      const Weights wx = spline(tx);
      const Weights wy = spline(ty);
      const Weights dwx = spline_derivative(tx);
      double slope = 0.0;
      double own = 0.0;
      for (int a = 0; a < 4; ++a) {
        for (int b = 0; b < 4; ++b) {
          for (int c = 0; c < 4; ++c) {
            for (int d = 0; d < 4; ++d) {
              const double from = wx[c] * wy[d] * potential[std::abs(a - c)][std::abs(b - d)];
              slope += dwx[a] * wy[b] * from;
              own += wx[a] * wy[b] * from;
            }
          }
        }
      }
      const double force = -0.5 / spacing * slope;
      energy += own / (kPlaces * kPlaces);
      for (int m = 0; m < 2; ++m) {
        for (int q = 0; q < 3; ++q) {
          const double wave = std::sin(2.0 * std::numbers::pi * (m + 1) * tx) *
                              std::cos(2.0 * std::numbers::pi * q * ty);
          terms[m][q] += (q == 0 ? 2.0 : 4.0) * force * wave / (kPlaces * kPlaces);
        }
      }
    }
  }
  OwnForce result;
  for (int m = 0; m < 2; ++m) {
    for (int q = 0; q < 3; ++q) result.terms[m][q] = static_cast<float>(terms[m][q]);
  }
  result.energy = energy;
  return result;
}

}  // namespace hourglass
