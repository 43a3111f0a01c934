#include <hourglass/error.hpp>

#include "math/context.hpp"
#include "math/libraries_cpu.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

Context::Context(int device_index, Precision precision)
    : device_index_(device_index),
      precision_(precision),
      libraries_(std::make_unique<Libraries>()) {}

Context::~Context() = default;
void Context::make_current() const {}
void Context::make_current(std::nothrow_t) const noexcept {}

}  // namespace hourglass::HOURGLASS_TARGET::math
