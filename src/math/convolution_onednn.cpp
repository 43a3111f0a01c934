// Convolution by oneDNN, channels last, the batch in shares that our threads take one by one. oneDNN
// chooses the layout of the weights; they are reordered from and to (out, in, 3, 3) around each call,
// which for a few thousand numbers is nothing. Version 3 of its API dropped the operation descriptors
// that version 2 wants; both are served.
#include <algorithm>
#include <deque>
#include <dnnl.hpp>
#include <optional>
#include <unordered_map>
#include <vector>

#include "math/convolution.hpp"
#include "math/libraries_cpu.hpp"
#include "math/serial_libraries.hpp"

namespace hourglass::HOURGLASS_TARGET::math {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

const memory::dims kStrides{1, 1};
const memory::dims kPadding{1, 1};

memory::dim dim(std::size_t n) {
  return static_cast<memory::dim>(n);
}

memory::desc describe(const memory::dims& dims, Tag tag) {
  return {dims, memory::data_type::f32, tag};
}

/// Scratchpads are given, for oneDNN keeps its own for the thread that made the primitive.
dnnl::primitive_attr attributes(bool relu = false) {
  dnnl::primitive_attr chosen;
  chosen.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (relu) {
    dnnl::post_ops operations;
#if DNNL_VERSION_MAJOR >= 3
    operations.append_eltwise(dnnl::algorithm::eltwise_relu, 0.f, 0.f);
#else
    operations.append_eltwise(1.f, dnnl::algorithm::eltwise_relu, 0.f, 0.f);
#endif
    chosen.set_post_ops(operations);
  }
  return chosen;
}

/// A fixed view of memory that changes hands at every call.
class View {
 public:
  View(const memory::desc& description, const dnnl::engine& engine)
      : memory_(description, engine, nullptr) {}
  memory& at(const float* data) {
    memory_.set_data_handle(const_cast<float*>(data));  // oneDNN has no const handles
    return memory_;
  }

 private:
  memory memory_;
};

/// Weights between the file's layout and the one a primitive wants; does nothing when they agree.
class WeightReorder {
 public:
  enum class Direction { to_library, from_library };

  WeightReorder(const memory::desc& file, const memory::desc& library, const dnnl::engine& engine,
                Direction direction)
      : file_(file, engine) {
    if (file == library) return;
    library_.emplace(library, engine);
    const auto& from = direction == Direction::to_library ? file : library;
    const auto& to = direction == Direction::to_library ? library : file;
    reorder_ = dnnl::reorder(dnnl::reorder::primitive_desc(engine, from, engine, to));
  }

  /// The memory the primitive reads (converted from `weight`) ...
  memory& read(dnnl::stream& stream, const float* weight) {
    memory& file = file_.at(weight);
    if (!library_) return file;
    reorder_.execute(stream, file, *library_);
    return *library_;
  }
  /// ... or writes; `finish` then brings the result to `weight`.
  memory& write_target(float* weight) { return library_ ? *library_ : file_.at(weight); }
  void finish(dnnl::stream& stream, float* weight) {
    if (library_) reorder_.execute(stream, *library_, file_.at(weight));
  }

 private:
  View file_;
  std::optional<memory> library_;
  dnnl::reorder reorder_;
};

/// The passes for so many images. Backward ones are made when first asked for: inference never is, and
/// no gradient goes to the first layer's images.
struct Passes {
  Passes(const dnnl::engine& engine_, const ConvolutionShape& shape_, bool relu)
      : engine(engine_),
        shape(shape_),
        x(describe({dim(shape.batch), dim(shape.in_channels), dim(shape.height), dim(shape.width)},
                   Tag::nhwc)),
        y(describe({dim(shape.batch), dim(shape.out_channels), dim(shape.height), dim(shape.width)},
                   Tag::nhwc)),
        w(describe({dim(shape.out_channels), dim(shape.in_channels), 3, 3}, Tag::oihw)),
        any_w(describe({dim(shape.out_channels), dim(shape.in_channels), 3, 3}, Tag::any)),
        b(describe({dim(shape.out_channels)}, Tag::x)),
        forward_description(describe_forward(relu)),
        forward(forward_description),
        forward_weight(w, forward_description.weights_desc(), engine,
                       WeightReorder::Direction::to_library) {}

