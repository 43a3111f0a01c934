// In the place of the library's header of this name: an atomic_ref that can forget one order.
#pragma once

#include <atomic>
#include <cstdint>

namespace hourglass::HOURGLASS_TARGET::simt::detail {

namespace orders = std;

enum class Forgotten { nothing, acquire_of_load, release_of_store, acquire_of_add, release_of_add };
inline Forgotten forgotten = Forgotten::nothing;

class AtomicWord {
 public:
  explicit AtomicWord(std::uint32_t& word) : word_(word) {}

  [[nodiscard]] std::uint32_t load(std::memory_order order) const {
    return word_.load(forgotten == Forgotten::acquire_of_load ? std::memory_order_relaxed : order);
  }
  void store(std::uint32_t value, std::memory_order order) const {
    word_.store(value,
                forgotten == Forgotten::release_of_store ? std::memory_order_relaxed : order);
  }
  std::uint32_t fetch_add(std::uint32_t value, std::memory_order order) const {
    if (order == std::memory_order_acq_rel) {
      if (forgotten == Forgotten::acquire_of_add) order = std::memory_order_release;
      if (forgotten == Forgotten::release_of_add) order = std::memory_order_acquire;
    }
    return word_.fetch_add(value, order);
  }
  std::uint32_t exchange(std::uint32_t value, std::memory_order order) const {
    return word_.exchange(value, order);
  }

 private:
  std::atomic_ref<std::uint32_t> word_;
};

}  // namespace hourglass::HOURGLASS_TARGET::simt::detail
