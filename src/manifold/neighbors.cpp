#include "manifold/neighbors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "device/range.hpp"
#include "device/target.hpp"
#include "kernels/neighbors/cells.hpp"
#include "kernels/neighbors/search.hpp"
#include "manifold/principal_frame.hpp"
#include "math/sort.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::kCell;

/// Rows beyond so many typical distances from the middle are brought back to there in their codes.
constexpr double kOutlying = 3.0;

// ---- codes -------------------------------------------------------------------------------------

kernels::CodeShape code_shape(std::size_t features) {
  const bool has_rest = features > kernels::kMostCoordinates;
  const std::size_t axes = has_rest ? kernels::kMostCoordinates - 1 : features;
  const std::size_t coordinates = axes + (has_rest ? 1 : 0);
  const std::size_t registers = (coordinates + kernels::kCodeMultiple - 1) / kernels::kCodeMultiple;
  return {.axes = static_cast<std::uint32_t>(axes),
          .width = static_cast<std::uint32_t>(registers * kernels::kCodeMultiple),
          .has_rest = has_rest};
}

/// What a code's distances say for certain (docs/numerics.md).
kernels::ReachRule reach_rule(const kernels::CodeShape& shape, std::size_t features, double unit) {
  constexpr double kHalfUnitInLastPlace = 0x1p-24;
  // A coordinate is off by half a unit at most; a prefix's last one, the length of the rest, by
  // half a unit more; and both rows' are.
  const double rounding = std::sqrt(static_cast<double>(shape.axes + 1)) + 1.0;
  // Sums in double precision along axes that are orthonormal in double precision.
  const double turning = static_cast<double>(features + 2 * kernels::kMostCoordinates) *
                         std::sqrt(static_cast<double>(shape.axes)) *
                         std::numeric_limits<double>::epsilon();
  const double turned = 2.0 * kernels::kLongest * (turning + std::sqrt(4.0 * turning));
  // The longest chain of roundings in a distance: differences, squares, sums of a lane, its last
  // few, and the tree.
  const double roundings = static_cast<double>(features / 32 + 48);
  return {.units = 1.0 / unit,
          .slack = rounding + turned,
          .relative = 1.0 + 4.0 * roundings * kHalfUnitInLastPlace,
          .absolute = static_cast<double>(features) * 0x1p-120};
}

/// Between pieces of work, none of which is under way any more when memory is freed.
void synchronize_and_stop_if_requested(math::Context& context, const StopRequest& stop) {
  context.stream().synchronize();
  stop_if_requested(stop);
}

/// work(first, count) for all of `total`: on a CPU pieces of one size, short enough to stop
/// between them; on a GPU a few pieces, whatever the total.
template <class Work>
void in_pieces(math::Context& context, const StopRequest& stop, std::size_t total,
               std::size_t on_cpu, std::size_t pieces_on_cuda, Work work) {
  const std::size_t piece =
      kOnCuda ? (total + pieces_on_cuda - 1) / pieces_on_cuda : std::min(on_cpu, total);
  for (std::size_t first = 0; first < total; first += piece) {
    synchronize_and_stop_if_requested(context, stop);
    work(first, std::min(piece, total - first));
  }
}

/// The rows in the order of a k-d tree whose leaves are cells, in the low halves of keys.
device::Buffer<std::uint64_t> k_d_order(math::Context& context, const std::int16_t* codes,
                                        std::size_t rows, std::size_t width,
                                        const StopRequest& stop) {
  device::Stream& stream = context.stream();
  const auto cells = static_cast<std::uint32_t>(kernels::cell_count(rows));
  device::Buffer<std::uint64_t> keys(rows);
  constexpr std::uint32_t kMostParts = 65536;  // that keys can tell apart
  const std::uint32_t most = std::min(cells, kMostParts);
  device::Buffer<std::uint32_t> axes(cells);
  kernels::begin_order(stream, rows, keys.data());
  for (kernels::Parts parts{.cells = cells, .count = 1}; parts.count < most; parts.count *= 2) {
    synchronize_and_stop_if_requested(context, stop);
    kernels::widest_axes(stream, codes, rows, width, parts, keys.data(), axes.data());
    kernels::order_parts(stream, codes, rows, width, parts, axes.data(), keys.data());
    math::sort_keys(context, keys.span());
  }
  stream.synchronize();  // the axes are about to be freed
  return keys;
}

