#include "onnx/blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "onnx/testing.h"
#include "onnx/vit.h"

namespace convoy::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> texts(const Model& model) {
  std::vector<std::string> texts;
  for (const BlockRun& run : repeated_blocks(model, index_graph(model).value())) {
    texts.push_back(to_text(run));
  }
  return texts;
}

TEST(RepeatedBlocks, OfVitBase16AreItsTwelveLayers) {
  // 12 x 7,087,872 parameters, and the 2 x 4 sizes and a scale that reshapes and GELU read.
  const Model model = make_vit({}).value();
  const Graph graph = index_graph(model).value();
  const std::vector<BlockRun> runs = repeated_blocks(model, graph);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(to_text(runs[0]), "12 blocks of 33 nodes, 28.4 MB of weights each: "
                              "encoder.layer.0 … encoder.layer.11");
  EXPECT_NEAR(static_cast<double>(runs[0].weights.value()), 4 * 7'087'872, 500);
  EXPECT_EQ(label_of(graph, runs[0].blocks[3].nodes.front()),
            "\"encoder.layer.3.attention.layernorm\" (LayerNormalization)");
}

TEST(RepeatedBlocks, OfEfficientNetLite0AreThoseThatKeepTheirSize) {
  // Tan and Le 2019, table 1 with Lite's stages 1, 2, 2, 3, 3, 4, 1: the first block of a stage has
  // another stride or width.
  const std::string file = CONVOY_SOURCE_DIR "/models/efficientnet-lite0.onnx";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file;
  EXPECT_THAT(texts(read_model(file).value()),
              ElementsAre("2 blocks of 6 nodes, 329 kB of weights each: blocks.3.1 and blocks.3.2",
                          "2 blocks of 6 nodes, 675 kB of weights each: blocks.4.1 and blocks.4.2",
                          "3 blocks of 6 nodes, 1.89 MB of weights each: blocks.5.1 … blocks.5.3"));
}

TEST(RepeatedBlocks, OfResNet50AreTheRestOfItsStages) {
  // He et al. 2016, table 1: 3, 4, 6 and 3 blocks; the first of each has a projection.
  const std::string file = "/usr/share/libonnx-testdata/data/light/light_resnet50.onnx";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file;
  const Model model = read_model(file).value();
  std::vector<std::size_t> counts;
  for (const BlockRun& run : repeated_blocks(model, index_graph(model).value())) {
    counts.push_back(run.blocks.size());
    // 3 convolutions, normalisations and ReLUs, and the sum.
    EXPECT_EQ(run.blocks.front().nodes.size(), 10u);
  }
  EXPECT_THAT(counts, ElementsAre(2, 3, 5, 2));
}

// A perceptron: `layers` of a MatMul with a weight of its own and a Relu; `extra` in the layer at
// `other`.
Model perceptron(int layers, int other = -1, const std::string& extra = "") {
  std::string weights;
  std::string nodes;
  for (int i = 0; i < layers; ++i) {
    const std::string n = std::to_string(i);
    weights += (i == 0 ? "" : ", ") + ("float[2, 2] w" + n) + " = {1, 2, 3, 4}";
    nodes += "m" + n + " = MatMul(v" + n + ", w" + n + ") ";
    nodes += "r" + n + " = Relu(m" + n + ") ";
    nodes += i == other ? extra : "v" + std::to_string(i + 1) + " = Neg(r" + n + ") ";
  }
  return parse_graph("g (float[N, 2] v0) => (float[N, 2] v" + std::to_string(layers) + ") <" +
                     weights + "> {" + nodes + "}");
}

TEST(RepeatedBlocks, AreNamedByTheirBordersWhereNothingElseTellsThemApart) {
  EXPECT_THAT(texts(perceptron(4)),
              ElementsAre("4 blocks of 3 nodes, 16 B of weights each: v0 … v1 … v3 … v4"));
}

TEST(RepeatedBlocks, ADifferentLayerEndsARun) {
  EXPECT_THAT(texts(perceptron(5, 2, "v3 = Exp(r2) ")),
              ElementsAre("2 blocks of 3 nodes, 16 B of weights each: v0 … v1 and v1 … v2",
                          "2 blocks of 3 nodes, 16 B of weights each: v3 … v4 and v4 … v5"));
}

