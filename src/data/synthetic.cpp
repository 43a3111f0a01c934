// Digits that no one wrote: a pen's paths (glyphs.hpp), bent and slanted by random numbers, drawn
// with soft edges, framed as MNIST frames its own: the longer side 20 pixels, the centre of mass at
// (14, 14).
//
// The same bytes everywhere: all randomness is a function of (seed, split, image); the arithmetic
// is + - * / and sqrt in double, which IEEE 754 fixes; no functions of libm. Build this file
// without contraction of products and sums (-ffp-contract=off) and without -ffast-math.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "data/glyphs.hpp"
#include "files/messages.hpp"
#include "kernels/data/philox.hpp"
#include "kernels/data/random_stream.hpp"

namespace hourglass {
namespace {

using data::Join;
using data::Node;

constexpr std::size_t kSide = 28;
constexpr double kCentre = 14.0;
constexpr std::size_t kMaxCount = 10'000'000;
constexpr std::uint64_t kDigits = 0x69'6769ULL << 32U;  // where the draws of a split begin
constexpr int kStepsPerCurve = 6;  // straight pieces between two nodes: under 1.5 pixels each

/// Random numbers of one image, in the order they are asked for.
class Draws {
 public:
  Draws(std::uint64_t seed, std::uint64_t split, std::uint64_t image)
      : generator_{seed},
        image_(image),
        block_(stream_number(RandomStream::digits, kDigits | (split << 24U))) {}

  /// In [0, 1).
  double even() {
    if (used_ == 4) {
      words_ = generator_(image_, block_++);
      used_ = 0;
    }
    return static_cast<double>(uniform(words_[used_++]));
  }
  double between(double low, double high) { return low + (high - low) * even(); }
  /// Mean 0, standard deviation 1, never beyond 3.5: the sum of four even ones.
  double bell() {
    const double sum = even() + even() + even() + even();
    return (sum - 2.0) * 1.7320508075688772;
  }
  std::size_t index(std::size_t count) {
    return static_cast<std::size_t>(even() * static_cast<double>(count));
  }

 private:
  Philox generator_;
  std::uint64_t image_;
  std::uint64_t block_;
  PhiloxBlock words_{};
  int used_ = 4;
};

struct Point {
  double x;
  double y;
};

/// A straight piece of the path, and how thick the pen is at its ends (1: as chosen for the image).
struct Piece {
  Point from;
  Point to;
  double pressure_from;
  double pressure_to;
};

/// The bends that a hand puts into all strokes of a digit alike.
struct Hand {
  explicit Hand(Draws& draws)
      : width(draws.between(0.85, 1.35)),
        slant(0.13 + 0.24 * draws.bell()),
        tilt(0.05 * draws.bell()),
        bow_x(0.16 * draws.bell()),
        bow_y(0.14 * draws.bell()),
        grow_x(0.16 * draws.bell()),
        grow_y(0.14 * draws.bell()) {}

  [[nodiscard]] Point bend(Point p) const {
    const double u = p.x - 0.33;
    const double v = p.y - 0.5;
    const double x = width * u * (1.0 + 2.0 * grow_x * v) + bow_x * (v * v - 0.1);
    const double y = v * (1.0 + 2.0 * grow_y * v) + bow_y * (u * u - 0.05);
    // The rotation by 2 atan(tilt), without sine and cosine.
    const double scale = 1.0 / (1.0 + tilt * tilt);
    const double c = (1.0 - tilt * tilt) * scale;
    const double s = 2.0 * tilt * scale;
    const double slanted = x - slant * y;
    return {c * slanted - s * y, s * slanted + c * y};
  }