  dnnl::convolution_forward::primitive_desc describe_forward(bool relu) const {
    const auto kind = dnnl::prop_kind::forward_training;
    const auto algorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    return {engine, kind,     algorithm, x,        any_w,           b,
            y,      kStrides, kPadding,  kPadding, attributes(relu)};
#else
    return {
        {kind, algorithm, x, any_w, b, y, kStrides, kPadding, kPadding}, attributes(relu), engine};
#endif
  }

  struct BackwardData {
    explicit BackwardData(const Passes& passes)
        : description(describe_primitive(passes)),
          primitive(description),
          weight(passes.w, description.weights_desc(), passes.engine,
                 WeightReorder::Direction::to_library) {}
    static dnnl::convolution_backward_data::primitive_desc describe_primitive(const Passes& p) {
      const auto algorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
      return {p.engine,    algorithm, p.x,
              p.any_w,     p.y,       kStrides,
              kPadding,    kPadding,  p.forward_description,
              attributes()};
#else
      return {{algorithm, p.x, p.any_w, p.y, kStrides, kPadding, kPadding},
              attributes(),
              p.engine,
              p.forward_description};
#endif
    }
    dnnl::convolution_backward_data::primitive_desc description;
    dnnl::convolution_backward_data primitive;
    WeightReorder weight;
  };

  struct BackwardParameters {
    explicit BackwardParameters(const Passes& passes)
        : description(describe_primitive(passes)), primitive(description) {}
    static dnnl::convolution_backward_weights::primitive_desc describe_primitive(const Passes& p) {
      const auto algorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
      return {p.engine,    algorithm, p.x,      p.any_w,  p.b,
              p.y,         kStrides,  kPadding, kPadding, p.forward_description,
              attributes()};
#else
      return {{algorithm, p.x, p.any_w, p.b, p.y, kStrides, kPadding, kPadding},
              attributes(),
              p.engine,
              p.forward_description};
#endif
    }
    dnnl::convolution_backward_weights::primitive_desc description;
    dnnl::convolution_backward_weights primitive;
  };

  dnnl::engine engine;
  ConvolutionShape shape;
  memory::desc x, y, w, any_w, b;
  dnnl::convolution_forward::primitive_desc forward_description;
  dnnl::convolution_forward forward;
  WeightReorder forward_weight;
  std::optional<BackwardData> backward_data;
  std::optional<BackwardParameters> backward_parameters;
};

/// Some images of the batch, and all that a thread needs to itself while it works on them.
class Share {
 public:
  Share(Passes& passes, std::size_t first_image)
      : passes_(passes),
        x_offset_(first_image * passes.shape.in_channels * passes.shape.height *
                  passes.shape.width),
        y_offset_(first_image * passes.shape.out_channels * passes.shape.height *
                  passes.shape.width),
        stream_(passes.engine),
        x_(passes.x, passes.engine),
        y_(passes.y, passes.engine),
        b_(passes.b, passes.engine) {}

  void forward(const float* x, const memory& weight, const float* bias, float* y) {
    execute(passes_.forward, passes_.forward_description.scratchpad_desc(),
            {{DNNL_ARG_SRC, x_.at(x + x_offset_)},
             {DNNL_ARG_WEIGHTS, weight},
             {DNNL_ARG_BIAS, b_.at(bias)},
             {DNNL_ARG_DST, y_.at(y + y_offset_)}});
  }

  void backward_data(const float* dz, const memory& weight, float* dx) {
    execute(passes_.backward_data->primitive, passes_.backward_data->description.scratchpad_desc(),
            {{DNNL_ARG_DIFF_DST, y_.at(dz + y_offset_)},
             {DNNL_ARG_WEIGHTS, weight},
             {DNNL_ARG_DIFF_SRC, x_.at(dx + x_offset_)}});
  }

  /// Its part of the gradient, as in files.
  void backward_parameters(const float* x, const float* dz) {
    auto& pass = *passes_.backward_parameters;
    if (!gradient_) {
      gradient_.emplace(passes_.w, pass.description.diff_weights_desc(), passes_.engine,
                        WeightReorder::Direction::from_library);
      dweight.resize(passes_.shape.out_channels * passes_.shape.in_channels * 9);
      dbias.resize(passes_.shape.out_channels);
    }
    execute(pass.primitive, pass.description.scratchpad_desc(),
            {{DNNL_ARG_SRC, x_.at(x + x_offset_)},
             {DNNL_ARG_DIFF_DST, y_.at(dz + y_offset_)},
             {DNNL_ARG_DIFF_WEIGHTS, gradient_->write_target(dweight.data())},
             {DNNL_ARG_DIFF_BIAS, b_.at(dbias.data())}});
    gradient_->finish(stream_, dweight.data());
  }

