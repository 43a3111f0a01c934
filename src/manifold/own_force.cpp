#include "manifold/own_force.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <utility>
#include <vector>

#include "kernels/tsne/softened.hpp"

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

/// The potential of one node's unit charge, some nodes away; interaction(d^2).
template <class Interaction>
Potentials potential_of_node(double spacing, const Interaction& interaction) {
  constexpr int kTerms = 26;  // z^26 is 1e-15
  Potentials potential{};
  for (int x = 0; x <= kReach; ++x) {
    for (int y = 0; y <= kReach; ++y) {
      for (int a = -kTerms; a <= kTerms; ++a) {
        for (int b = -kTerms; b <= kTerms; ++b) {
          const double squared = spacing * spacing * ((x - a) * (x - a) + (y - b) * (y - b));
          potential[x][y] += squared_inverse(a) * squared_inverse(b) * interaction(squared);
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

OwnForce own_force(double spacing, const Potentials& potential) {
  constexpr int kPlaces = 16;  // a cell's, in either direction
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

}  // namespace

OwnForce own_force(double spacing, double power) {
  return own_force(spacing, potential_of_node(spacing, [power](double squared) {
                     return std::pow(1.0 + squared, -power);
                   }));
}

OwnForce softened_own_force(double spacing) {
  return own_force(spacing, potential_of_node(spacing, [](double squared) {
                     return squared < double{kNearSquared} ? softened(squared)
                                                           : 1.0 / (1.0 + squared);
                   }));
}

// ---- in three dimensions -----------------------------------------------------------------------

namespace {

constexpr int kNodeTerms = 16;  // z^16 is 1e-9
constexpr int kPlacesInSpace = 12;

/// The potential of one node's unit charge, (i, j, k) nodes away, by one axis after another: a box
/// of the interaction whose axes shrink to kReach as they are filtered.
class SpacePotential {
 public:
  SpacePotential(double spacing, double power) {
    std::vector<double> values(std::size_t{kAll} * kAll * kAll);
    for (int i = 0; i < kAll; ++i) {
      for (int j = 0; j < kAll; ++j) {
        for (int k = 0; k < kAll; ++k) {
          const double squared = spacing * spacing * (i * i + j * j + k * k);
          values[static_cast<std::size_t>((i * kAll + j) * kAll + k)] =
              std::pow(1.0 + squared, -power);
        }
      }
    }
    for (int axis = 0; axis < 3; ++axis) values = filtered(values);
    values_ = std::move(values);
  }
  [[nodiscard]] double at(int i, int j, int k) const {
    constexpr int kSide = kReach + 1;
    return values_[static_cast<std::size_t>((std::abs(i) * kSide + std::abs(j)) * kSide +
                                            std::abs(k))];
  }

 private:
  static constexpr int kAll = kReach + kNodeTerms + 1;

  /// (x, y, z) -> (y, z, x up to kReach).
  static std::vector<double> filtered(const std::vector<double>& from) {
    const std::size_t inner = from.size() / kAll;
    std::vector<double> to(inner * (kReach + 1));
    for (std::size_t i = 0; i < inner; ++i) {
      for (int x = 0; x <= kReach; ++x) {
        double sum = 0.0;
        for (int a = -kNodeTerms; a <= kNodeTerms; ++a) {
          sum += squared_inverse(a) * from[static_cast<std::size_t>(std::abs(x - a)) * inner + i];
        }
        to[i * (kReach + 1) + static_cast<std::size_t>(x)] = sum;
      }
    }
    return to;
  }

  std::vector<double> values_;
};

/// A point's own weights, or their slopes, against its weights: by how many nodes lie between.
using Between = std::array<double, 2 * kReach + 1>;
Between between(const Weights& to, const Weights& from) {
  Between sums{};
  for (int a = 0; a < 4; ++a) {
    for (int b = 0; b < 4; ++b) sums[static_cast<std::size_t>(a - b + kReach)] += to[a] * from[b];
  }
  return sums;
}

double summed(const SpacePotential& potential, const Between& x, const Between& y,
              const Between& z) {
  double sum = 0.0;
  for (int i = -kReach; i <= kReach; ++i) {
    for (int j = -kReach; j <= kReach; ++j) {
      for (int k = -kReach; k <= kReach; ++k) {
        sum += x[static_cast<std::size_t>(i + kReach)] * y[static_cast<std::size_t>(j + kReach)] *
               z[static_cast<std::size_t>(k + kReach)] * potential.at(i, j, k);
      }
    }
  }
  return sum;
}

}  // namespace

SpaceOwnForce space_own_force(double spacing, double power) {
  constexpr int n = kPlacesInSpace;
  const SpacePotential potential(spacing, power);
  std::array<Between, n> values{};
  std::array<Between, n> slopes{};
  std::array<std::array<double, 3>, n> cosines{};
  std::array<std::array<double, 3>, n> sines{};
  for (int i = 0; i < n; ++i) {
    const double t = (i + 0.5) / n;
    values[i] = between(spline(t), spline(t));
    slopes[i] = between(spline_derivative(t), spline(t));
    for (int m = 0; m < 3; ++m) {
      cosines[i][m] = std::cos(2.0 * std::numbers::pi * m * t);
      sines[i][m] = std::sin(2.0 * std::numbers::pi * m * t);
    }
  }
  double terms[2][4] = {};
  double energy = 0.0;
  constexpr double kShare = 1.0 / (n * n * n);
  for (int x = 0; x < n; ++x) {
    for (int y = 0; y < n; ++y) {
      for (int z = 0; z < n; ++z) {
        energy += kShare * summed(potential, values[x], values[y], values[z]);
        const double force = -0.5 / spacing * summed(potential, slopes[x], values[y], values[z]);
        const auto& cy = cosines[y];
        const auto& cz = cosines[z];
        for (int m = 0; m < 2; ++m) {
          const double part = kShare * force * sines[x][m + 1];
          terms[m][0] += 2.0 * part;
          terms[m][1] += 2.0 * part * (cy[1] + cz[1]);  // either one's is 4 times its own mean
          terms[m][2] += 8.0 * part * cy[1] * cz[1];
          terms[m][3] += 2.0 * part * (cy[2] + cz[2]);
        }
      }
    }
  }
  SpaceOwnForce result;
  for (int m = 0; m < 2; ++m) {
    for (int q = 0; q < 4; ++q) result.terms[m][q] = static_cast<float>(terms[m][q]);
  }
  result.energy = energy;
  return result;
}

}  // namespace hourglass