TEST(RepeatedBlocks, AttributesAndWiringCount) {
  const auto layers = [](const std::string& first, const std::string& second) {
    return texts(parse_graph(
        "g (float[2, 2] x) => (float[2, 2] y) "
        "{ a = Neg(x) b = Exp(a) c = " + first + " d = Neg(c) e = Exp(d) y = " + second + " }"));
  };
  const std::string same = "2 blocks of 3 nodes: x … c and c … y";
  EXPECT_THAT(layers("Sub(a, b)", "Sub(d, e)"), ElementsAre(same));
  EXPECT_THAT(layers("Sub(a, b)", "Sub(e, d)"), IsEmpty());
  EXPECT_THAT(layers("Concat<axis = 0>(a, b)", "Concat<axis = 0>(d, e)"), ElementsAre(same));
  EXPECT_THAT(layers("Concat<axis = 0>(a, b)", "Concat<axis = 1>(d, e)"), IsEmpty());
  EXPECT_THAT(layers("Sum(a, b)", "Sum(d, e, e)"), IsEmpty());
}

TEST(RepeatedBlocks, NamesTellWhereABlockBegins) {
  // As in BERT: what ends each layer also ends the embedding before the first.
  const Model model = named(
      parse_graph("g (float[2] x) => (float[2] y) "
                  "{ e = Abs(x) v0 = Relu(e) a0 = Neg(v0) b0 = Exp(a0) v1 = Relu(b0) "
                  "a1 = Neg(v1) b1 = Exp(a1) v2 = Relu(b1) y = Abs(v2) }"),
      {"/emb/Abs", "/emb/Relu", "/layer.0/Neg", "/layer.0/Exp", "/layer.0/Relu", "/layer.1/Neg",
       "/layer.1/Exp", "/layer.1/Relu", "/head/Abs"});
  EXPECT_THAT(texts(model), ElementsAre("2 blocks of 3 nodes: /layer.0 and /layer.1"));
}

TEST(RepeatedBlocks, MayAllReadAMaskBesideTheirStream) {
  std::string nodes = "m = Neg(x) v0 = Exp(x) ";
  for (int i = 0; i < 6; ++i) {
    const std::string n = std::to_string(i);
    nodes += "a" + n + " = Add(v" + n + ", m) v" + std::to_string(i + 1) + " = Mul(a" + n + ", v" + n + ") ";
  }
  EXPECT_THAT(texts(parse_graph("g (float[2] x) => (float[2] y) {" + nodes + "y = Abs(v6) }")),
              ElementsAre("6 blocks of 2 nodes: v0 … v1 … v5 … v6"));
}

TEST(RepeatedBlocks, TakeTheirShapeArithmeticWithThem) {
  std::string nodes = "v0 = Exp(x) ";
  for (int i = 0; i < 2; ++i) {
    const std::string n = std::to_string(i);
    nodes += "s" + n + " = Shape(v" + n + ") c" + n + " = Cast<to = 7>(s" + n + ") r" + n + " = Reshape(v" + n +
             ", c" + n + ") v" + std::to_string(i + 1) + " = Add(r" + n + ", v" + n + ") ";
  }
  EXPECT_THAT(texts(parse_graph("g (float[2] x) => (float[2] y) {" + nodes + "y = Abs(v2) }")),
              ElementsAre("2 blocks of 4 nodes: v0 … v1 and v1 … v2"));
}

TEST(RepeatedBlocks, AFewNodesInARowAreNone) {
  EXPECT_THAT(texts(parse_graph("g (float[2] x) => (float[2] y) { a = Neg(x) b = Neg(a) y = Abs(b) }")),
              IsEmpty());
}

TEST(RepeatedBlocks, OfTenThousandNodesTakeNoTime) {
  const Model model = perceptron(3'334);
  const Graph graph = index_graph(model).value();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(repeated_blocks(model, graph).front().blocks.size(), 3'334u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

}  // namespace
}  // namespace convoy::onnx
