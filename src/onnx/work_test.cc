#include "onnx/work.h"

#include <gtest/gtest.h>

#include "onnx/testing.h"

namespace convoy::onnx {
namespace {

// The work of a model's last node.
Work last(const Model& model) {
  const Graph graph = index_graph(model).value();
  return work_of(model, graph)[NodeId(graph.nodes.size() - 1)];
}

Work of_graph(const std::string& text) { return last(parse_graph(text)); }

// With ONNX Runtime's operators, whose results have the types that are declared.
Work of_fused(const std::string& text) {
  return last(
      parse_model("<ir_version: 8, opset_import: [\"\" : 18, \"com.microsoft\" : 1]>\n" + text));
}

TEST(Work, OfAConvolutionIsTwoForEachProductAndOneForTheBias) {
  // 2 x 8 x 8 outputs, each a sum of 3 * 3 * 3 products.
  const Work work = of_graph(R"(
    g (float[1,3,8,8] x, float[2,3,3,3] w, float[2] b) => (float[1,2,8,8] y) {
      y = Conv<pads = [1,1,1,1]>(x, w, b)
    })");
  EXPECT_EQ(work.flops, 128 * 27 * 2 + 128);
  EXPECT_EQ(work.moved, Bytes(4 * (192 + 54 + 2 + 128)));
}

TEST(Work, OfAConvolutionInGroupsIsThatOfItsGroups) {
  // Depthwise: each output is a sum of 3 * 3 products of its own channel.
  EXPECT_EQ(of_graph(R"(
    g (float[1,4,8,8] x, float[4,1,3,3] w) => (float[1,4,6,6] y) { y = Conv<group = 4>(x, w) })")
                .flops,
            4 * 36 * 9 * 2);
}

TEST(Work, OfAFusedConvolutionCountsItsSumAndItsActivation) {
  EXPECT_EQ(of_fused(R"(
    g (float[1,1,4,4] x, float[1,1,1,1] w, float[1] b, float[1,1,4,4] z) => (float[1,1,4,4] y) {
      y = com.microsoft.FusedConv<activation = "Relu">(x, w, b, z)
    })")
                .flops,
            16 * (2 + 1 + 1 + 1));
}

TEST(Work, OfATransposedConvolutionGoesByItsInput) {
  // Each of 3 * 5 * 5 inputs is multiplied with 2 * 2 * 2 weights.
  EXPECT_EQ(of_graph(R"(
    g (float[1,3,5,5] x, float[3,2,2,2] w) => (float[1,2,6,6] y) { y = ConvTranspose(x, w) })")
                .flops,
            75 * 8 * 2);
}

TEST(Work, OfMatrixProducts) {
  EXPECT_EQ(
      of_graph("g (float[5,2,3] a, float[3,4] b) => (float[5,2,4] y) { y = MatMul(a, b) }").flops,
      2 * 5 * 2 * 4 * 3);
  EXPECT_EQ(of_graph("g (float[3] a, float[3,4] b) => (float[4] y) { y = MatMul(a, b) }").flops,
            2 * 4 * 3);
  EXPECT_EQ(of_graph(R"(
    g (float[3,2] a, float[4,3] b, float[4] c) => (float[2,4] y) {
      y = Gemm<transA = 1, transB = 1>(a, b, c)
    })")
                .flops,
            2 * 8 * 3 + 8);
  EXPECT_EQ(of_fused(R"(
    g (float[6,3,2] a, float[6,3,4] b) => (float[6,2,4] y) {
      y = com.microsoft.FusedMatMul<transA = 1>(a, b)
    })")
                .flops,
            2 * 6 * 2 * 4 * 3);
}

TEST(Work, OfIntegersCountsAsThatOfFloatsAndMovesLess) {
  const Work work =
      of_graph("g (uint8[2,3] a, int8[3,4] b) => (int32[2,4] y) { y = MatMulInteger(a, b) }");
  EXPECT_EQ(work.flops, 2 * 8 * 3);
  EXPECT_EQ(work.moved, Bytes(6 + 12 + 4 * 8));
}

TEST(Work, OfQuantizedProductsCountsTheirScales) {
  EXPECT_EQ(of_graph(R"(
    g (uint8[1,1,4,4] x, float xs, uint8 xz, int8[1,1,2,2] w, float ws, int8 wz, float ys, uint8 yz)
      => (uint8[1,1,3,3] y) { y = QLinearConv(x, xs, xz, w, ws, wz, ys, yz) })")
                .flops,
            9 * (2 * 4 + 2));
  EXPECT_EQ(of_graph(R"(
    g (uint8[2,3] a, float s, uint8 z, uint8[3,4] b, float t, uint8 u, float v, uint8 w)
      => (uint8[2,4] y) { y = QLinearMatMul(a, s, z, b, t, u, v, w) })")
                .flops,
            8 * (2 * 3 + 2));
}

TEST(Work, OfEinsumIsTwoForEachProduct) {
  EXPECT_EQ(of_graph(R"(
    g (float[2,3,5] a, float[2,4,5] b) => (float[2,3,4] y) {
      y = Einsum<equation = "bij, bkj -> bik">(a, b)
    })")
                .flops,
            2 * 24 * 5);
  EXPECT_EQ(of_graph(R"(
    g (float[7,3,5] a, float[5,4] b) => (float[7,3,4] y) {
      y = Einsum<equation = "...ij,jk->...ik">(a, b)
    })")
                .flops,
            2 * 84 * 5);
  EXPECT_EQ(of_graph(R"(
    g (float[2,3] a) => (float[3,2] y) { y = Einsum<equation = "ij->ji">(a) })")
                .flops,
            0);
}

TEST(Work, OfAttentionThatProjectsIsItsProductsAndItsSoftmax) {
  // Batch 1, 4 tokens of width 6; 2 heads of 3.
  const double projections = 2 * 4 * 6 * 18 + 4 * 18;
  const double scores = 2 * (2 * 4 * 4 * 3);  // heads, queries, keys, width
  EXPECT_EQ(of_fused(R"(
    g (float[1,4,6] x, float[6,18] w, float[18] b) => (float[1,4,6] y) {
      y = com.microsoft.Attention<num_heads = 2>(x, w, b)
    })")
                .flops,
            projections + scores + 5 * 2 * 4 * 4 + scores);
}

TEST(Work, OfAttentionOverAPastGoesByAllKeys) {
  // One new token, 7 before it: 8 keys; 2 heads of 3.
  EXPECT_EQ(of_fused(R"(
    g (float[1,1,6] q, float[1,1,6] k, float[1,1,6] v, float[1,2,7,3] pk, float[1,2,7,3] pv)
      => (float[1,1,6] y, float[1,2,8,3] nk, float[1,2,8,3] nv) {
      y, nk, nv = com.microsoft.MultiHeadAttention<num_heads = 2>(q, k, v, , , , pk, pv)
    })")
                .flops,
            2 * 6 * 8 + 5 * 2 * 8 + 2 * 6 * 8);
}

TEST(Work, OfNormsAndActivationsGoesByElement) {
  EXPECT_EQ(of_graph(R"(
    g (float[2,8] x, float[8] s, float[8] b) => (float[2,8] y) { y = LayerNormalization(x, s, b) })")
                .flops,
            16 * 7);
  EXPECT_EQ(of_fused(R"(
    g (float[1,2,8] x, float[1,2,8] r, float[8] s, float[8] b) => (float[1,2,8] y) {
      y = com.microsoft.SkipLayerNormalization(x, r, s, b)
    })")
                .flops,
            16 * 8);
  EXPECT_EQ(of_fused(R"(
    g (float[2,8] x, float[8] b) => (float[2,8] y) { y = com.microsoft.BiasGelu(x, b) })")
                .flops,
            16 * 6);
  EXPECT_EQ(of_graph("g (float[2,8] x) => (float[2,8] y) { y = Softmax(x) }").flops, 16 * 5);
  EXPECT_EQ(of_graph("g (float[2,8] x) => (float[2,8] y) { y = Tanh(x) }").flops, 16);
}

TEST(Work, OfPoolsAndReductionsGoesByWhatTheyRead) {
  EXPECT_EQ(of_graph(R"(
    g (float[1,2,6,6] x) => (float[1,2,3,3] y) {
      y = MaxPool<kernel_shape = [2,2], strides = [2,2]>(x)
    })")
                .flops,
            18 * 4);
  EXPECT_EQ(
      of_graph("g (float[1,2,6,6] x) => (float[1,2,1,1] y) { y = GlobalAveragePool(x) }").flops,
      72);
  EXPECT_EQ(of_graph(R"(
    g (float[2,6] x) => (float[2,1] y) <int64[1] axes = {1}> { y = ReduceSum(x, axes) })")
                .flops,
            12);
}

TEST(Work, OfRecurrentNetsGoesByTheirWeightsOnceAStep) {
  // 5 steps of a batch of 2; 4 gates of 3 from 6 inputs and 3 states.
  EXPECT_EQ(of_graph(R"(
    g (float[5,2,6] x, float[1,12,6] w, float[1,12,3] r) => (float[5,1,2,3] y) {
      y = LSTM<hidden_size = 3>(x, w, r)
    })")
                .flops,
            10 * 2 * (72 + 36));
}

TEST(Work, OfMovingIsBytesAlone) {
  const Work gather = of_graph(R"(
    g (float[1000,4] table, int64[3] which) => (float[3,4] y) { y = Gather(table, which) })");
  EXPECT_EQ(gather.flops, 0);
  EXPECT_EQ(gather.moved, Bytes(48 + 24 + 48)) << "three rows, not the table";
  EXPECT_EQ(of_graph("g (float[2,3] x) => (float[3,2] y) { y = Transpose(x) }").moved, Bytes(48));
  const Work reshape = of_graph(R"(
    g (float[2,3] x) => (float[6] y) <int64[1] shape = {-1}> { y = Reshape(x, shape) })");
  EXPECT_EQ(reshape.flops, 0);
  EXPECT_EQ(reshape.moved, Bytes(0));
}

TEST(Work, CountsAValueOnceThatIsReadTwice) {
  EXPECT_EQ(of_graph("g (float[2,3] x) => (float[2,3] y) { y = Mul(x, x) }").moved, Bytes(48));
}

TEST(Work, OfWhatHasUnknownDimensionsIsNothing) {
  const Work work =
      of_graph("g (float[N,3] a, float[3,4] b) => (float[N,4] y) { y = MatMul(a, b) }");
  EXPECT_EQ(work.flops, 0);
  EXPECT_EQ(work.moved, Bytes(48)) << "of which b is known";
}

TEST(Work, OfIfIsThatOfItsLargerBranch) {
  const Work work = of_graph(R"(
    g (bool c, float[2,3] a, float[3,4] b) => (float[2,4] y) {
      y = If (c) <
        then_branch = g1 () => (float[2,4] t) { t = MatMul(a, b) },
        else_branch = g2 () => (float[2,4] e) { m = MatMul(a, b)  e = Neg(m) }
      >
    })");
  EXPECT_EQ(work.flops, 2 * 8 * 3 + 8);
  EXPECT_EQ(work.moved, Bytes(4 * (6 + 12 + 8) + 4 * (8 + 8)));
}

TEST(Work, OfALoopIsItsBodyTimesItsSteps) {
  const std::string body = R"(
      <body = b (int64 i, bool on, float[2,3] s) => (bool go, float[2,3] n, float[2,3] row) {
        go = Identity(on)  n = MatMul(s, w)  row = Identity(n)
      }>(m, , x)
    })";
  EXPECT_EQ(of_graph(R"(
    g (int64 m, float[2,3] x, float[3,3] w) => (float[2,3] y, float[5,2,3] rows) {
      y, rows = Loop )" +
                     body)
                .flops,
            5 * 2 * 6 * 3)
      << "by the rows that it collects";
  EXPECT_EQ(of_graph(R"(
    g (float[2,3] x, float[3,3] w) => (float[2,3] y) <int64 m = {7}> {
      y = Loop <body = b (int64 i, bool on, float[2,3] s) => (bool go, float[2,3] n) {
        go = Identity(on)  n = MatMul(s, w)
      }>(m, , x)
    })")
                .flops,
            7 * 2 * 6 * 3)
      << "by its constant count";
}

TEST(Work, OfAScanGoesByTheLengthOfItsSequence) {
  EXPECT_EQ(of_graph(R"(
    g (float[3] s, float[6,3] xs) => (float[3] last, float[6,3] all) {
      last, all = Scan <num_scan_inputs = 1,
        body = b (float[3] a, float[3] x) => (float[3] n, float[3] row) {
          n = Add(a, x)  row = Identity(n)
        }>(s, xs)
    })")
                .flops,
            6 * 3);
}

}  // namespace
}  // namespace convoy::onnx
