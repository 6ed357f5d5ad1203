// SqueezeNet in three parts, and its answers.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/compare.h"
#include "engine/named_run.h"
#include "engine/optimize.h"
#include "engine/sample.h"
#include "fleet/fleet.h"
#include "good.h"
#include "onnx/cut.h"
#include "runtime/pipeline.h"

namespace convoy {

inline const std::filesystem::path kModel =
    "/usr/share/libonnx-testdata/data/light/light_squeezenet.onnx";

// The devices that run them, with these links between each two.
inline fleet::Fleet three_devices(fleet::Link link = {}) {
  fleet::Fleet fleet;
  for (const char* name : {"phone", "tablet", "laptop"}) fleet.devices.push_back({.name = name});
  fleet.links =
      ById<DeviceId, ById<DeviceId, fleet::Link>>(3, ById<DeviceId, fleet::Link>(3, link));
  return fleet;
}

// SqueezeNet in three parts, made once for all tests, and what the whole says of some samples.
struct Split {
  struct Sample {
    engine::NamedTensors inputs;
    engine::NamedTensors expected;
  };
  std::filesystem::path folder;
  onnx::SplitMap map;
  std::vector<Sample> samples;  // all different

  // Requests take them in turn.
  [[nodiscard]] const Sample& of(std::size_t request) const {
    return samples[request % samples.size()];
  }
};

inline Split split_in_three(const std::filesystem::path& folder) {
  Split split{.folder = folder / "pieces"};
  const auto whole = folder / "whole.onnx";
  if (auto made = engine::optimize(kModel, onnx::OptimizationLevel::extended, whole); !made) {
    throw std::runtime_error(made.error().message);
  }
  const onnx::Model model = good(onnx::read_model(whole));
  const onnx::Graph graph = good(onnx::index_graph(model));
  const auto cuts = onnx::separating_cuts(graph);
  std::vector<onnx::CutLine> lines;
  for (const std::size_t at : {cuts.size() / 3, 2 * cuts.size() / 3}) {
    lines.push_back({{graph.values[cuts[at].value].name}});
  }
  auto pieces = good(onnx::cut(model, graph, good(onnx::partition_at(graph, lines))));
  onnx::SplitMap map{.model = kModel};
  for (const ValueId input : graph.inputs) map.inputs.push_back(graph.values[input].name);
  for (const ValueId output : graph.outputs) map.outputs.push_back(graph.values[output].name);
  for (const char* device : {"phone", "tablet", "laptop"}) {
    map.sub_models.push_back({.device = device});
  }
  split.map = good(onnx::write_split(split.folder, std::move(pieces), std::move(map)));
  const auto ports = engine::inputs_of(graph);
  for (std::size_t i = 0; i < 9; ++i) {  // more than requests under way at once
    Split::Sample sample{
        engine::by_name(ports, good(engine::sample_inputs(ports, {}, engine::kSampleSeed + i))),
        {}};
    sample.expected =
        good(engine::run_file(kModel, {.level = onnx::OptimizationLevel::extended}, sample.inputs));
    split.samples.push_back(std::move(sample));
  }
  return split;
}

inline std::vector<engine::SharedTensor> inputs_of(const Split& split, std::size_t request) {
  std::vector<engine::SharedTensor> inputs;
  for (const std::string& name : split.map.inputs) {
    inputs.push_back(split.of(request).inputs.at(name));
  }
  return inputs;
}

// Whether it is what the whole model says of that request's sample.
inline bool is_right(const Split& split, std::size_t request, const runtime::Answer& answer) {
  if (answer.outputs.size() != split.map.outputs.size()) return false;
  for (std::size_t i = 0; i < answer.outputs.size(); ++i) {
    const auto& expected = split.of(request).expected.at(split.map.outputs[i]);
    if (!engine::compare(answer.outputs[i], expected).identical) return false;
  }
  return true;
}

// Runs `count` requests; each must give the whole model's answer, in order.
inline Result<void> expect_right_answers(const Split& split, runtime::Pipeline& pipeline,
                                         std::size_t count) {
  std::size_t next = 0;
  return runtime::run_all(
      pipeline, count,
      [&](std::size_t i) -> Result<std::vector<engine::SharedTensor>> {
        return inputs_of(split, i);
      },
      [&](const runtime::Answer& answer) {
        EXPECT_TRUE(is_right(split, next, answer)) << "request " << next;
        ++next;
      },
      nullptr);
}

inline bool comes_true(const std::function<bool()>& condition,
                       std::chrono::milliseconds patience = std::chrono::seconds(10)) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

// Tests that share one split, in a folder that goes with them.
class ThreePartsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!std::filesystem::exists(kModel)) return;
    std::string name = (std::filesystem::temp_directory_path() / "convoy-test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    split_ = split_in_three(folder_);
  }
  static void TearDownTestSuite() {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  void SetUp() override {
    if (!split_) GTEST_SKIP() << "no ONNX test data installed";
  }

  static inline std::filesystem::path folder_;
  static inline std::optional<Split> split_;
};

}  // namespace convoy
