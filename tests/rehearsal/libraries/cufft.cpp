// cuFFT: batches of transforms of one dimension, by FFTW, whose interface is the same.
#include <cufft.h>
#include <fftw3.h>

#include <cstring>
#include <map>

#include "rehearsal/core/memory.hpp"
#include "rehearsal/libraries/library.hpp"

using namespace rehearsal;

namespace {

struct Side {
  int length, stride, distance;  // of a batch's sequences, in values
  [[nodiscard]] std::size_t extent(int batch) const {
    return static_cast<std::size_t>((batch - 1) * distance + (length - 1) * stride + 1);
  }
};

struct Plan : LibraryHandle {
  static constexpr const char* kKind = "cufftHandle";
  int n = 0;
  Side in{}, out{};
  cufftType type{};
  int batch = 0;
};

std::map<cufftHandle, Plan*>& plans() {
  static auto& all = *new std::map<cufftHandle, Plan*>;
  return all;
}

Plan* plan(cufftHandle handle) {
  const auto found = plans().find(handle);
  require(found != plans().end(), "a plan that was not made, or is destroyed");
  return found->second;
}

using Cufft = Library<CUFFT_SUCCESS, CUFFT_EXEC_FAILED>;

template <class In, class Out, class Make>
void transform(cufftHandle handle, cufftType type, In* in, Out* out, Make make_fftw) {
  const Plan* planned = plan(handle);
  require(planned->type == type, "a plan of another type");
  const std::size_t in_bytes = planned->in.extent(planned->batch) * sizeof(In);
  const std::size_t out_bytes = planned->out.extent(planned->batch) * sizeof(Out);
  const bool in_place = static_cast<void*>(in) == static_cast<void*>(out);
  enqueue(stream_of(const_cast<Plan*>(planned)),
          {{"idata", in, in_bytes, in_place ? Use::updates : Use::reads, 4},
           {"odata", out, out_bytes, in_place ? Use::updates : Use::writes}},
          [=, own = *planned] {
            std::vector<In> input(in, in + in_bytes / sizeof(In));
            const fftwf_plan fftw = make_fftw(own, input.data(), out);
            fftwf_execute(fftw);
            fftwf_destroy_plan(fftw);
            // Coming back it may use up its input (cuFFT, "Data Layout", cufftExecC2R).
            if (type == CUFFT_C2R && !in_place) std::memset(in, 0xA5, in_bytes);
          });
}

fftwf_complex* fftw(cufftComplex* values) {
  return reinterpret_cast<fftwf_complex*>(values);
}

}  // namespace

cufftResult cufftPlanMany(cufftHandle* handle, int rank, int* n, int* in_embed, int in_stride,
                          int in_distance, int* out_embed, int out_stride, int out_distance,
                          cufftType type, int batch) {
  return Cufft::call(__func__, [&] {
    require_no_recording("a plan, which allocates");
    require(rank == 1 && in_embed != nullptr && out_embed != nullptr,
            "without an embedding the strides are ignored (cuFFT, \"Advanced Data Layout\")");
    const int half = *n / 2 + 1;
    auto* made = make<Plan>();
    made->n = *n;
    made->in = {type == CUFFT_C2R ? half : *n, in_stride, in_distance};
    made->out = {type == CUFFT_R2C ? half : *n, out_stride, out_distance};
    made->type = type;
    made->batch = batch;
    static int last = 0;
    *handle = ++last;
    plans()[*handle] = made;
  });
}

cufftResult cufftSetStream(cufftHandle handle, cudaStream_t stream) {
  return Cufft::call(__func__, [&] { set_stream(*plan(handle), stream); });
}

cufftResult cufftDestroy(cufftHandle handle) {
  return answer_release("cufftDestroy", CUFFT_SUCCESS, CUFFT_EXEC_FAILED, [&] {
    require_no_recording("destroying a plan");
    destroy(plan(handle));
    plans().erase(handle);
  });
}

cufftResult cufftExecR2C(cufftHandle handle, cufftReal* in, cufftComplex* out) {
  return Cufft::call(__func__, [&] {
    transform(handle, CUFFT_R2C, in, out, [](const Plan& p, float* from, cufftComplex* to) {
      return fftwf_plan_many_dft_r2c(1, &p.n, p.batch, from, nullptr, p.in.stride, p.in.distance,
                                     fftw(to), nullptr, p.out.stride, p.out.distance,
                                     FFTW_ESTIMATE);
    });
  });
}

cufftResult cufftExecC2C(cufftHandle handle, cufftComplex* in, cufftComplex* out, int direction) {
  return Cufft::call(__func__, [&] {
    transform(handle, CUFFT_C2C, in, out,
              [direction](const Plan& p, cufftComplex* from, cufftComplex* to) {
                return fftwf_plan_many_dft(1, &p.n, p.batch, fftw(from), nullptr, p.in.stride,
                                           p.in.distance, fftw(to), nullptr, p.out.stride,
                                           p.out.distance, direction, FFTW_ESTIMATE);
              });
  });
}

cufftResult cufftExecC2R(cufftHandle handle, cufftComplex* in, cufftReal* out) {
  return Cufft::call(__func__, [&] {
    transform(handle, CUFFT_C2R, in, out, [](const Plan& p, cufftComplex* from, float* to) {
      return fftwf_plan_many_dft_c2r(1, &p.n, p.batch, fftw(from), nullptr, p.in.stride,
                                     p.in.distance, to, nullptr, p.out.stride, p.out.distance,
                                     FFTW_ESTIMATE);
    });
  });
}
