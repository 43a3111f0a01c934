#include "device/host_memory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace hourglass {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

/// A folder that looks like / to who asks for the memory.
class HostMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "host_memory_" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    write("proc/meminfo", "MemTotal:  16777216 kB\nMemFree:  1024 kB\nMemAvailable: 8388608 kB\n");
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    const fs::path file = root_ / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  fs::path root_;
};

TEST_F(HostMemoryTest, IsWhatTheMachineHas) {
  EXPECT_EQ(free_host_memory(root_), 8192 * kMiB);
  EXPECT_EQ(free_host_memory(root_ / "nowhere"), std::nullopt);
  const auto here = free_host_memory();
  ASSERT_TRUE(here.has_value());
  EXPECT_GT(*here, 64 * kMiB);
}

TEST_F(HostMemoryTest, IsWhatTheTightestGroupLeaves) {
  write("proc/self/cgroup", "0::/pod/job\n");
  write("proc/self/mounts", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n");
  write("sys/fs/cgroup/pod/job/memory.max", "max\n");
  write("sys/fs/cgroup/pod/job/memory.current", "1\n");
  EXPECT_EQ(free_host_memory(root_), 8192 * kMiB);
  write("sys/fs/cgroup/pod/memory.max", std::to_string(1000 * kMiB));
  write("sys/fs/cgroup/pod/memory.current", std::to_string(700 * kMiB));
  EXPECT_EQ(free_host_memory(root_), 300 * kMiB);
  // Files that were read count as used, until somebody wants the memory.
  write("sys/fs/cgroup/pod/memory.stat",
        "anon 5\ninactive_file " + std::to_string(600 * kMiB) + "\nactive_file 7\n");
  EXPECT_EQ(free_host_memory(root_), 900 * kMiB);
  write("sys/fs/cgroup/pod/memory.current", std::to_string(1700 * kMiB));
  EXPECT_EQ(free_host_memory(root_), 0U);
}

TEST_F(HostMemoryTest, OfGroupsOfVersion1) {
  write("proc/self/cgroup", "5:cpu,cpuacct:/a\n4:memory:/job\n");
  write("proc/self/mounts", "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n");
  write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", std::to_string(500 * kMiB));
  write("sys/fs/cgroup/memory/job/memory.usage_in_bytes", std::to_string(400 * kMiB));
  write("sys/fs/cgroup/memory/job/memory.stat",
        "cache 1\ntotal_inactive_file " + std::to_string(100 * kMiB) + "\n");
  EXPECT_EQ(free_host_memory(root_), 200 * kMiB);
  write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "9223372036854771712");  // none
  EXPECT_EQ(free_host_memory(root_), 8192 * kMiB);
}

}  // namespace
}  // namespace hourglass