/// All rows as the search wants them, cell by cell.
struct OrderedRows {
  kernels::CodeShape shape;
  double unit;
  std::size_t x_width;
  device::Buffer<float> x;
  device::Buffer<std::int16_t> codes;
  device::Buffer<std::uint32_t> ids;
};

OrderedRows in_order(math::Context& context, std::span<const float> x, std::size_t rows,
                     std::size_t features, const StopRequest& stop) {
  device::Stream& stream = context.stream();
  const kernels::CodeShape shape = code_shape(features);
  const PrincipalFrame frame = principal_frame(context, x, rows, features, shape.axes, kOutlying);
  const double typical = frame.typical_distance > 0.0 ? frame.typical_distance : 1.0;
  OrderedRows ordered{.shape = shape,
                      .unit = kOutlying * typical / kernels::kLongest,
                      .x_width = (features + kernels::kRowMultiple - 1) / kernels::kRowMultiple *
                                 kernels::kRowMultiple,
                      .x = {},
                      .codes = device::Buffer<std::int16_t>(rows * shape.width),
                      .ids = device::Buffer<std::uint32_t>(rows)};
  ordered.x = device::Buffer<float>(rows * ordered.x_width);
  device::Buffer<std::int16_t> codes(rows * shape.width);
  constexpr std::size_t kEncodedRows = 16384;
  in_pieces(context, stop, rows, kEncodedRows, 1, [&](std::size_t first, std::size_t count) {
    kernels::encode_rows(stream, x.data() + first * features, count, features, frame.mean.data(),
                         frame.axes.data(), shape, ordered.unit,
                         codes.data() + first * shape.width);
  });
  const auto keys = k_d_order(context, codes.data(), rows, shape.width, stop);
  kernels::gather_in_order(stream, keys.data(), rows, codes.data(), shape.width,
                           ordered.codes.data(), x.data(), features, ordered.x_width,
                           ordered.x.data(), ordered.ids.data());
  stream.synchronize();  // codes and keys are about to be freed
  return ordered;
}

// ---- the search --------------------------------------------------------------------------------

class Search {
 public:
  Search(math::Context& context, const OrderedRows& ordered, std::size_t rows, std::size_t features,
         std::size_t k, const StopRequest& stop)
      : context_(context),
        ordered_(ordered),
        rows_(rows),
        cells_(kernels::cell_count(rows)),
        stop_(stop),
        rule_(reach_rule(ordered.shape, features, ordered.unit)),
        half_norms_(cells_ * kCell),
        places_(rows * kernels::list_capacity(k)),
        counts_(cells_ * kCell),
        bounds_(cells_ * kCell),
        reaches_(cells_ * kCell),
        locks_(cells_),
        lists_{.k = static_cast<std::uint32_t>(k),
               .capacity = static_cast<std::uint32_t>(kernels::list_capacity(k)),
               .places = places_.data(),
               .counts = counts_.data(),
               .bounds = bounds_.data(),
               .reaches = reaches_.data(),
               .locks = locks_.data()},
        searched_{.rows = static_cast<std::uint32_t>(rows),
                  .x_width = static_cast<std::uint32_t>(ordered.x_width),
                  .code_width = ordered.shape.width,
                  .prefix_words = 0,
                  .x = ordered.x.data(),
                  .codes = ordered.codes.data(),
                  .panels = nullptr,
                  .half_norms = half_norms_.data(),
                  .ids = ordered.ids.data()} {}

  void seed() {
    constexpr std::size_t kPrefix = 48;
    constexpr std::size_t kCentreWidth = 64;
    constexpr std::size_t kFewestCells = 8;
    constexpr std::size_t kMostCells = 16;
    device::Stream& stream = context_.stream();
    const std::size_t k = lists_.k;
    const std::size_t wanted = std::clamp(cells_ / 6, kFewestCells, kMostCells);
    const std::size_t near_count =
        std::min(cells_ - 1, std::max(wanted, (2 * k + kCell - 1) / kCell));
    const std::size_t width = std::min<std::size_t>(ordered_.shape.width, kCentreWidth);
    device::Buffer<float> centres(cells_ * width);
    device::Buffer<std::uint32_t> near(cells_ * near_count);
    kernels::cell_centres(stream, ordered_.codes.data(), rows_, ordered_.shape.width, width,
                          centres.data());
    kernels::near_cells(stream, centres.data(), cells_, width, near_count, near.data());
    take_prefix(kPrefix);
    kernels::clear_lists(stream, rows_, lists_);
    in_pieces(context_, stop_, cells_, 64, 1, [&](std::size_t first, std::size_t count) {
      kernels::seed_lists(stream, searched_, lists_, near.data(), near_count, first, count);
    });
    kernels::measure_seeds(stream, searched_, lists_, rule_);
    stream.synchronize();  // the near cells are about to be freed
  }

