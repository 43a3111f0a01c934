#include "rehearsal/core/memory.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "rehearsal/core/handles.hpp"
#include "rehearsal/core/rules.hpp"
#include "rehearsal/runtime/architecture.hpp"

namespace rehearsal {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kAlignment = 256;  // cudaMalloc's
constexpr std::size_t kRedZone = 256;
constexpr int kPoison = 0xFF;                    // a quiet NaN, an index that leads nowhere
constexpr unsigned char kMark[] = {0xA5, 0xFF};  // of red zones: a NaN that any arithmetic changes

struct Buffer {
  std::uintptr_t begin;
  std::size_t bytes;
  int device;

  [[nodiscard]] std::uintptr_t end() const { return begin + bytes; }
  [[nodiscard]] std::uintptr_t first_page() const { return begin / kPage * kPage; }
  [[nodiscard]] std::uintptr_t last_page_end() const { return (end() + kPage - 1) / kPage * kPage; }
  [[nodiscard]] std::uintptr_t red_zone() const { return std::max(first_page(), begin - kRedZone); }
  void protect(int access) const {
    mprotect(reinterpret_cast<void*>(first_page()), last_page_end() - first_page(), access);
  }
};

void on_fault(int signal, siginfo_t* info, void* context);

class Memory {
 public:
  Memory() {
    void* at = mmap(nullptr, kBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    require(at != MAP_FAILED, "no room for the addresses of device memory");
    first_ = next_ = reinterpret_cast<std::uintptr_t>(at);
    const std::vector<unsigned char> poison(kFileBytes, kPoison);
    require(write(file_, poison.data(), kFileBytes) == ssize_t{kFileBytes}, "no room for poison");
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, nullptr);
  }

  [[nodiscard]] bool holds(std::uintptr_t address) const {
    return address >= first_ && address < first_ + kBytes;
  }

  using Buffers = std::map<std::uintptr_t, Buffer>;  // by where their guard ends

  /// The buffer whose pages, and the guard that follows, an address lies in.
  static const Buffer* find(const Buffers& buffers, std::uintptr_t address) {
    const auto next = buffers.upper_bound(address);
    if (next == buffers.end() || address < next->second.first_page()) return nullptr;
    return &next->second;
  }

  /// Never in the first quarter of 4 GiB: what is left of an address beside a small number, in a
  /// kernel's argument with padding, would look like one of those.
  std::uintptr_t place(std::size_t bytes) {
    const std::size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    const std::size_t all = ((rounded + kRedZone + kPage - 1) / kPage + 1) * kPage;
    if (next_ / kFourGiB != (next_ + all) / kFourGiB) next_ = (next_ + all) / kFourGiB * kFourGiB;
    next_ = std::max(next_, next_ / kFourGiB * kFourGiB + kFourGiB / 4) + all;
    require(next_ < first_ + kBytes, "out of addresses for device memory");
    return next_ - kPage - rounded;
  }

  static void map(std::uintptr_t at, std::size_t bytes, int access, int file) {
    const int flags = MAP_PRIVATE | MAP_FIXED | (file < 0 ? MAP_ANONYMOUS | MAP_NORESERVE : 0);
    require(mmap(reinterpret_cast<void*>(at), bytes, access, flags, file, 0) != MAP_FAILED,
            "the system has no memory for it");
  }

  /// Maps a file of poison again and again: pages that nobody touches cost nothing.
  void poison(const Buffer& buffer) const {
    for (auto at = buffer.first_page(); at < buffer.last_page_end(); at += kFileBytes) {
      map(at, std::min(kFileBytes, buffer.last_page_end() - at), PROT_READ | PROT_WRITE, file_);
    }
  }

  Buffers live;
  Buffers freed;
  std::map<int, std::size_t> used;  // of a device's bytes
  std::map<int, int> opened;        // how often

 private:
  static constexpr std::size_t kBytes = std::size_t{1} << 42;
  static constexpr std::uintptr_t kFourGiB = std::uintptr_t{1} << 32;
  static constexpr std::size_t kFileBytes = std::size_t{1} << 20;
  std::uintptr_t first_ = 0;
  std::uintptr_t next_ = 0;
  int file_ = memfd_create("poison", MFD_CLOEXEC);
};

Memory& memory() {
  static auto& all = *new Memory;
  return all;
}

std::uintptr_t number(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address);
}

std::string describe(const Buffer& buffer, std::uintptr_t address) {
  return "byte " + std::to_string(static_cast<std::intptr_t>(address - buffer.begin)) +
         " of a buffer of " + std::to_string(buffer.bytes) + " bytes";
}

void on_fault(int signal, siginfo_t* info, void* /*context*/) {
  const std::uintptr_t address = number(info->si_addr);
  if (!memory().holds(address)) {
    ::signal(signal, SIG_DFL);  // no matter of ours: fault again
    return;
  }
  if (const Buffer* buffer = Memory::find(memory().freed, address)) {
    breach("touches " + describe(*buffer, address) + " that was freed");
  }
  const Buffer* buffer = Memory::find(memory().live, address);
  if (buffer == nullptr) breach("touches device memory that was never allocated");
  const std::string where = describe(*buffer, address);
  if (address >= buffer->end()) breach("touches " + where + ", beyond its end");
  if (memory().opened[buffer->device] > 0) breach("touches " + where + ", before its begin");
  breach("touches " + where + " on device " + std::to_string(buffer->device) +
         ", which it cannot reach: only work on that device can (CUDA Programming Guide, "
         "\"Device Memory\")");
}

