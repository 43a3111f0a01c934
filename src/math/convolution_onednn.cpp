// Convolution by oneDNN, channels last. oneDNN chooses the layout of the weights; they are
// reordered from and to (out, in, 3, 3) around each call, which for a few thousand numbers is
// nothing. Version 3 of its API dropped the operation descriptors that version 2 wants; both are
// served.
#include <dnnl.hpp>
#include <hourglass/error.hpp>
#include <optional>

#include "math/convolution.hpp"
#include "math/libraries_cpu.hpp"

namespace hourglass::HOURGLASS_TARGET::math {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

// Not variables: what sets them up would run when the program starts, on whatever processor.
memory::dims strides() {
  return {1, 1};
}
memory::dims padding() {
  return {1, 1};
}

memory::dim dim(std::size_t n) {
  return static_cast<memory::dim>(n);
}

memory::desc describe(const memory::dims& dims, Tag tag) {
  return {dims, memory::data_type::f32, tag};
}

dnnl::primitive_attr forward_attributes(bool relu) {
  dnnl::primitive_attr attributes;
  if (relu) {
    dnnl::post_ops operations;
#if DNNL_VERSION_MAJOR >= 3
    operations.append_eltwise(dnnl::algorithm::eltwise_relu, 0.f, 0.f);
#else
    operations.append_eltwise(1.f, dnnl::algorithm::eltwise_relu, 0.f, 0.f);
#endif
    attributes.set_post_ops(operations);
  }
  return attributes;
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

}  // namespace

struct Convolution::Plan {
  Plan(const dnnl::engine& engine_, const ConvolutionShape& shape, bool relu)
      : engine(engine_),
        x_dims{dim(shape.batch), dim(shape.in_channels), dim(shape.height), dim(shape.width)},
        y_dims{dim(shape.batch), dim(shape.out_channels), dim(shape.height), dim(shape.width)},
        w_dims{dim(shape.out_channels), dim(shape.in_channels), 3, 3},
        b_dims{dim(shape.out_channels)},
        x(describe(x_dims, Tag::nhwc), engine),
        y(describe(y_dims, Tag::nhwc), engine),
        b(describe(b_dims, Tag::x), engine),
        forward_description(describe_forward(relu)),
        forward(forward_description),
        forward_weight(file_weight(), forward_description.weights_desc(), engine,
                       WeightReorder::Direction::to_library) {}

  memory::desc file_weight() const { return describe(w_dims, Tag::oihw); }

  dnnl::convolution_forward::primitive_desc describe_forward(bool relu) const {
    const auto attributes = forward_attributes(relu);
    const auto kind = dnnl::prop_kind::forward_training;
    const auto algorithm = dnnl::algorithm::convolution_direct;
    const auto src = describe(x_dims, Tag::nhwc);
    const auto weight = describe(w_dims, Tag::any);
    const auto bias = describe(b_dims, Tag::x);
    const auto dst = describe(y_dims, Tag::nhwc);
#if DNNL_VERSION_MAJOR >= 3
    return {engine, kind,      algorithm, src,       weight,    bias,
            dst,    strides(), padding(), padding(), attributes};
#else
    return {{kind, algorithm, src, weight, bias, dst, strides(), padding(), padding()},
            attributes,
            engine};
#endif
  }

  /// Backward primitives are made when first asked for: inference never is, and no gradient goes to
  /// the first layer's images.
  struct BackwardData {
    explicit BackwardData(const Plan& plan)
        : description(describe_primitive(plan)),
          primitive(description),
          weight(plan.file_weight(), description.weights_desc(), plan.engine,
                 WeightReorder::Direction::to_library) {}
    static dnnl::convolution_backward_data::primitive_desc describe_primitive(const Plan& plan) {
      const auto algorithm = dnnl::algorithm::convolution_direct;
      const auto dsrc = describe(plan.x_dims, Tag::nhwc);
      const auto weight = describe(plan.w_dims, Tag::any);
      const auto ddst = describe(plan.y_dims, Tag::nhwc);
#if DNNL_VERSION_MAJOR >= 3
      return {plan.engine, algorithm, dsrc,
              weight,      ddst,      strides(),
              padding(),   padding(), plan.forward_description};
#else
      return {{algorithm, dsrc, weight, ddst, strides(), padding(), padding()},
              plan.engine,
              plan.forward_description};
#endif
    }
    dnnl::convolution_backward_data::primitive_desc description;
    dnnl::convolution_backward_data primitive;
    WeightReorder weight;
  };