  void choose_prefix() {
    constexpr std::size_t kSome = 64;
    constexpr std::size_t kOthers = 1024;
    // Costs as much as so many coordinates of a product.
    constexpr double kSecondLook = kOnCuda ? 400.0 : 1000.0;
    const std::size_t some = std::min(rows_, kSome);
    const std::size_t others = std::min(rows_, kOthers);
    constexpr kernels::PrefixLengths kLengths{{8, 16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192}};
    device::Buffer<std::uint32_t> left(kernels::kPrefixChoices);
    device::fill_with_zero(context_.stream(), left.span());
    kernels::count_left(context_.stream(), searched_, reaches_.data(), kLengths, some, others,
                        left.data());
    std::vector<std::uint32_t> counts(left.size());
    device::copy_to_host<std::uint32_t>(context_.stream(), left.span(), counts);
    double best_cost = std::numeric_limits<double>::infinity();
    std::size_t best = 0;
    for (std::size_t c = 0; c < counts.size(); ++c) {
      const double length = std::min(kLengths.at[c], ordered_.shape.width);
      const double share = counts[c] / static_cast<double>(some * others);
      const double cost = length + kSecondLook * share;
      if (cost < best_cost) {
        best_cost = cost;
        best = kLengths.at[c];
      }
    }
    take_prefix(best);
  }

  void run() {
    const std::size_t squares = kernels::square_count(rows_);
    in_pieces(context_, stop_, squares, 256, 4, [&](std::size_t first, std::size_t count) {
      kernels::search_squares(context_.stream(), searched_, lists_, rule_, first, count);
    });
  }

  [[nodiscard]] Neighbors finish() {
    Neighbors neighbors{.k = lists_.k,
                        .indices = device::Buffer<std::uint32_t>(rows_ * lists_.k),
                        .squared_distances = device::Buffer<float>(rows_ * lists_.k)};
    kernels::finish_lists(context_.stream(), searched_, lists_, neighbors.indices.data(),
                          neighbors.squared_distances.data());
    context_.stream().synchronize();  // the lists are about to be freed
    return neighbors;
  }

 private:
  void take_prefix(std::size_t wanted) {
    const std::size_t width = ordered_.shape.width;
    const std::size_t length = std::min(wanted, width);
    panels_ = device::Buffer<std::uint32_t>(cells_ * kCell * length / 2);
    kernels::pack_prefixes(context_.stream(), ordered_.codes.data(), rows_, width, length,
                           length < width, panels_.data(), half_norms_.data());
    searched_.panels = panels_.data();
    searched_.prefix_words = static_cast<std::uint32_t>(length / 2);
  }

  math::Context& context_;
  const OrderedRows& ordered_;
  std::size_t rows_;
  std::size_t cells_;
  const StopRequest& stop_;
  kernels::ReachRule rule_;
  device::Buffer<std::uint32_t> panels_;
  device::Buffer<std::int32_t> half_norms_;
  device::Buffer<kernels::Candidate> places_;
  device::Buffer<std::uint32_t> counts_;
  device::Buffer<kernels::Candidate> bounds_;
  device::Buffer<std::int32_t> reaches_;
  device::Buffer<std::uint32_t> locks_;
  kernels::CandidateLists lists_;
  kernels::SearchedRows searched_;
};

}  // namespace

Neighbors find_neighbors(math::Context& context, std::span<const float> x, std::size_t rows,
                         std::size_t features, std::size_t k, const StopRequest& stop) {
  const Range range("neighbours");
  stop_if_requested(stop);
  const OrderedRows ordered = in_order(context, x, rows, features, stop);
  Search search(context, ordered, rows, features, k, stop);
  search.seed();
  search.choose_prefix();
  search.run();
  return search.finish();
}

}  // namespace hourglass::HOURGLASS_TARGET
