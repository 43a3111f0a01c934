// That the stand-ins are strict: faults planted on purpose, each of which ends its process with its
// own line.
#include <cublas_v2.h>
#include <cudnn.h>
#include <cusolverDn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <hourglass/error.hpp>
#include <limits>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "device/buffer.hpp"
#include "device/graph.hpp"
#include "kernels/layers/activation.hpp"
#include "kernels/layers/loss.hpp"
#include "math/context.hpp"
#include "math/convolution.hpp"
#include "math/dense.hpp"
#include "math/matrix.hpp"

namespace hourglass::cuda {
namespace {

using Doubles = device::Buffer<double>;
using Floats = device::Buffer<float>;

/// What a fault finds: a device, its stream, and memory of zeros.
struct Stage {
  math::Context context;
  device::Stream& stream = context.stream();
  Doubles zeros = filled(64);

  Doubles filled(std::size_t size) {
    Doubles buffer(size);
    device::fill_with_zero(stream, buffer.span());
    return buffer;
  }
  /// A kernel of ours: sum += terms.
  void add(const double* terms, std::size_t count, double* sum) {
    kernels::add_partial_sums(stream, {terms, count}, sum);
  }
  void record(const std::function<void()>& work) { device::Graph::record(stream, work); }
  void read_back(std::size_t count) {
    std::vector<double> host(count);
    device::copy_bytes_to_host(stream, host.data(), zeros.data(), count * sizeof(double));
  }
  void product(const double* a, double* c) {
    math::matrix_product(context, math::Transpose::no, math::Transpose::no, 8, 8, 8, 1.0, a,
                         zeros.data(), 0.0, c);
  }
  void gemm(cublasHandle_t handle, int leading) {
    const double one = 1.0;
    cublasDgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 4, 4, 4, &one, zeros.data(), leading,
                zeros.data() + 16, 4, &one, zeros.data() + 32, 4);
  }
};

/// A library's handle or descriptor.
template <class T>
T made(auto create) {
  T handle{};
  create(&handle);
  return handle;
}

struct Planted {
  const char* name;
  const char* line;  // that tells of it
  void (*fault)(Stage&);
};
void PrintTo(const Planted& planted, std::ostream* out) {
  *out << planted.name;
}

const Planted kPlanted[] = {
    {"ASpanOneElementTooLong", "sigmoid.*: writes beyond a buffer of 40 bytes",
     [](Stage& s) {
       Floats values(10);
       device::fill_with_zero(s.stream, values.span());
       kernels::sigmoid(s.stream, {values.data(), 11});
     }},
    {"ASpanOnePageTooLong",
     "sigmoid.*: touches byte 1024 of a buffer of 1024 bytes, beyond its end",
     [](Stage& s) {
       Floats values(256);
       kernels::sigmoid(s.stream, {values.data(), 300});
     }},
    {"UnwrittenInput", "cublasDgemm: B is read, but nobody has written its value 0",
     [](Stage& s) {
       const Doubles unwritten(64);
       Doubles result(64);
       s.product(unwritten.data(), result.data());
     }},
    {"MisalignedInput", "cublasLtMatmul: A is not aligned to the 64 bytes that were promised",
     [](Stage& s) {
       math::Dense dense(s.context, {.batch = 2, .inputs = 4, .outputs = 4}, false);
       const Floats x(8), weight(32), bias(4);
       Floats y(8);
       dense.forward(s.context, x.data(), weight.data() + 1, bias.data(), y.data());
     }},
    {"UseAfterFree", "add_partial_sums.*: an argument was freed",
     [](Stage& s) {
       const double* gone = Doubles(64).data();
       s.add(gone, 64, s.zeros.data());
     }},
    {"FreedTwice", "cudaFree: frees what is no buffer, or none any more",
     [](Stage&) {
       void* memory = device::allocate(40);
       device::release(memory);
       device::release(memory);
     }},
    {"CopyInTheWrongDirection", "cudaMemcpyAsync: the source is device memory, in the direction",
     [](Stage& s) {
       double host[64];
       device::copy_bytes_to_device(s.stream, host, s.zeros.data(), sizeof host);
     }},
    {"CopyBeyondTheEnd", "cudaMemcpyAsync: the source is 520 bytes from byte 0 of a buffer of 512",
     [](Stage& s) { s.read_back(65); }},
    {"ACopyOntoItself", "cudaMemcpyAsync: the destination overlaps the source",
     [](Stage& s) {
       device::copy_bytes_on_device(s.stream, s.zeros.data(), s.zeros.data() + 1, 16);
     }},
    {"AllocationDuringCapture", "cudaMalloc: during a capture: an allocation",
     [](Stage& s) { s.record([&] { Doubles more(1); }); }},
    {"ReadBackDuringCapture", "cudaMemcpyAsync: during a capture: a read-back",
     [](Stage& s) { s.record([&] { s.read_back(1); }); }},
    {"WaitDuringCapture", "cudaStreamSynchronize: during a capture: a wait",
     [](Stage& s) { s.record([&] { s.stream.synchronize(); }); }},
    {"ASolverDuringCapture", "cudaMalloc|cusolver.*: during a capture",
     [](Stage& s) {
       s.record([&] { math::orthonormalize_rows(s.context, 4, 16, s.zeros.data()); });
     }},
    {"WorkBesidesTheRecordedStream", "cudaMemsetAsync: work goes to a stream that is not recorded",
     [](Stage& s) {
       device::Stream other;
       s.record([&] { device::fill_with_zero(other, s.zeros.span()); });
     }},
    {"AGraphThatOutlivesItsBuffer", "cudaGraphLaunch, add_partial_sums.*: an argument was freed",
     [](Stage& s) {
       Doubles terms = s.filled(64);
       const auto graph =
           device::Graph::record(s.stream, [&] { s.add(terms.data(), 64, s.zeros.data()); });
       terms = Doubles();
       { const Doubles gone = std::move(terms); }
       graph.launch(s.stream);
     }},
    {"WorkOnTheDefaultStream", "add_partial_sums.*: work on the default stream",
     [](Stage& s) {
       kernels::add_partial_sums(nullptr, s.zeros.span().first(32), s.zeros.data() + 32);
     }},
    {"AHandleOnTheWrongStream", "cublasDgemm: work on the default stream",
     [](Stage& s) { s.gemm(made<cublasHandle_t>(cublasCreate), 4); }},
    {"AHandleOfAnotherDevice", "cublasDgemm: a handle of device 0, while device 1 is current",
     [](Stage& s) {
       const auto handle = made<cublasHandle_t>(cublasCreate);
       const math::Context other(1);
       s.gemm(handle, 4);
     }},
    {"AStreamOfAnotherDevice", "cudaMemsetAsync: a stream of device 0, while device 1 is current",
     [](Stage& s) {
       const math::Context other(1);
       device::fill_with_zero(s.stream, s.zeros.span());
     }},
    {"MemoryOfAnotherDevice", "cudaMemsetAsync: the memory is on device 0, the work on device 1",
     [](Stage& s) {
       math::Context other(1);
       device::fill_with_zero(other.stream(), s.zeros.span());
     }},
    {"ALeadingDimensionOneShort", "cublasDgemm: the leading dimension of A is 3; it has 4 rows",
     [](Stage& s) {
       const auto handle = made<cublasHandle_t>(cublasCreate);
       cublasSetStream(handle, s.stream.handle());
       s.gemm(handle, 3);
     }},
    {"ResultsOverOperands", "cublasDgemm: C overlaps ",
     [](Stage& s) { s.product(s.zeros.data(), s.zeros.data()); }},
    {"AWorkspaceTooSmall", "cusolverDnDgeqrf: lwork is .*; _bufferSize said ",
     [](Stage& s) {
       const auto handle = made<cusolverDnHandle_t>(cusolverDnCreate);
       cusolverDnSetStream(handle, s.stream.handle());
       int size = 0;
       cusolverDnDgeqrf_bufferSize(handle, 4, 4, s.zeros.data(), 4, &size);
       device::Buffer<int> info(1);
       Doubles scales(4), workspace(static_cast<std::size_t>(size));
       cusolverDnDgeqrf(handle, 4, 4, s.zeros.data(), 4, scales.data(), workspace.data(), size - 1,
                        info.data());
     }},
    {"ADescriptorUsedBeforeItIsSet",
     "cudnnSetConvolutionMathType: the descriptor of the convolution is used before it is set",
     [](Stage&) {
       cudnnSetConvolutionMathType(
           made<cudnnConvolutionDescriptor_t>(cudnnCreateConvolutionDescriptor), CUDNN_FMA_MATH);
     }},
    {"AWaitLeftOut", "cublasDgemm: B is read, but nobody has written its value 0",
     [](Stage& s) {
       const device::Stream other;
       Doubles late(64), result(64);
       device::fill_with_zero(other, late.span());
       s.product(late.data(), result.data());
       s.stream.synchronize();
     }},
    {"HostCodeThatReadsDeviceMemory", "host code: touches byte 8 of a buffer of 512 bytes",
     [](Stage& s) { s.zeros.data()[1] += 1.0; }},
    {"AKernelThatReadsHostMemory", "add_partial_sums.*: an argument is host memory",
     [](Stage& s) {
       const double host[2] = {1.0, 2.0};
       s.add(host, 2, s.zeros.data());
     }},
};

class PlantedFault : public testing::TestWithParam<Planted> {};
INSTANTIATE_TEST_SUITE_P(Strict, PlantedFault, testing::ValuesIn(kPlanted),
                         [](const auto& planted) { return std::string(planted.param.name); });

TEST_P(PlantedFault, IsCaught) {
  const auto run = [this] {
    Stage stage;
    GetParam().fault(stage);
    stage.stream.synchronize();
    std::exit(0);
  };
  EXPECT_DEATH(run(), "rehearsal: " + std::string(GetParam().line));
}

TEST(Leak, IsToldAtTheEnd) {
  const auto leak = [] {
    (void)device::allocate(40);
    std::exit(0);
  };
  EXPECT_EXIT(leak(), testing::ExitedWithCode(1),
              "rehearsal: at exit: never given back: 1 buffer of 40 bytes");
}

TEST(Solver, ThatDoesNotConvergeIsAnError) {
  Stage stage;
  const std::vector<double> nans(16, std::numeric_limits<double>::quiet_NaN());
  auto matrix = device::to_device<double>(stage.stream, std::span(nans));
  EXPECT_THROW(math::symmetric_eigen(stage.context, 4, 4, matrix.data(), stage.zeros.data()),
               Error);
}

}  // namespace
}  // namespace hourglass::cuda
