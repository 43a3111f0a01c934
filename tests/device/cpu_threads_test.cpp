#include "device/cpu_threads.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <filesystem>
#include <fstream>
#include <hourglass/device.hpp>
#include <optional>
#include <string>
#include <thread>

namespace hourglass {
namespace {

namespace fs = std::filesystem;

/// A folder that looks like / to who asks for the quota.
class CpuQuotaTest : public testing::Test {
 protected:
  void SetUp() override { root_ = testing::TempDir() + "cpu_quota_" + test_name(); }
  void TearDown() override { fs::remove_all(root_); }

  static std::string test_name() {
    return testing::UnitTest::GetInstance()->current_test_info()->name();
  }

  void write(const std::string& path, const std::string& text) const {
    const fs::path file = root_ / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  fs::path root_;
};

const std::string kMountsV2 = "proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n";

TEST_F(CpuQuotaTest, NothingIsNoQuota) {
  EXPECT_EQ(cpu_quota(root_), std::nullopt);
}

TEST_F(CpuQuotaTest, Version2OfTheOwnGroup) {
  write("proc/self/cgroup", "0::/user/job\n");
  write("proc/self/mounts", kMountsV2);
  write("sys/fs/cgroup/user/job/cpu.max", "150000 100000\n");
  EXPECT_EQ(cpu_quota(root_), 1.5);
}

TEST_F(CpuQuotaTest, Version2WithoutLimit) {
  write("proc/self/cgroup", "0::/job\n");
  write("proc/self/mounts", kMountsV2);
  write("sys/fs/cgroup/job/cpu.max", "max 100000\n");
  EXPECT_EQ(cpu_quota(root_), std::nullopt);
}

TEST_F(CpuQuotaTest, TheTightestOfAllLevels) {
  write("proc/self/cgroup", "0::/pod/job\n");
  write("proc/self/mounts", kMountsV2);
  write("sys/fs/cgroup/pod/cpu.max", "50000 100000\n");
  write("sys/fs/cgroup/pod/job/cpu.max", "400000 100000\n");
  EXPECT_EQ(cpu_quota(root_), 0.5);
}

TEST_F(CpuQuotaTest, InAContainerOnlyTheMountIsThere) {
  write("proc/self/cgroup", "0::/docker/0123abcd\n");
  write("proc/self/mounts", kMountsV2);
  write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(cpu_quota(root_), 2.0);
}

TEST_F(CpuQuotaTest, Version1BesideVersion2) {
  write("proc/self/cgroup", "5:cpuset:/elsewhere\n4:cpu,cpuacct:/job\n0::/\n");
  write("proc/self/mounts", kMountsV2 + "cgroup /cg/cpuset cgroup rw,cpuset 0 0\n" +
                                "cgroup /cg/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0\n");
  write("cg/cpu,cpuacct/job/cpu.cfs_quota_us", "300000\n");
  write("cg/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  write("cg/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  write("cg/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cpu_quota(root_), 3.0);
}

TEST_F(CpuQuotaTest, GarbageIsNoQuota) {
  write("proc/self/cgroup", "no colons\n0::/job\n");
  write("proc/self/mounts", "cgroup2\n" + kMountsV2);
  write("sys/fs/cgroup/job/cpu.max", "many few\n");
  EXPECT_EQ(cpu_quota(root_), std::nullopt);
}

TEST(CpuLimits, AQuotaRoundsUpAndProcessorsBoundIt) {
  EXPECT_EQ((CpuLimits{.processors = 8}.threads()), 8);
  EXPECT_EQ((CpuLimits{.processors = 8, .quota = 2.0}.threads()), 2);
  EXPECT_EQ((CpuLimits{.processors = 8, .quota = 2.1}.threads()), 3);
  EXPECT_EQ((CpuLimits{.processors = 8, .quota = 0.25}.threads()), 1);
  EXPECT_EQ((CpuLimits{.processors = 2, .quota = 64.0}.threads()), 2);
}

TEST(CpuLimits, TheEnvironmentBeatsBoth) {
  EXPECT_EQ((CpuLimits{.processors = 8, .quota = 2.0, .omp_num_threads = 5}.threads()), 5);
}

TEST(CpuLimits, AQuotaBelowTheProcessorsIsSaid) {
  EXPECT_EQ((CpuLimits{.processors = 8, .quota = 0.5}.describe(1)),
            "1 thread of a quota of 0.5 cores");
  EXPECT_EQ((CpuLimits{.processors = 8, .quota = 1.0}.describe(1)),
            "1 thread of a quota of 1 core");
  EXPECT_EQ((CpuLimits{.processors = 2, .quota = 4.0}.describe(2)), "2 threads");
  EXPECT_EQ((CpuLimits{.processors = 2}.describe(2)), "2 threads");
}

TEST(CpuLimits, AffinityCounts) {
  int processors = 0;
  std::jthread([&] {  // a thread of its own, so that the other tests keep theirs
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    processors = cpu_limits().processors;
  })
      .join();
  EXPECT_EQ(processors, 1);
}

TEST(CpuThreads, ZeroIsTheDefaultAgain) {
  set_cpu_threads(0);
  const int by_default = cpu_threads();
  EXPECT_EQ(by_default, cpu_limits().threads());
#if HOURGLASS_HAS_CPU
  EXPECT_EQ(set_cpu_threads(by_default + 3), by_default + 3);
#endif
  EXPECT_EQ(set_cpu_threads(0), by_default);
}

}  // namespace
}  // namespace hourglass
