// Launching by CUDA's runtime. Without its headers: the host compiler reads this too.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::simt {

namespace detail {

void launch(StreamHandle stream, const LaunchConfig& config, const void* kernel, void** arguments);
[[nodiscard]] std::size_t resident_blocks(const void* kernel, unsigned block,
                                          std::size_t shared_bytes);

#ifdef __CUDACC__

/// What the runtime knows a kernel by: nvcc has told it the rest.
template <class... P>
const void* known(void (*kernel)(P...)) {
  return reinterpret_cast<const void*>(kernel);
}

#else

struct Parameter {
  std::size_t bytes;
  bool is_pointer;
};
using Call = void (*)(const void* kernel, void* const* arguments);

/// Tells who plays CUDA's runtime what nvcc would have told it.
void tell(const void* kernel, Call call, std::span<const Parameter> parameters);

template <class... P>
const void* known(void (*kernel)(P...)) {
  static constexpr std::array<Parameter, sizeof...(P)> kParameters{
      Parameter{sizeof(P), std::is_pointer_v<P>}...};
  const Call call = [](const void* function, void* const* arguments) {
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      reinterpret_cast<void (*)(P...)>(const_cast<void*>(function))(
          *static_cast<P*>(arguments[i])...);
    }
    (std::index_sequence_for<P...>());
  };
  const auto* function = reinterpret_cast<const void*>(kernel);
  tell(function, call, kParameters);
  return function;
}

#endif

}  // namespace detail

using gpu::per_block;
using gpu::per_element;
using gpu::per_warp;

/// Shared memory that a block may have, if it asks.
[[nodiscard]] std::size_t most_shared_bytes();

/// Whether there are launches whose blocks are all resident, so that they may wait for each other.
[[nodiscard]] bool blocks_may_wait();

/// How many blocks of a kernel can be resident at once; 0 where none can, say for want of memory.
template <class... P>
[[nodiscard]] std::size_t resident_blocks(void (*kernel)(P...), unsigned block,
                                          std::size_t shared_bytes) {
  return detail::resident_blocks(detail::known(kernel), block, shared_bytes);
}

template <class... P, class... A>
void launch(StreamHandle stream, const LaunchConfig& config, void (*kernel)(P...), A&&... args) {
  static_assert(sizeof...(P) == sizeof...(A), "as many arguments as the kernel has parameters");
  std::tuple<P...> values{std::forward<A>(args)...};
  auto pointers =
      std::apply([](auto&... value) { return std::array<void*, sizeof...(P)>{&value...}; }, values);
  detail::launch(stream, config, detail::known(kernel), pointers.data());
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
