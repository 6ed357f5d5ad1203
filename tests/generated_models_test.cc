// Models that are made by rule: quantised, half precision, very long, very tangled. Their pieces give
// the bits of the whole.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <onnx/defs/parser.h>
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

constexpr const char* kHead = "<ir_version: 8, opset_import: [\"\" : 18]>\n";

// "3, -7, ...": as many as asked for, from -bound to bound.
std::string random_words(std::mt19937& random, std::size_t count, int bound) {
  std::string words;
  for (std::size_t i = 0; i < count; ++i) {
    const int word = static_cast<int>(random() % static_cast<unsigned>(2 * bound + 1)) - bound;
    words += fmt::format("{}{}", i == 0 ? "" : ", ", word);
  }
  return words;
}

// A convolutional net as onnxruntime's static quantisation writes it: int8 weights per channel, int32
// biases, and a pair of QuantizeLinear and DequantizeLinear on each activation. Extended optimisation
// makes QLinearConv of it.
std::string static_int8() {
  std::mt19937 random(1);
  std::string nodes, weights = "float one = {0.02}, int8 zero = {-3}, int32[8] none = "
                               "{0, 0, 0, 0, 0, 0, 0, 0}, int8[8] nones = {0, 0, 0, 0, 0, 0, 0, 0}";
  nodes = "  v0_q = QuantizeLinear(x, one, zero) v0 = DequantizeLinear(v0_q, one, zero)\n";
  constexpr int kLayers = 6;
  for (int i = 0; i < kLayers; ++i) {
    const int channels = i == 0 ? 3 : 8;
    const auto count = static_cast<std::size_t>(8 * channels * 9);
    weights += fmt::format(", int8[8, {}, 3, 3] w{} = {{{}}}, int32[8] b{} = {{{}}}", channels, i,
                           random_words(random, count, 127), i, random_words(random, 8, 900));
    weights += fmt::format(", float[8] s{0} = {{0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008}}"
                           ", float[8] t{0} = {{0.00002, 0.00004, 0.00006, 0.00008, 0.0001, 0.00012, "
                           "0.00014, 0.00016}}", i);
    nodes += fmt::format(
        "  w{0}_d = DequantizeLinear<axis = 0>(w{0}, s{0}, nones)\n"
        "  b{0}_d = DequantizeLinear<axis = 0>(b{0}, t{0}, none)\n"
        "  c{0} = Conv<pads = [1, 1, 1, 1], strides = [{1}, {1}]>(v{0}, w{0}_d, b{0}_d)\n"
        "  r{0} = Relu(c{0})\n  q{0} = QuantizeLinear(r{0}, one, zero)\n"
        "  v{2} = DequantizeLinear(q{0}, one, zero)\n",
        i, i % 2 + 1, i + 1);
  }
  nodes += fmt::format("  m = GlobalAveragePool(v{}) y = Flatten(m)\n", kLayers);
  return fmt::format("{}g (float[1, 3, 16, 16] x) => (float[1, 8] y) <{}> {{\n{}}}", kHead, weights,
                     nodes);
}

// A residual net in half precision between casts, its weights cast from float.
std::string half_precision() {
  std::mt19937 random(2);
  std::string nodes = "  h0 = Cast<to = 10>(x)\n", weights = "float scale = {0.01}";
  for (int i = 0; i < 8; ++i) {
    weights += fmt::format(", float[16, 16] w{} = {{{}}}", i, random_words(random, 256, 20));
    nodes += fmt::format(
        "  s{0} = Mul(w{0}, scale) k{0} = Cast<to = 10>(s{0}) m{0} = MatMul(h{0}, k{0})\n"
        "  t{0} = Tanh(m{0}) h{1} = Add(h{0}, t{0})\n",
        i, i + 1);
  }
  nodes += "  y = Cast<to = 1>(h8)\n";
  return fmt::format("{}g (float[4, 16] x) => (float[4, 16] y) <{}> {{\n{}}}", kHead, weights, nodes);
}

std::string long_chain(int length) {
  std::string nodes;
  std::string last = "x";
  for (int i = 0; i < length; ++i) {
    std::string next = fmt::format("v{}", i);
    nodes += fmt::format("  {} = {}({})\n", next, i % 3 == 0 ? "Sin" : i % 3 == 1 ? "Neg" : "Cos", last);
    last = std::move(next);
  }
  return fmt::format("{}g (float[4] x) => (float[4] y) {{\n{}  y = Abs({})\n}}", kHead, nodes, last);
}

// Each node reads one of the last few values and any one: branches, joins and long skips.
std::string tangle(std::size_t nodes_wanted) {
  std::mt19937 random(3);
  std::vector<std::string> values{"x", "w"};
  std::string nodes;
  for (std::size_t i = 0; i < nodes_wanted; ++i) {
    const std::size_t recent = std::min<std::size_t>(values.size(), 8);
    const std::string near = values[values.size() - 1 - random() % recent];
    const std::string far = values[random() % values.size()];
    constexpr const char* kForms[] = {"Sub({}, {})", "Min({}, {})", "Max({}, {})"};
    const std::size_t form = random() % 4;
    values.push_back(fmt::format("v{}", i));
    nodes += fmt::format("  {} = {}\n", values.back(),
                         form == 3 ? fmt::format("Sin({})", near)
                                   : fmt::format(fmt::runtime(kForms[form]), near, far));
  }
  std::string last = values.back();
  return fmt::format("{}g (float[5] x) => (float[5] y, float[5] v{}) <float[5] w = {{1, 2, 3, 4, 5}}> "
                     "{{\n{}  y = Neg({})\n}}",
                     kHead, nodes_wanted / 2, nodes, last);
}

struct Rule {
  const char* name;
  std::string (*make)();
};

void PrintTo(const Rule& rule, std::ostream* out) { *out << rule.name; }

const Rule rules[] = {
    {"StaticInt8", static_int8},
    {"HalfPrecision", half_precision},
    {"ChainOf10000", [] { return long_chain(10'000); }},
    {"TangleOf2000", [] { return tangle(2'000); }},
};

class GeneratedModel : public ::testing::TestWithParam<Rule> {};

TEST_P(GeneratedModel, GivesTheBitsOfTheWhole) {
  const Aside scratch(fs::path(::testing::TempDir()) / GetParam().name);
  fs::create_directories(scratch.path());
  const fs::path file = scratch.path() / "whole.onnx";
  ::onnx::ModelProto proto;
  const auto parsed = ::onnx::OnnxParser::Parse(proto, GetParam().make().c_str());
  ASSERT_TRUE(parsed.IsOK()) << parsed.ErrorMessage();
  std::ofstream(file, std::ios::binary) << proto.SerializeAsString();
  const onnx::Graph original = onnx::index_graph(onnx::read_model(file).value()).value();
  const auto inputs = sample_of(original, 1);
  ASSERT_TRUE(inputs) << inputs.error().message;

  std::mt19937 random(4);
  for (const auto level : {onnx::OptimizationLevel::none, onnx::OptimizationLevel::extended}) {
    const auto whole = whole_at(file, level, *inputs, scratch.path());
    ASSERT_TRUE(whole) << whole.error().message;
    for (const std::size_t most : {2, 5}) {
      const auto same =
          same_in_pieces(*whole, random_partition(whole->graph, most, random), scratch.path());
      EXPECT_TRUE(same) << onnx::name_of(level) << ", up to " << most
                        << " parts: " << same.error().message;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, GeneratedModel, ::testing::ValuesIn(rules),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace convoy
