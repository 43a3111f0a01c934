#include "rehearsal/core/memory.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "rehearsal/core/library.hpp"
#include "rehearsal/runtime/gpu.hpp"

namespace rehearsal {
namespace {

using Address = std::uintptr_t;
using Bytes = std::span<unsigned char>;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kAlignment = 256;  // cudaMalloc's
constexpr std::size_t kRedZone = 256;
constexpr int kPoison = 0xFF;  // a quiet NaN, an index that leads nowhere

Address number(const void* address) {
  return reinterpret_cast<Address>(address);
}

Address round_up(Address value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

Bytes bytes_of(Address begin, Address end) {
  return {reinterpret_cast<unsigned char*>(begin), end - begin};
}

struct Buffer {
  Address begin;
  std::size_t bytes;
  int device;

  [[nodiscard]] Address end() const { return begin + bytes; }
  [[nodiscard]] Bytes pages() const {
    return bytes_of(begin / kPage * kPage, round_up(end(), kPage));
  }
  [[nodiscard]] Address guard() const { return number(pages().data() + pages().size()); }
  [[nodiscard]] Bytes before() const {
    return bytes_of(std::max(number(pages().data()), begin - kRedZone), begin);
  }
  [[nodiscard]] Bytes behind() const { return bytes_of(end(), guard()); }
  [[nodiscard]] std::string place(Address address) const {
    return "byte " + std::to_string(static_cast<std::intptr_t>(address - begin)) +
           " of a buffer of " + std::to_string(bytes) + " bytes";
  }
  void protect(int access) const { mprotect(pages().data(), pages().size(), access); }
};

void on_fault(int signal, siginfo_t* info, void* context);

class Memory {
 public:
  using Buffers = std::map<Address, Buffer>;  // by where their guard ends

  Memory() {
    void* at = mmap(nullptr, kBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    require(at != MAP_FAILED, "no room for the addresses of device memory");
    first_ = next_ = number(at);
    const std::vector<unsigned char> poison(kFileBytes, kPoison);
    require(write(file_, poison.data(), kFileBytes) == ssize_t{kFileBytes}, "no room for poison");
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, nullptr);
  }

  [[nodiscard]] bool holds(const void* address) const { return number(address) - first_ < kBytes; }

  /// The buffer whose pages, and the guard that follows, an address lies in.
  static const Buffer* find(const Buffers& buffers, const void* address) {
    const auto next = buffers.upper_bound(number(address));
    if (next == buffers.end() || address < next->second.pages().data()) return nullptr;
    return &next->second;
  }

  /// Never in the first quarter of 4 GiB: what is left of an address beside a small number, in a
  /// kernel's argument with padding, would look like one of those.
  Address place(std::size_t bytes) {
    const std::size_t rounded = round_up(bytes, kAlignment);
    const std::size_t all = round_up(rounded + kRedZone, kPage) + kPage;
    if (next_ / kFourGiB != (next_ + all) / kFourGiB) next_ = (next_ + all) / kFourGiB * kFourGiB;
    next_ = std::max(next_, next_ / kFourGiB * kFourGiB + kFourGiB / 4) + all;
    require(next_ < first_ + kBytes, "out of addresses for device memory");
    return next_ - kPage - rounded;
  }

  static void map(Bytes pages, int access, int flags, int file) {
    require(mmap(pages.data(), pages.size(), access, MAP_PRIVATE | MAP_FIXED | flags, file, 0) !=
                MAP_FAILED,
            "the system has no memory for it");
  }
  /// Maps a file of poison again and again: pages that nobody touches cost nothing.
  void poison(Bytes pages) const {
    for (std::size_t at = 0; at < pages.size(); at += kFileBytes) {
      map(pages.subspan(at, std::min(kFileBytes, pages.size() - at)), PROT_READ | PROT_WRITE, 0,
          file_);
    }
  }

  /// Lets the memory of a device be touched, or no longer.
  void protect(int device, int access) const {
    for (const auto& [guard, buffer] : live) {
      if (buffer.device == device) buffer.protect(access);
    }
  }

  Buffers live;
  Buffers freed;
  std::map<int, std::size_t> used;  // of a device's bytes
  std::map<int, int> opened;        // how often

 private:
  static constexpr std::size_t kBytes = std::size_t{1} << 42;
  static constexpr Address kFourGiB = Address{1} << 32;
  static constexpr std::size_t kFileBytes = std::size_t{1} << 20;
  Address first_ = 0;
  Address next_ = 0;
  int file_ = memfd_create("poison", MFD_CLOEXEC);
};

Memory& memory() {
  static auto& all = *new Memory;
  return all;
}

void on_fault(int signal, siginfo_t* info, void* /*context*/) {
  if (!memory().holds(info->si_addr)) {
    ::signal(signal, SIG_DFL);  // no matter of ours: fault again
    return;
  }
  const Address address = number(info->si_addr);
  if (const Buffer* buffer = Memory::find(memory().freed, info->si_addr)) {
    breach("touches " + buffer->place(address) + " that was freed");
  }
  const Buffer* buffer = Memory::find(memory().live, info->si_addr);
  if (buffer == nullptr) breach("touches device memory that was never allocated");
  const std::string where = "touches " + buffer->place(address);
  if (address >= buffer->end()) breach(where + ", beyond its end");
  if (memory().opened[buffer->device] > 0) breach(where + ", before its begin");
  breach(where + " on device " + std::to_string(buffer->device) +
         ", which it cannot reach: only work on that device can (CUDA Programming Guide, "
         "\"Device Memory\")");
}

template <class Value>
std::size_t first_unwritten(const void* begin, std::size_t bytes) {
  const std::span values(static_cast<const Value*>(begin), bytes / sizeof(Value));
  const auto found = std::ranges::find(values, static_cast<Value>(~Value{0}));
  return static_cast<std::size_t>(found - values.begin());
}

/// A red zone's: a NaN that any arithmetic changes.
unsigned char mark(const unsigned char& byte) {
  return number(&byte) % 2 == 0 ? 0xA5 : 0xFF;
}

bool is_marked(Bytes zone) {
  return std::ranges::all_of(zone, [](const auto& byte) { return byte == mark(byte); });
}

}  // namespace

void* allocate(int device, std::size_t bytes) {
  if (bytes > free_bytes(device)) return nullptr;
  memory().used[device] += bytes;
  const Buffer buffer{.begin = memory().place(bytes), .bytes = bytes, .device = device};
  memory().poison(buffer.pages());
  for (const Bytes zone : {buffer.before(), buffer.behind()}) {
    for (auto& byte : zone) byte = mark(byte);
  }
  if (memory().opened[device] == 0) buffer.protect(PROT_NONE);
  memory().live.emplace(buffer.guard() + kPage, buffer);
  auto* address = reinterpret_cast<void*>(buffer.begin);
  remember(address, "buffer of " + std::to_string(bytes) + " bytes");
  return address;
}

void release(void* address) {
  const Buffer* buffer = Memory::find(memory().live, address);
  require(buffer != nullptr && buffer->begin == number(address),
          "frees what is no buffer, or none any more (CUDA Runtime API, cudaFree)");
  Memory::map(buffer->pages(), PROT_NONE, MAP_ANONYMOUS | MAP_NORESERVE, -1);
  memory().used[buffer->device] -= buffer->bytes;
  memory().freed.insert(memory().live.extract(buffer->guard() + kPage));
  forget(address);
}

std::size_t free_bytes(int device) {
  return kDeviceBytes - memory().used[device];
}

int device_of_buffer(const void* address) {
  const Buffer* buffer = Memory::find(memory().live, address);
  return buffer == nullptr ? 0 : buffer->device;
}

bool is_device_address(const void* address) {
  return memory().holds(address);
}

bool was_buffer(const void* address) {
  return Memory::find(memory().live, address) != nullptr ||
         Memory::find(memory().freed, address) != nullptr;
}

void require_buffer(const char* what, const void* begin, std::size_t bytes, int device) {
  require(begin != nullptr || bytes == 0, what, " is a null pointer");
  if (begin == nullptr) return;
  require(memory().holds(begin), what, " is host memory: work on a device cannot reach it ",
          "(CUDA Programming Guide, \"Device Memory\")");
  require(Memory::find(memory().freed, begin) == nullptr, what, " was freed");
  const Buffer* buffer = Memory::find(memory().live, begin);
  require(buffer != nullptr, what, " was never allocated");
  require(buffer->device == device, what, " is on device ", buffer->device, ", the work on device ",
          device, " (CUDA Programming Guide, \"Multi-Device System\")");
  const Address address = number(begin);
  require(address >= buffer->begin && address + bytes <= buffer->end(), what, " is ", bytes,
          " bytes from ", buffer->place(address));
}

void require_written(const char* what, const void* begin, std::size_t bytes, std::size_t value) {
  const std::size_t first = value == 8 ? first_unwritten<std::uint64_t>(begin, bytes)
                                       : first_unwritten<std::uint32_t>(begin, bytes);
  require(first == bytes / value, what, " is read, but nobody has written its value ", first);
}

void require_red_zones(int device) {
  for (const auto& [guard, buffer] : memory().live) {
    if (buffer.device != device) continue;
    const auto size = buffer.bytes;
    require(is_marked(buffer.before()), "writes before a buffer of ", size, " bytes");
    require(is_marked(buffer.behind()), "writes beyond a buffer of ", size, " bytes");
  }
}

Opened::Opened(int device) : device_(device) {
  if (memory().opened[device]++ == 0) memory().protect(device, PROT_READ | PROT_WRITE);
}

Opened::~Opened() {
  if (--memory().opened[device_] == 0) memory().protect(device_, PROT_NONE);
}

}  // namespace rehearsal
