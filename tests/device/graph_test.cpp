// Work that is run, recorded and replayed is done each time.
#include "device/graph.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "kernels/layers/loss.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

class Graphs : public OnTarget {
 protected:
  void add(double* sum) { kernels::add_partial_sums(stream(), terms_.span(), sum); }
  void set_terms(const std::vector<double>& terms) {
    device::copy_to_device<double>(stream(), terms, terms_.span());
  }
  void SetUp() override {
    OnTarget::SetUp();
    if (!IsSkipped()) terms_ = device::Buffer<double>(2);
  }

 private:
  device::Buffer<double> terms_;
};

TEST_F(Graphs, EachRunDoesTheWorkOnWhatMemoryThenHolds) {
  auto sum = to_device<double>({0.0});
  device::Graph graph;
  int calls = 0;
  double expected = 0.0;
  for (int run = 1; run <= 5; ++run) {
    set_terms({run * 1.0, run * 0.5});
    graph.run(stream(), [&] {
      ++calls;
      add(sum.data());
    });
    expected += run * 1.5;
    EXPECT_EQ(to_host(sum)[0], expected) << run;
  }
  EXPECT_EQ(calls, kOnCuda ? 2 : 5);  // as it is, recorded; then replayed
  EXPECT_EQ(graph.node_count(), kOnCuda ? 1U : 0U);
}

TEST_F(Graphs, WorkThatThrowsLeavesGraphAndStreamUsable) {
  auto sum = to_device<double>({0.0});
  set_terms({1.0, 2.0});
  device::Graph graph;
  const auto throwing = [&] {
    add(sum.data());
    throw std::runtime_error("in the middle");
  };
  const auto work = [&] { add(sum.data()); };
  EXPECT_THROW(graph.run(stream(), throwing), std::runtime_error);  // the addition was done
  graph.run(stream(), work);
  EXPECT_THROW(graph.run(stream(), throwing), std::runtime_error);  // on CUDA it was not: recording
  for (int run = 0; run < 3; ++run) graph.run(stream(), work);
  EXPECT_EQ(to_host(sum)[0], kOnCuda ? 15.0 : 18.0);
}

TEST_F(Graphs, RecordingRunsNothing) {
  auto sum = to_device<double>({0.0});
  set_terms({1.0, 2.0});
  const device::Graph graph = device::Graph::record(stream(), [&] { add(sum.data()); });
  EXPECT_EQ(to_host(sum)[0], 0.0);
  graph.launch(stream());
  EXPECT_EQ(to_host(sum)[0], 3.0);
}

TEST_F(Graphs, KernelsRunInTheirOrderEachTime) {
  constexpr std::size_t kSums = 1000;
  std::vector<double> terms(kSums);
  for (std::size_t i = 0; i < kSums; ++i) terms[i] = static_cast<double>(i % 7);
  const auto device_terms = to_device(terms);
  auto first = to_device<double>({0.0});
  auto second = to_device<double>({0.0});
  const device::Graph graph = device::Graph::record_kernels(stream(), [&] {
    kernels::add_partial_sums(stream(), device_terms.span(), first.data());
    kernels::add_partial_sums(stream(), first.span(), second.data());  // sees the first's sum
  });
  EXPECT_EQ(to_host(first)[0], 0.0) << "recording has run something";
  double sum = 0.0, total = 0.0, of_sums = 0.0;
  for (const double term : terms) sum += term;
  for (int run = 0; run < 3; ++run) {
    graph.launch(stream());
    total += sum;
    of_sums += total;
    EXPECT_EQ(to_host(first)[0], total);
    EXPECT_EQ(to_host(second)[0], of_sums);
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
