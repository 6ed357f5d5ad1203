// Random models cut at random: the pieces give the bits of the whole. The seed is in the test's name.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <onnx/defs/parser.h>
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "foundation/file.h"
#include "onnx/cut.h"
#include "split_run.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;
using onnx::OptimizationLevel;

// Writes a model in the syntax of onnx/defs/parser.h, node by node. All values are float[3], but for
// what a few nodes need beside. Long names keep clear of each other: bodies capture them by name.
class ModelWriter {
 public:
  explicit ModelWriter(std::uint32_t seed) : random_(seed) {}

  std::string write() {
    const std::size_t inputs = 1 + below(3);
    for (std::size_t i = 0; i < inputs; ++i) values_.push_back(fmt::format("x{}", i));
    for (std::size_t i = 0; i < 1 + below(4); ++i) values_.push_back(fmt::format("w{}", i));
    const std::vector<std::string> first = values_;
    const std::size_t nodes = 3 + below(30);
    for (std::size_t i = 0; i < nodes; ++i) add_node();

    std::vector<std::string> head;
    std::vector<std::string> weights;
    for (const std::string& name : first) {
      // Weights may be overridden if they stand among the inputs as well.
      if (name[0] == 'x' || below(3) == 0) head.push_back("float[3] " + name);
      if (name[0] == 'w') weights.push_back(fmt::format("float[3] {} = {{{}, {}, {}}}", name,
                                                        number(), number(), number()));
    }
    std::vector<std::string> outputs;
    for (std::size_t i = first.size(); i < values_.size(); ++i) {
      const bool is_last = i + 1 == values_.size();
      if (is_last || below(6) == 0) outputs.push_back("float[3] " + values_[i]);
    }
    return fmt::format("<ir_version: 8, opset_import: [\"\" : 18, \"mine\" : 1]>\n"
                       "g ({}) => ({}) <{}> {{\n{}}}\n"
                       "<domain: \"mine\", opset_import: [\"\" : 18]> blend (p, q) => (r) "
                       "{{ s = Sin(p) r = Mul(s, q) }}\n",
                       fmt::join(head, ", "), fmt::join(outputs, ", "), fmt::join(weights, ", "),
                       body_);
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  double number() { return static_cast<double>(below(200)) / 50 - 2; }
  // Recent values mostly, so that the graph is deep as well as wide.
  const std::string& any() {
    const std::size_t recent = std::min<std::size_t>(values_.size(), 6);
    return below(3) == 0 ? values_[below(values_.size())]
                         : values_[values_.size() - 1 - below(recent)];
  }
  std::string fresh() { return fmt::format("value_{}", ++made_); }

  void add_node() {
    const std::string v = fresh();
    switch (below(11)) {
      case 0: body_ += fmt::format("  {} = Sub({}, {})\n", v, any(), any()); break;
      case 1: body_ += fmt::format("  {} = Max({}, {}, {})\n", v, any(), any(), any()); break;
      case 2: body_ += fmt::format("  {} = Tanh({})\n", v, any()); break;
      case 3: body_ += fmt::format("  {} = Mul({}, {})\n", v, any(), any()); break;
      case 4:  // an input left out, between others
        body_ += fmt::format("  {0}_s = ReduceMax<keepdims = 0>({1})\n  {0} = Clip({2}, , {0}_s)\n", v,
                             any(), any());
        break;
      case 5:  // two outputs, of which one goes nowhere
        body_ += fmt::format("  {0}_p = Concat<axis = 0>({1}, {2})\n"
                             "  {0}, {0}_q = Split<axis = 0, num_outputs = 2>({0}_p)\n",
                             v, any(), any());
        break;
      case 6:  // shape arithmetic
        body_ += fmt::format("  {0}_s = Shape({1})\n  {0} = Reshape({2}, {0}_s)\n", v, any(), any());
        break;
      case 7:  // a constant that a node makes
        body_ += fmt::format("  {0}_c = Constant<value_floats = [{1}, {2}, {3}]>()\n"
                             "  {0}_d = Neg({0}_c)\n  {0} = Add({0}_d, {4})\n",
                             v, number() + 0.01, number() + 0.01, number() + 0.01, any());
        break;
      case 8: body_ += fmt::format("  {} = mine.blend({}, {})\n", v, any(), any()); break;
      case 9:  // both branches capture; one goes a body deeper
        body_ += fmt::format(
            "  {0}_m = ReduceSum<keepdims = 0>({1})\n  {0}_z = Sub({0}_m, {0}_m)\n"
            "  {0}_b = Greater({0}_m, {0}_z)\n"
            "  {0} = If ({0}_b) <\n"
            "    then_branch = {0}_t () => (float[3] {0}_a) {{ {0}_a = Add({2}, {3}) }},\n"
            "    else_branch = {0}_e () => (float[3] {0}_f) {{ {0}_f = If ({0}_b) <\n"
            "      then_branch = {0}_tt () => (float[3] {0}_g) {{ {0}_g = Sin({4}) }},\n"
            "      else_branch = {0}_ee () => (float[3] {0}_h) {{ {0}_h = Mul({5}, {2}) }}> }}>\n",
            v, any(), any(), any(), any(), any());
        break;
      default:  // a loop that captures
        body_ += fmt::format(
            "  {0}_n = Constant<value = int64 {{2}}>()\n  {0}_k = Constant<value = bool {{1}}>()\n"
            "  {0} = Loop ({0}_n, {0}_k, {1}) <body = {0}_l (int64 {0}_i, bool {0}_c, float[3] {0}_u)"
            " => (bool {0}_o, float[3] {0}_w) {{\n"
            "    {0}_o = Identity({0}_c)\n    {0}_x = Cos({0}_u)\n    {0}_w = Add({0}_x, {2}) }}>\n",
            v, any(), any());
    }
    values_.push_back(v);
  }

  std::mt19937 random_;
  std::size_t made_ = 0;
  std::vector<std::string> values_;
  std::string body_;
};

class CutRandomModel : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(CutRandomModel, GivesTheBitsOfTheWhole) {
  const std::string text = ModelWriter(GetParam()).write();
  SCOPED_TRACE(text);
  const Aside scratch(fs::path(::testing::TempDir()) / "random");
  fs::create_directories(scratch.path());
  const fs::path file = scratch.path() / "whole.onnx";
  ::onnx::ModelProto proto;
  const auto parsed = ::onnx::OnnxParser::Parse(proto, text.c_str());
  ASSERT_TRUE(parsed.IsOK()) << parsed.ErrorMessage();
  std::ofstream(file, std::ios::binary) << proto.SerializeAsString();
  const onnx::Graph original = onnx::index_graph(onnx::read_model(file).value()).value();
  const auto inputs = sample_of(original, GetParam());
  ASSERT_TRUE(inputs) << inputs.error().message;

  std::mt19937 random(GetParam());
  for (const auto level : {OptimizationLevel::none, OptimizationLevel::extended}) {
    const auto whole = whole_at(file, level, *inputs, scratch.path());
    ASSERT_TRUE(whole) << whole.error().message;
    for (const std::size_t most : {1, 2, 3, 6}) {
      const auto partition = random_partition(whole->graph, most, random);
      const auto same = same_in_pieces(*whole, partition, scratch.path());
      EXPECT_TRUE(same) << onnx::name_of(level) << ", up to " << most
                        << " parts: " << same.error().message;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, CutRandomModel, ::testing::Range(1u, 101u));

}  // namespace
}  // namespace convoy
