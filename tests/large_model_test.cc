// A model over 2 GB, which protobuf cannot hold: its weights are in a file beside it.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "split_run.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;

// x, then `layers` times Tanh(x w), with weights of 64 MB each that differ.
void write_large(const fs::path& file, int layers) {
  constexpr std::int64_t kWidth = 4096;
  ::onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(18);
  auto& graph = *model.mutable_graph();
  graph.set_name("large");
  const auto port = [&](::onnx::ValueInfoProto& value, const std::string& name) {
    value.set_name(name);
    auto& type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(::onnx::TensorProto::FLOAT);
    type.mutable_shape()->add_dim()->set_dim_value(1);
    type.mutable_shape()->add_dim()->set_dim_value(kWidth);
  };
  port(*graph.add_input(), "x");
  port(*graph.add_output(), "y");

  std::vector<float> weights(kWidth * kWidth);
  std::ofstream data(file.parent_path() / "weights.bin", std::ios::binary);
  std::string last = "x";
  for (int i = 0; i < layers; ++i) {
    for (std::size_t k = 0; k < weights.size(); ++k) {
      weights[k] = static_cast<float>((k * 7919 + static_cast<std::size_t>(i)) % 1021) / 51000 - 0.01F;
    }
    const std::streamsize bytes = static_cast<std::streamsize>(weights.size() * sizeof(float));
    data.write(reinterpret_cast<const char*>(weights.data()), bytes);
    auto& weight = *graph.add_initializer();
    weight.set_name(fmt::format("w{}", i));
    weight.set_data_type(::onnx::TensorProto::FLOAT);
    weight.add_dims(kWidth);
    weight.add_dims(kWidth);
    weight.set_data_location(::onnx::TensorProto::EXTERNAL);
    const auto entry = [&](const char* key, const std::string& value) {
      auto& added = *weight.add_external_data();
      added.set_key(key);
      added.set_value(value);
    };
    entry("location", "weights.bin");
    entry("offset", std::to_string(bytes * i));
    entry("length", std::to_string(bytes));
    const auto node = [&](const char* op, std::vector<std::string> reads, std::string makes) {
      auto& added = *graph.add_node();
      added.set_op_type(op);
      for (std::string& name : reads) *added.add_input() = std::move(name);
      *added.add_output() = std::move(makes);
    };
    node("MatMul", {last, weight.name()}, fmt::format("m{}", i));
    last = i + 1 == layers ? "y" : fmt::format("t{}", i);
    node("Tanh", {fmt::format("m{}", i)}, last);
  }
  std::ofstream(file, std::ios::binary) << model.SerializeAsString();
}

TEST(LargeModel, OfThreeGigabytesGivesTheBitsOfTheWhole) {
  const Aside scratch(fs::path(::testing::TempDir()) / "large");
  fs::create_directories(scratch.path() / "model");
  const fs::path file = scratch.path() / "model/large.onnx";
  write_large(file, 48);
  if (fs::file_size(scratch.path() / "model/weights.bin") != 48ull * 64 * 1024 * 1024) {
    GTEST_SKIP() << "no 3 GB are free in " << scratch.path();
  }
  const onnx::Graph original = onnx::index_graph(onnx::read_model(file).value()).value();
  const auto inputs = sample_of(original, 1);
  ASSERT_TRUE(inputs) << inputs.error().message;
  for (const auto level : {onnx::OptimizationLevel::none, onnx::OptimizationLevel::extended}) {
    const auto whole = whole_at(file, level, *inputs, scratch.path());
    ASSERT_TRUE(whole) << whole.error().message;
    const std::vector<onnx::CutLine> lines{{.values = {"t9"}}, {.values = {"t30"}}};
    const auto partition = onnx::partition_at(whole->graph, lines);
    ASSERT_TRUE(partition) << partition.error().message;
    const auto same = same_in_pieces(*whole, *partition, scratch.path());
    EXPECT_TRUE(same) << onnx::name_of(level) << ": " << same.error().message;
  }
}

}  // namespace
}  // namespace convoy