  struct BackwardParameters {
    explicit BackwardParameters(const Plan& plan)
        : description(describe_primitive(plan)),
          primitive(description),
          weight(plan.file_weight(), description.diff_weights_desc(), plan.engine,
                 WeightReorder::Direction::from_library) {}
    static dnnl::convolution_backward_weights::primitive_desc describe_primitive(const Plan& plan) {
      const auto algorithm = dnnl::algorithm::convolution_direct;
      const auto src = describe(plan.x_dims, Tag::nhwc);
      const auto dweight = describe(plan.w_dims, Tag::any);
      const auto dbias = describe(plan.b_dims, Tag::x);
      const auto ddst = describe(plan.y_dims, Tag::nhwc);
#if DNNL_VERSION_MAJOR >= 3
      return {plan.engine, algorithm, src,       dweight,   dbias,
              ddst,        strides(), padding(), padding(), plan.forward_description};
#else
      return {{algorithm, src, dweight, dbias, ddst, strides(), padding(), padding()},
              plan.engine,
              plan.forward_description};
#endif
    }
    dnnl::convolution_backward_weights::primitive_desc description;
    dnnl::convolution_backward_weights primitive;
    WeightReorder weight;
  };

  dnnl::engine engine;
  memory::dims x_dims, y_dims, w_dims, b_dims;
  View x, y, b;
  dnnl::convolution_forward::primitive_desc forward_description;
  dnnl::convolution_forward forward;
  WeightReorder forward_weight;
  std::optional<BackwardData> backward_data;
  std::optional<BackwardParameters> backward_parameters;
};

Convolution::Convolution(Context& context, const ConvolutionShape& shape, bool relu)
    : plan_(std::make_unique<Plan>(context.libraries().engine, shape, relu)) {}

Convolution::~Convolution() = default;
Convolution::Convolution(Convolution&&) noexcept = default;
Convolution& Convolution::operator=(Convolution&&) noexcept = default;

void Convolution::forward(Context& context, const float* x, const float* weight, const float* bias,
                          float* y) {
  auto& stream = context.libraries().stream;
  plan_->forward.execute(stream, {{DNNL_ARG_SRC, plan_->x.at(x)},
                                  {DNNL_ARG_WEIGHTS, plan_->forward_weight.read(stream, weight)},
                                  {DNNL_ARG_BIAS, plan_->b.at(bias)},
                                  {DNNL_ARG_DST, plan_->y.at(y)}});
}

void Convolution::backward_data(Context& context, const float* dz, const float* weight, float* dx) {
  auto& stream = context.libraries().stream;
  if (!plan_->backward_data) plan_->backward_data.emplace(*plan_);
  auto& backward = *plan_->backward_data;
  backward.primitive.execute(stream, {{DNNL_ARG_DIFF_DST, plan_->y.at(dz)},
                                      {DNNL_ARG_WEIGHTS, backward.weight.read(stream, weight)},
                                      {DNNL_ARG_DIFF_SRC, plan_->x.at(dx)}});
}

void Convolution::backward_parameters(Context& context, const float* x, const float* dz,
                                      float* dweight, float* dbias) {
  auto& stream = context.libraries().stream;
  if (!plan_->backward_parameters) plan_->backward_parameters.emplace(*plan_);
  auto& backward = *plan_->backward_parameters;
  backward.primitive.execute(stream,
                             {{DNNL_ARG_SRC, plan_->x.at(x)},
                              {DNNL_ARG_DIFF_DST, plan_->y.at(dz)},
                              {DNNL_ARG_DIFF_WEIGHTS, backward.weight.write_target(dweight)},
                              {DNNL_ARG_DIFF_BIAS, plan_->b.at(dbias)}});
  backward.weight.finish(stream, dweight);
}

}  // namespace hourglass::HOURGLASS_TARGET::math