  double width;   ///< of the digit for its height
  double slant;   ///< to the right, as most people write
  double tilt;    ///< rotation
  double bow_x;   ///< stems become bows
  double bow_y;   ///< bars become bows
  double grow_x;  ///< wider below than above
  double grow_y;  ///< longer below than above
};

/// Catmull-Rom: the curve from b to c whose neighbours are a and d.
Point curve(Point a, Point b, Point c, Point d, double t) {
  const auto blend = [t](double p, double q, double r, double s) {
    return 0.5 * (2.0 * q + t * ((r - p) + t * ((2.0 * p - 5.0 * q + 4.0 * r - s) +
                                                t * (3.0 * (q - r) + s - p))));
  };
  return {blend(a.x, b.x, c.x, d.x), blend(a.y, b.y, c.y, d.y)};
}

/// The path of the pen in straight pieces; the digit is about one unit high.
std::vector<Piece> write(std::span<const Node> glyph, Draws& draws) {
  const Hand hand(draws);
  const double wobble = draws.between(0.010, 0.045);
  std::vector<Point> nodes;
  std::vector<double> pressure;
  for (const Node& node : glyph) {
    const double x = node.x + wobble * draws.bell();
    const double y = node.y + wobble * draws.bell();
    nodes.push_back(hand.bend({x, y}));
    pressure.push_back(1.0 + 0.09 * draws.bell());
  }

  std::vector<Piece> pieces;
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    if (glyph[i].join == Join::start) continue;
    // Where the curve ends, at a corner or when the pen lifts, it has no neighbour to lean to.
    const bool begins = glyph[i - 1].join != Join::smooth;
    const bool ends =
        glyph[i].join == Join::corner || i + 1 == nodes.size() || glyph[i + 1].join == Join::start;
    const Point b = nodes[i - 1];
    const Point c = nodes[i];
    const Point a = begins ? b : nodes[i - 2];
    const Point d = ends ? c : nodes[i + 1];
    Point last = b;
    double last_pressure = pressure[i - 1];
    for (int step = 1; step <= kStepsPerCurve; ++step) {
      const double t = static_cast<double>(step) / kStepsPerCurve;
      const Point next = curve(a, b, c, d, t);
      const double next_pressure = pressure[i - 1] + t * (pressure[i] - pressure[i - 1]);
      pieces.push_back({last, next, last_pressure, next_pressure});
      last = next;
      last_pressure = next_pressure;
    }
  }
  return pieces;
}

/// Scales to `size` pixels for the longer side and shifts the centre of mass to `centre`.
void frame(std::span<Piece> pieces, double size, Point centre) {
  Point low = pieces.front().from;
  Point high = low;
  Point moment{0.0, 0.0};
  double length = 0.0;
  for (const Piece& piece : pieces) {
    for (const Point p : {piece.from, piece.to}) {
      low = {std::min(low.x, p.x), std::min(low.y, p.y)};
      high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
    const double dx = piece.to.x - piece.from.x;
    const double dy = piece.to.y - piece.from.y;
    const double part = std::sqrt(dx * dx + dy * dy);
    length += part;
    moment.x += part * 0.5 * (piece.from.x + piece.to.x);
    moment.y += part * 0.5 * (piece.from.y + piece.to.y);
  }
  const double scale = size / std::max(high.x - low.x, high.y - low.y);
  for (Piece& piece : pieces) {
    for (Point* p : {&piece.from, &piece.to}) {
      *p = {centre.x + scale * (p->x - moment.x / length),
            centre.y + scale * (p->y - moment.y / length)};
    }
  }
}

/// Pixels from `low` to `high`, widened to whole ones and cut to the image.
struct Range {
  Range(double low, double high)
      : begin(static_cast<std::size_t>(std::clamp(low, 0.0, double{kSide}))),
        end(static_cast<std::size_t>(std::clamp(high + 1.0, 0.0, double{kSide}))) {}
  std::size_t begin;
  std::size_t end;
};

/// For every pixel how deep it lies under the pen, in pixels; negative outside.
using Depths = std::array<double, kSide * kSide>;

void draw(const Piece& piece, double radius, double softness, Depths& depths) {
  const double reach = radius * std::max(piece.pressure_from, piece.pressure_to) + softness;
  const double dx = piece.to.x - piece.from.x;
  const double dy = piece.to.y - piece.from.y;
  const double inverse = 1.0 / std::max(dx * dx + dy * dy, 1e-12);
  const Range columns(std::min(piece.from.x, piece.to.x) - reach,
                      std::max(piece.from.x, piece.to.x) + reach);
  const Range rows(std::min(piece.from.y, piece.to.y) - reach,
                   std::max(piece.from.y, piece.to.y) + reach);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    for (std::size_t column = columns.begin; column < columns.end; ++column) {
      const double x = static_cast<double>(column) - piece.from.x;
      const double y = static_cast<double>(row) - piece.from.y;
      const double t = std::clamp((x * dx + y * dy) * inverse, 0.0, 1.0);
      const double ex = x - t * dx;
      const double ey = y - t * dy;
      const double thickness =
          radius * (piece.pressure_from + t * (piece.pressure_to - piece.pressure_from));
      double& depth = depths[row * kSide + column];
      depth = std::max(depth, thickness - std::sqrt(ex * ex + ey * ey));
    }
  }
}

std::uint8_t draw_image(Draws& draws, std::span<std::uint8_t> image) {
  const std::size_t digit = draws.index(10);
  const auto variants = data::glyphs(digit);
  std::vector<Piece> pieces = write(variants[draws.index(variants.size())], draws);

  const double radius = std::clamp(1.28 + 0.34 * draws.bell(), 0.65, 2.3);
  const double softness = draws.between(0.55, 0.85);
  const double size = draws.between(18.2, 19.6) - 2.0 * radius;
  const Point centre{kCentre + 0.3 * draws.bell(), kCentre + 0.3 * draws.bell()};
  frame(pieces, size, centre);

  Depths depths;
  depths.fill(-softness);
  for (const Piece& piece : pieces) draw(piece, radius, softness, depths);

  const double grain = draws.between(2.0, 9.0);
  for (std::size_t i = 0; i < image.size(); ++i) {
    if (depths[i] <= -softness) continue;
    // From the rim inwards along 3t^2 - 2t^3; the pen's core saturates.
    const double t = std::min((depths[i] + softness) / (2.0 * softness), 1.0);
    const double ink = 262.0 * t * t * (3.0 - 2.0 * t) + grain * draws.bell();
    constexpr double kToNearest = 0.5;
    image[i] = static_cast<std::uint8_t>(std::clamp(ink + kToNearest, 0.0, 255.0));
  }
  return static_cast<std::uint8_t>(digit);
}

LabelledImages draw_split(std::size_t count, std::uint64_t seed, std::uint64_t split) {
  LabelledImages drawn{Array<std::uint8_t>({count, kSide, kSide}), Array<std::uint8_t>({count})};
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < count; ++i) {
    Draws draws(seed, split, i);
    drawn.labels.values[i] = draw_image(draws, drawn.images.row(i));
  }
  return drawn;
}

}  // namespace

Dataset synthetic_digits(std::size_t train_count, std::uint64_t seed) {
  if (train_count < 1 || train_count > kMaxCount) {
    throw UsageError("synthetic: " + std::to_string(train_count) + " images, expected 1 to " +
                     std::to_string(kMaxCount));
  }
  const std::size_t test_count = std::max<std::size_t>(train_count / 6, 1);
  return {draw_split(train_count, seed, 0), draw_split(test_count, seed, 1),
          "synthetic:" + std::to_string(train_count)};
}

Dataset load_dataset(std::string_view source) {
  constexpr std::string_view kSynthetic = "synthetic";
  if (source.empty()) {
    throw UsageError("the data source is empty, expected a folder, synthetic or synthetic:N");
  }
  if (source == kSynthetic) return synthetic_digits();
  if (!source.starts_with("synthetic:")) return load_mnist(source);
  const std::string_view number = source.substr(kSynthetic.size() + 1);
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), count);
  if (error != std::errc() || end != number.data() + number.size() || count < 1 ||
      count > kMaxCount) {
    throw UsageError("data source '" + files::printable(source) +
                     "': expected synthetic:N with N from 1 to " + std::to_string(kMaxCount));
  }
  return synthetic_digits(count);
}

}  // namespace hourglass
