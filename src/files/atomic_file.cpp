#include "files/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <hourglass/error.hpp>
#include <system_error>
#include <thread>

#include "files/messages.hpp"

namespace hourglass::files {
namespace {

namespace fs = std::filesystem;

std::string system_message(int code) {
  return std::generic_category().message(code);
}

[[noreturn]] void fail_to_write(const fs::path& file, const std::string& why) {
  throw Error("cannot write " + path_text(file) + ": " + why);
}

// ---- The table of temporary files, which a signal handler may read at any moment ----

enum class State { free, claimed, live, removing };

struct Slot {
  std::atomic<State> state{State::free};
  std::array<char, PATH_MAX> path{};
};
static_assert(std::atomic<State>::is_always_lock_free, "a signal handler must not meet a lock");

constexpr std::size_t kSlots = 16;  // as many writes at once as a program has any use for
constinit std::array<Slot, kSlots> slots{};

bool change(Slot& slot, State from, State to) {
  return slot.state.compare_exchange_strong(from, to);
}

std::size_t claim_slot() {
  for (;;) {
    for (std::size_t i = 0; i < kSlots; ++i) {
      if (change(slots[i], State::free, State::claimed)) return i;
    }
    std::this_thread::yield();
  }
}

/// A name in the table; whatever still has this name at the end is removed.
class Temporary {
 public:
  explicit Temporary(const fs::path& file) : slot_(claim_slot()) {
    // The slot tells the writes of this process apart, the process id those of others. The name is
    // cut because a file system allows 255 bytes.
    path_ = file.parent_path() / ("." + file.filename().string().substr(0, 200) + ".tmp-" +
                                  std::to_string(getpid()) + "-" + std::to_string(slot_));
    const std::string& text = path_.native();
    if (text.size() >= slots[slot_].path.size()) {
      slots[slot_].state = State::free;
      fail_to_write(file, system_message(ENAMETOOLONG));
    }
    *std::copy(text.begin(), text.end(), slots[slot_].path.begin()) = '\0';
    slots[slot_].state = State::live;
  }
  ~Temporary() {
    unlink(path_.c_str());
    while (!change(slots[slot_], State::live, State::free)) std::this_thread::yield();
  }
  Temporary(const Temporary&) = delete;
  Temporary(Temporary&&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  Temporary& operator=(Temporary&&) = delete;

  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  std::size_t slot_;
  fs::path path_;
};

/// An open file; close() is where a network file system reports a full disk.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor(Descriptor&&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool close() {
    const int status = ::close(number_);
    number_ = -1;  // closed even when close() fails
    return status == 0 || errno == EINTR;
  }

 private:
  int number_;
};

/// False, with errno set, when not everything could be written.
bool write_all(int descriptor, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

void check_target(const fs::path& file) {
  if (file.filename().empty()) fail_to_write(file, "the name ends in a slash, expected a file");
  const fs::path parent = file.parent_path();
  std::error_code ignored;
  if (!parent.empty() && !fs::is_directory(parent, ignored)) {
    fail_to_write(file, fs::exists(parent, ignored)
                            ? path_text(parent) + " is not a folder"
                            : "folder " + path_text(parent) + " does not exist");
  }
  const fs::file_status status = fs::status(file, ignored);
  if (fs::is_directory(status)) fail_to_write(file, "it is a folder, expected a file name");
  // Renaming over /dev/null would replace the device.
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    fail_to_write(file, "it exists and is not a regular file");
  }
}

}  // namespace

void write_atomically(const fs::path& file, std::span<const std::span<const char>> pieces) {
  check_target(file);
  const Temporary temporary(file);
  unlink(temporary.path().c_str());  // left by a process that was killed and had the same id
  Descriptor out(
      ::open(temporary.path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (out.number() < 0) fail_to_write(file, system_message(errno));
  for (const std::span<const char> piece : pieces) {
    if (!write_all(out.number(), piece)) fail_to_write(file, system_message(errno));
  }
  if (!out.close()) fail_to_write(file, system_message(errno));
  if (std::rename(temporary.path().c_str(), file.c_str()) != 0) {
    fail_to_write(file, system_message(errno));
  }
}

void write_atomically(const fs::path& file, std::span<const char> bytes) {
  write_atomically(file, std::span<const std::span<const char>>(&bytes, 1));
}

void remove_temporaries() noexcept {
  const int saved = errno;
  for (Slot& slot : slots) {
    // While the state is `removing` the owner does not give the slot away: the path stays whole.
    if (!change(slot, State::live, State::removing)) continue;
    unlink(slot.path.data());
    slot.state = State::live;
  }
  errno = saved;
}

std::string read_file(const fs::path& file) {
  const auto fail = [&](const std::string& why) {
    throw Error("cannot read " + path_text(file) + ": " + why);
  };
  const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (in.number() < 0 || fstat(in.number(), &status) != 0) fail(system_message(errno));
  if (S_ISDIR(status.st_mode)) fail("it is a folder, expected a file");

  std::string bytes;
  std::size_t used = 0;
  try {
    // One byte more than the size: the end is seen without growing. Pipes have size 0 and do grow.
    bytes.resize(static_cast<std::size_t>(status.st_size) + 1);
    for (;;) {
      const ssize_t got = ::read(in.number(), bytes.data() + used, bytes.size() - used);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail(system_message(errno));
      if (got == 0) break;
      used += static_cast<std::size_t>(got);
      if (used == bytes.size()) bytes.resize(std::max<std::size_t>(2 * used, std::size_t{1} << 16));
    }
  } catch (const Error&) {
    throw;
  } catch (const std::exception&) {  // bad_alloc, length_error
    fail("it does not fit into memory (" + std::to_string(status.st_size) + " bytes)");
  }
  bytes.resize(used);
  return bytes;
}

}  // namespace hourglass::files
