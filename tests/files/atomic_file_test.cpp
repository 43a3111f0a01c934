#include "files/atomic_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "support/scratch.hpp"

namespace hourglass::files {
namespace {

namespace fs = std::filesystem;
using test::message_of;
using test::read_raw;
using test::ScratchFolder;
using test::write_raw;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(AtomicFile, WritesAndReadsBack) {
  const ScratchFolder folder;
  const std::string text("one\0two\n", 8);
  write_atomically(folder / "a.txt", text);
  EXPECT_EQ(read_file(folder / "a.txt"), text);
  EXPECT_EQ(folder.entries(), 1);
}

TEST(AtomicFile, JoinsPieces) {
  const ScratchFolder folder;
  const std::string head = "head ";
  const std::string tail = "tail";
  const std::array<std::span<const char>, 3> pieces = {std::span<const char>(head), {}, tail};
  write_atomically(folder / "a", pieces);
  EXPECT_EQ(read_raw(folder / "a"), "head tail");
}

TEST(AtomicFile, ReplacesAFileAndWritesAnEmptyOne) {
  const ScratchFolder folder;
  write_atomically(folder / "a", "something long");
  write_atomically(folder / "a", "");
  EXPECT_EQ(read_file(folder / "a"), "");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(AtomicFile, AcceptsTheLongestNameAFileSystemAllows) {
  const ScratchFolder folder;
  const std::string name(255, 'n');
  write_atomically(folder / name, "x");
  EXPECT_EQ(read_raw(folder / name), "x");
}

TEST(AtomicFile, NamesTheFolderThatDoesNotExist) {
  const ScratchFolder folder;
  const fs::path file = folder / "no/such/a.txt";
  EXPECT_THAT(message_of([&] { write_atomically(file, "x"); }),
              AllOf(HasSubstr("cannot write " + file.string()),
                    HasSubstr("folder " + file.parent_path().string() + " does not exist")));
}

TEST(AtomicFile, NamesTheParentThatIsNoFolder) {
  const ScratchFolder folder;
  write_raw(folder / "plain", "x");
  EXPECT_THAT(message_of([&] { write_atomically(folder / "plain/a", "x"); }),
              HasSubstr((folder / "plain").string() + " is not a folder"));
}

TEST(AtomicFile, LeavesFoldersAndDevicesAlone) {
  const ScratchFolder folder;
  EXPECT_THAT(message_of([&] { write_atomically(folder.path(), "x"); }),
              HasSubstr("it is a folder"));
  EXPECT_THAT(message_of([&] { write_atomically(folder / "", "x"); }),
              HasSubstr("ends in a slash"));
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(message_of([&] { write_atomically(pipe, "x"); }), HasSubstr("not a regular file"));
  EXPECT_TRUE(fs::is_fifo(pipe));
}

/// Every write beyond a few bytes fails, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &saved_);
    rlimit limit = saved_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &saved_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit(FileSizeLimit&&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(FileSizeLimit&&) = delete;

 private:
  rlimit saved_{};
  void (*handler_)(int) = SIG_DFL;
};

TEST(AtomicFile, AWriteThatFailsHalfWayChangesNothing) {
  const ScratchFolder folder;
  write_raw(folder / "a", "old");
  std::string message;
  {
    const FileSizeLimit limit(1000);
    message = message_of([&] { write_atomically(folder / "a", std::string(100000, 'x')); });
  }
  EXPECT_THAT(message, HasSubstr("cannot write " + (folder / "a").string() + ": File too large"));
  EXPECT_EQ(read_raw(folder / "a"), "old");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(AtomicFile, ManyThreadsMayWriteTheSameFile) {
  const ScratchFolder folder;
  std::vector<std::thread> threads;
  for (char name = 'a'; name < 'a' + 24; ++name) {
    threads.emplace_back([&folder, name] {
      for (int i = 0; i < 20; ++i) write_atomically(folder / "a", std::string(5000, name));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = read_raw(folder / "a");
  EXPECT_EQ(text, std::string(5000, text.at(0)));
  EXPECT_EQ(folder.entries(), 1);
}

TEST(AtomicFile, RemoveTemporariesWithoutAWriteDoesNothing) {
  const ScratchFolder folder;
  write_atomically(folder / "a", "x");
  remove_temporaries();
  EXPECT_EQ(read_raw(folder / "a"), "x");
}

// The handler of a signal raised by the write itself: it interrupts a write in progress for
// certain.
fs::path* watched = nullptr;
std::ptrdiff_t entries_before = -1;
std::ptrdiff_t entries_after = -1;

void on_signal(int /*signal*/) {
  // Counting is not async-signal-safe in general; raised by write(2), it interrupts no allocation.
  entries_before = std::distance(fs::directory_iterator(*watched), {});
  remove_temporaries();
  entries_after = std::distance(fs::directory_iterator(*watched), {});
}

TEST(AtomicFile, RemoveTemporariesInAHandlerLeavesNothingBehind) {
  const ScratchFolder folder;
  fs::path path = folder.path();
  watched = &path;
  {
    const FileSizeLimit limit(1000);
    std::signal(SIGXFSZ, on_signal);
    EXPECT_NE(message_of([&] { write_atomically(folder / "a", std::string(5000, 'x')); }), "");
  }
  watched = nullptr;
  EXPECT_EQ(entries_before, 1);
  EXPECT_EQ(entries_after, 0);
  EXPECT_EQ(folder.entries(), 0);
  write_atomically(folder / "a", "works again");
  EXPECT_EQ(read_raw(folder / "a"), "works again");
}

TEST(ReadFile, NamesWhatItCannotRead) {
  const ScratchFolder folder;
  EXPECT_THAT(message_of([&] { (void)read_file(folder / "none"); }),
              HasSubstr("cannot read " + (folder / "none").string() + ": No such file"));
  EXPECT_THAT(message_of([&] { (void)read_file(folder.path()); }), HasSubstr("it is a folder"));
  EXPECT_THAT(message_of([&] { (void)read_file(folder / "two\nlines"); }),
              AllOf(HasSubstr("two\\x0alines"), Not(HasSubstr("\n"))));
}

TEST(ReadFile, ReadsPipes) {
  const ScratchFolder folder;
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const std::string text(200000, 'p');
  std::thread writer([&] { write_raw(pipe, text); });
  EXPECT_EQ(read_file(pipe), text);
  writer.join();
}

}  // namespace
}  // namespace hourglass::files