  std::vector<float> dweight, dbias;

 private:
  void execute(const dnnl::primitive& primitive, const memory::desc& scratchpad,
               std::unordered_map<int, memory> arguments) {
    if (scratchpad_.size() < scratchpad.get_size()) scratchpad_.resize(scratchpad.get_size());
    arguments.emplace(DNNL_ARG_SCRATCHPAD, memory(scratchpad, passes_.engine, scratchpad_.data()));
    primitive.execute(stream_, arguments);
  }

  Passes& passes_;
  std::size_t x_offset_, y_offset_;
  dnnl::stream stream_;
  View x_, y_, b_;
  std::optional<WeightReorder> gradient_;
  std::vector<std::byte> scratchpad_;
};

/// sum[i] over the shares' `part`[i], in the shares' order: the same whoever worked on them.
void add_up(const std::vector<Share>& shares, std::vector<float> Share::*part, float* sum) {
  std::copy((shares.front().*part).begin(), (shares.front().*part).end(), sum);
  for (std::size_t s = 1; s < shares.size(); ++s) {
    const std::vector<float>& more = shares[s].*part;
    for (std::size_t i = 0; i < more.size(); ++i) sum[i] += more[i];
  }
}

}  // namespace

struct Convolution::Plan {
  Plan(const dnnl::engine& engine, const ConvolutionShape& shape, bool relu) {
    const SerialLibraries serial;  // primitives are made for the threads that there are
    ConvolutionShape part = shape;
    part.batch = std::min(shape.batch, kImages);
    passes.emplace_back(engine, part, relu);
    part.batch = shape.batch % part.batch;
    if (part.batch > 0) passes.emplace_back(engine, part, relu);
    for (std::size_t first = 0; first < shape.batch; first += kImages) {
      shares.emplace_back(shape.batch - first < kImages ? passes.back() : passes.front(), first);
    }
  }

  /// run(share, weights as its pass wants them) for each share; make(pass) gives these.
  template <class Make, class Run>
  void for_each(Make make, Run run) {
    std::vector<decltype(&make(passes.front()))> made;
    {
      const SerialLibraries serial;
      for (Passes& pass : passes) made.push_back(&make(pass));
    }
    for_each_share(shares.size(), [&](std::size_t s) {
      run(shares[s], *(s + 1 == shares.size() ? made.back() : made.front()));
    });
  }

  /// Images a share: small enough that threads share a batch evenly, large enough that a call is
  /// worth its while. Not by the number of threads, so that gradients do not depend on it.
  static constexpr std::size_t kImages = 8;
  std::deque<Passes> passes;  // for whole shares, and for what is left
  std::vector<Share> shares;
};

Convolution::Convolution(Context& context, const ConvolutionShape& shape, bool relu)
    : plan_(std::make_unique<Plan>(context.libraries().engine, shape, relu)) {}

Convolution::~Convolution() = default;
Convolution::Convolution(Convolution&&) noexcept = default;
Convolution& Convolution::operator=(Convolution&&) noexcept = default;

void Convolution::forward(Context& context, const float* x, const float* weight, const float* bias,
                          float* y) {
  plan_->for_each(
      [&](Passes& passes) -> memory& {
        return passes.forward_weight.read(context.libraries().stream, weight);
      },
      [&](Share& share, const memory& converted) { share.forward(x, converted, bias, y); });
}

void Convolution::backward_data(Context& context, const float* dz, const float* weight, float* dx) {
  plan_->for_each(
      [&](Passes& passes) -> memory& {
        if (!passes.backward_data) passes.backward_data.emplace(passes);
        return passes.backward_data->weight.read(context.libraries().stream, weight);
      },
      [&](Share& share, const memory& converted) { share.backward_data(dz, converted, dx); });
}

void Convolution::backward_parameters(Context&, const float* x, const float* dz, float* dweight,
                                      float* dbias) {
  plan_->for_each(
      [&](Passes& passes) -> Passes& {
        if (!passes.backward_parameters) passes.backward_parameters.emplace(passes);
        return passes;
      },
      [&](Share& share, const Passes&) { share.backward_parameters(x, dz); });
  add_up(plan_->shares, &Share::dweight, dweight);
  add_up(plan_->shares, &Share::dbias, dbias);
}

}  // namespace hourglass::HOURGLASS_TARGET::math