template <class Value>
std::size_t first_unwritten(const void* begin, std::size_t bytes) {
  const auto* values = static_cast<const Value*>(begin);
  const std::size_t count = bytes / sizeof(Value);
  return static_cast<std::size_t>(std::find(values, values + count, static_cast<Value>(~Value{0})) -
                                  values);
}

unsigned char mark(std::uintptr_t address) {
  return kMark[address % 2];
}

void mark_red_zone(std::uintptr_t begin, std::uintptr_t end) {
  for (auto at = begin; at < end; ++at) *reinterpret_cast<unsigned char*>(at) = mark(at);
}

bool is_marked(std::uintptr_t begin, std::uintptr_t end) {
  for (auto at = begin; at < end; ++at) {
    if (*reinterpret_cast<const unsigned char*>(at) != mark(at)) return false;
  }
  return true;
}

}  // namespace

void* allocate(int device, std::size_t bytes) {
  report_leaks_at_exit();
  if (memory().used[device] + bytes > kDeviceBytes) return nullptr;
  memory().used[device] += bytes;
  const Buffer buffer{.begin = memory().place(bytes), .bytes = bytes, .device = device};
  memory().poison(buffer);
  mark_red_zone(buffer.red_zone(), buffer.begin);
  mark_red_zone(buffer.end(), buffer.last_page_end());
  if (memory().opened[device] == 0) buffer.protect(PROT_NONE);
  memory().live.emplace(buffer.last_page_end() + kPage, buffer);
  return reinterpret_cast<void*>(buffer.begin);
}

void release(void* address) {
  const Buffer* found = Memory::find(memory().live, number(address));
  require(found != nullptr && found->begin == number(address),
          "frees what is no buffer, or none any more (CUDA Runtime API, cudaFree)");
  const Buffer buffer = *found;
  memory().map(buffer.first_page(), buffer.last_page_end() - buffer.first_page(), PROT_NONE, -1);
  memory().used[buffer.device] -= buffer.bytes;
  memory().freed.insert(memory().live.extract(buffer.last_page_end() + kPage));
}

int device_of_buffer(const void* address) {
  const Buffer* buffer = Memory::find(memory().live, number(address));
  return buffer == nullptr ? 0 : buffer->device;
}

std::vector<std::size_t> live_buffers() {
  std::vector<std::size_t> sizes;
  for (const auto& [guard, buffer] : memory().live) sizes.push_back(buffer.bytes);
  return sizes;
}

bool is_device_address(const void* address) {
  return memory().holds(number(address));
}

bool was_buffer(const void* address) {
  return Memory::find(memory().live, number(address)) != nullptr ||
         Memory::find(memory().freed, number(address)) != nullptr;
}

void require_buffer(const char* what, const void* begin, std::size_t bytes, int device) {
  const std::uintptr_t address = number(begin);
  require(begin != nullptr || bytes == 0, what, " is a null pointer");
  if (begin == nullptr) return;
  require(memory().holds(address), what, " is host memory: work on a device cannot reach it ",
          "(CUDA Programming Guide, \"Device Memory\")");
  require(Memory::find(memory().freed, address) == nullptr, what, " was freed");
  const Buffer* buffer = Memory::find(memory().live, address);
  require(buffer != nullptr, what, " was never allocated");
  require(buffer->device == device, what, " is on device ", buffer->device, ", the work on device ",
          device, " (CUDA Programming Guide, \"Multi-Device System\")");
  require(address >= buffer->begin && address + bytes <= buffer->end(), what, " is ", bytes,
          " bytes from ", describe(*buffer, address));
}

void require_written(const char* what, const void* begin, std::size_t bytes, std::size_t value) {
  const std::size_t first = value == 8 ? first_unwritten<std::uint64_t>(begin, bytes)
                                       : first_unwritten<std::uint32_t>(begin, bytes);
  require(first == bytes / value, what, " is read, but nobody has written its value ", first);
}

void require_red_zones(int device) {
  for (const auto& [guard, buffer] : memory().live) {
    if (buffer.device != device) continue;
    require(is_marked(buffer.red_zone(), buffer.begin), "writes before a buffer of ", buffer.bytes,
            " bytes");
    require(is_marked(buffer.end(), buffer.last_page_end()), "writes beyond a buffer of ",
            buffer.bytes, " bytes");
  }
}

Opened::Opened(int device) : device_(device) {
  if (memory().opened[device]++ > 0) return;
  for (const auto& [guard, buffer] : memory().live) {
    if (buffer.device == device) buffer.protect(PROT_READ | PROT_WRITE);
  }
}

Opened::~Opened() {
  if (--memory().opened[device_] > 0) return;
  for (const auto& [guard, buffer] : memory().live) {
    if (buffer.device == device_) buffer.protect(PROT_NONE);
  }
}

}  // namespace rehearsal
