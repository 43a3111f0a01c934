#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <hourglass/replicas.hpp>
#include <set>

#include "support/any_device.hpp"

namespace hourglass {
namespace {

class Replicas : public test::OnAnyDevice {
 protected:
  void TearDown() override { set_cpu_threads(0); }

  [[nodiscard]] std::vector<Replica> train(const ReplicaOptions& options) const {
    return train_replicas(dense_model(), digit_four(), digit_four(), options, device_);
  }

  static ReplicaOptions options(std::size_t count, std::size_t epochs = 20) {
    return {.count = count,
            .training = {.epochs = epochs, .batch_size = 1, .loss = Loss::mse, .seed = 3}};
  }
};

TEST_F(Replicas, AreWhatEachWouldBeAlone) {
  const auto replicas = train(options(7));
  ASSERT_EQ(replicas.size(), 7U);
  for (std::size_t r = 0; r < 7; ++r) {
    EXPECT_EQ(replicas[r].seed, 3 + r);
    Autoencoder alone(dense_model(), device_);
    alone.initialize(3 + r);
    auto training = options(1).training;
    training.seed = 3 + r;
    const auto result = alone.train(digit_four(), digit_four(), training);
    EXPECT_EQ(replicas[r].final_loss, result.epochs.back().validation_loss) << r;
    const auto latent = alone.encode(digit_four());
    EXPECT_EQ(replicas[r].dead_units, std::ranges::count(latent.values, 0.f)) << r;
  }
}

TEST_F(Replicas, DoNotDependOnTheThreads) {
  set_cpu_threads(1);
  const auto one = train(options(9));
  set_cpu_threads(4);
  const auto four = train(options(9));
  ASSERT_EQ(one.size(), four.size());
  for (std::size_t r = 0; r < one.size(); ++r) {
    EXPECT_EQ(one[r].final_loss, four[r].final_loss);
    EXPECT_EQ(one[r].dead_units, four[r].dead_units);
  }
}

// The second article's claim, and its trap: four numbers are enough, unless relu leaves none.
TEST_F(Replicas, MostStartsLearnTheDigitAndTheDeadDoNot) {
  const auto replicas = train(options(40, 1000));
  std::size_t learnt = 0;
  for (const Replica& replica : replicas) {
    learnt += replica.final_loss < 1e-3 ? 1 : 0;
    if (replica.dead_units == 4) {
      EXPECT_GT(replica.final_loss, 1e-3) << replica.seed;
    }
  }
  EXPECT_GE(learnt, 34U);  // 17 of 20
}

TEST_F(Replicas, StopWhenToldTo) {
  auto some = options(50);
  std::atomic<std::size_t> seen = 0;
  some.on_replica = [&](const Replica&) { ++seen; };
  some.training.stop = [&] { return seen >= 5; };
  EXPECT_THROW((void)train(some), Stopped);
  EXPECT_GE(seen, 5U);
  EXPECT_LT(seen, 50U);
  auto none = options(50);
  none.training.stop = [] { return true; };
  none.on_replica = [](const Replica&) { ADD_FAILURE() << "a replica that was stopped"; };
  EXPECT_THROW((void)train(none), Stopped);
}

TEST_F(Replicas, ALossThatIsNotFiniteIsARecordNotAnError) {
  auto wild = options(3);
  wild.training.learning_rate = 3e38;  // two steps leave what float holds
  const auto replicas = train(wild);
  ASSERT_EQ(replicas.size(), 3U);
  for (const Replica& replica : replicas) EXPECT_TRUE(std::isnan(replica.final_loss));
}

TEST_F(Replicas, ErrorsComeOut) {
  EXPECT_THROW((void)train(options(0)), UsageError);
  EXPECT_THROW((void)train_replicas(dense_model(), Array<float>({1, 9, 9}), digit_four(),
                                    options(4), device_),
               Error);
}

}  // namespace
}  // namespace hourglass
