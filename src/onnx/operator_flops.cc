#include "onnx/operator_flops.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <string_view>

namespace convoy::onnx {
namespace {

using Dims = std::vector<std::int64_t>;

double product(const Dims& dims) {
  return std::accumulate(dims.begin(), dims.end(), 1.0, std::multiplies<>());
}

// Reads what formulas need. Whatever is unknown reads as 0, and makes their products 0.
class Call {
 public:
  explicit Call(const OperatorCall& call) : call_(call) {}

  [[nodiscard]] const Dims* input(std::size_t i) const { return find(call_.inputs, i); }
  [[nodiscard]] const Dims* output(std::size_t i) const { return find(call_.outputs, i); }
  [[nodiscard]] bool has(std::size_t i) const { return input(i) != nullptr; }
  [[nodiscard]] double in(std::size_t i = 0) const { return input(i) ? product(*input(i)) : 0; }
  [[nodiscard]] double out() const { return output(0) ? product(*output(0)) : 0; }
  // A dimension of an input; from the end if negative.
  [[nodiscard]] double dim(std::size_t i, int axis) const { return at(input(i), axis); }
  [[nodiscard]] double output_dim(std::size_t i, int axis) const { return at(output(i), axis); }

  [[nodiscard]] const proto::AttributeProto* attribute(std::string_view name) const {
    for (const auto& attribute : call_.node.attribute()) {
      if (attribute.name() == name) return &attribute;
    }
    return nullptr;
  }
  [[nodiscard]] std::int64_t number(std::string_view name, std::int64_t otherwise = 0) const {
    const auto* found = attribute(name);
    return found ? found->i() : otherwise;
  }
  [[nodiscard]] std::string text(std::string_view name) const {
    const auto* found = attribute(name);
    return found ? found->s() : "";
  }
  [[nodiscard]] double product_of(std::string_view name) const {
    const auto* found = attribute(name);
    return found ? std::accumulate(found->ints().begin(), found->ints().end(), 1.0,
                                   std::multiplies<>())
                 : 1;
  }

 private:
  static const Dims* find(const std::vector<KnownDims>& all, std::size_t i) {
    return i < all.size() && all[i] ? &*all[i] : nullptr;
  }
  static double at(const Dims* dims, int axis) {
    if (dims == nullptr) return 0;
    const auto i = static_cast<std::size_t>(axis < 0 ? axis + std::ssize(*dims) : axis);
    return i < dims->size() ? static_cast<double>((*dims)[i]) : 0;
  }

  const OperatorCall& call_;
};

// Each output element is the sum of `terms` products.
double sums(const Call& call, double terms) { return 2 * call.out() * terms; }

// Weights [M, C/group, kernel...] at input `weights`; the layout of the data does not matter.
double convolution(const Call& call, std::size_t weights, bool bias) {
  const double features = call.dim(weights, 0);
  if (features == 0) return 0;
  const double activation = call.attribute("activation") ? call.out() : 0;
  return sums(call, call.in(weights) / features) + (bias ? call.out() : 0) + activation;
}

// Weights [C, M/group, kernel...]: each input element goes into as many outputs as its row has.
double transposed_convolution(const Call& call) {
  const double channels = call.dim(1, 0);
  if (channels == 0) return 0;
  return 2 * call.in() * call.in(1) / channels + (call.has(2) ? call.out() : 0);
}

// The length of the sums, by the left operand's dimensions.
double matrix_product(const Call& call) {
  const bool across_batch = call.number("transBatchA") != 0;
  return sums(call,
              call.number("transA") == 0 ? call.dim(0, -1) : call.dim(0, across_batch ? 0 : -2));
}

double gemm(const Call& call, std::size_t bias) {
  return sums(call, call.dim(0, call.number("transA") == 0 ? 1 : 0)) +
         (call.has(bias) ? call.out() : 0) + (call.attribute("activation") ? call.out() : 0);
}

// Labels' sizes by the operands; "..." stands for what the output has there.
double einsum(const Call& call) {
  std::string equation = call.text("equation");
  std::erase(equation, ' ');
  const std::size_t arrow = equation.find("->");
  const std::string left = equation.substr(0, arrow);
  std::map<char, double> sizes;
  std::map<char, int> uses;
  std::size_t operands = 0;
  for (std::size_t begin = 0; begin <= left.size(); ++operands) {
    const std::size_t end = std::min(left.find(',', begin), left.size());
    const std::string term = left.substr(begin, end - begin);
    const std::size_t dots = term.find("...");
    for (std::size_t i = 0; i < term.size(); ++i) {
      if (term[i] == '.') continue;
      const bool behind = dots != std::string::npos && i > dots;
      sizes[term[i]] = call.dim(operands, static_cast<int>(i) - (behind ? std::ssize(term) : 0));
      ++uses[term[i]];
    }
    begin = end + 1;
  }
  double terms = 1;
  for (const auto& [label, size] : sizes) {
    const bool kept = arrow == std::string::npos ? uses[label] == 1
                                                 : equation.find(label, arrow) != std::string::npos;
    if (!kept) terms *= size;
  }
  if (operands < 2) return terms > 1 ? call.out() * terms : 0;  // a sum, or only moved
  return static_cast<double>(operands) * call.out() * terms;
}

// Softmax: maximum, difference, exponential, sum, quotient.
constexpr double kSoftmax = 5;
// Mean, difference, square and its sum, quotient, scale, shift.
constexpr double kNormalization = 7;

// Scores of `queries` (elements) against `keys` positions, their softmax in each head, and the sums
// of values that make `out` elements.
double attention(double queries, double out, double keys, double rows) {
  return 2 * queries * keys + kSoftmax * rows * keys + 2 * out * keys;
}

// com.microsoft's, which projects its input itself: [batch, sequence, width] by [width, 3 *
// hidden].
double projected_attention(const Call& call, std::size_t past) {
  const double tokens = call.dim(0, 0) * call.dim(0, 1);
  const double projections = tokens * call.dim(1, 1);
  const double keys = call.dim(0, 1) + call.dim(past, 3);
  const double heads = static_cast<double>(call.number("num_heads"));
  const double queries = tokens * (call.dim(1, 1) - call.output_dim(0, -1)) / 2;
  return 2 * projections * call.dim(0, 2) + (call.has(2) ? projections : 0) +
         attention(queries, call.out(), keys, tokens * heads);
}

// Query, key and value come projected: [batch, sequence, hidden] (packed: [batch, sequence, heads,
// 3, size]) or [batch, heads, sequence, size].
double plain_attention(const Call& call, std::string_view heads_name) {
  const Dims* query = call.input(0);
  if (query == nullptr || query->size() < 3) return 0;
  const bool by_head = query->size() == 4;
  const bool packed = query->size() == 5;
  const double heads = by_head  ? call.dim(0, 1)
                       : packed ? call.dim(0, 2)
                                : static_cast<double>(call.number(heads_name));
  const double positions = call.dim(0, by_head ? 2 : 1);
  double keys = call.output_dim(1, -2);  // the present keys, where they are an output
  if (keys == 0 && call.has(1)) keys = call.dim(1, call.input(1)->size() == 4 ? 2 : 1);
  if (keys == 0) keys = positions;
  // Packed with keys and values, each as wide as the query.
  const bool joined = packed || !call.has(1);
  const double queries = joined ? call.out() : call.in();
  return attention(queries, call.out(), keys, call.dim(0, 0) * heads * positions);
}

// LSTM, GRU, RNN: weights [directions, gates * hidden, input] and [..., hidden], once a step. What
// the gates do to each element is left out.
double recurrent(const Call& call) {
  const double steps = call.dim(0, 0) * call.dim(0, 1);  // of all sequences of the batch
  return steps * 2 * (call.in(1) + call.in(2));
}

// In two dimensions: the weighted sum of so many neighbours.
double resize(const Call& call) {
  const std::string mode = call.text("mode");
  return sums(call, mode == "linear" ? 4 : mode == "cubic" ? 16 : 0);
}

// Operators that only move what they read.
bool only_moves(std::string_view op) {
  static const std::set<std::string_view> all = {"BatchToSpace",
                                                 "BitCast",
                                                 "Cast",
                                                 "CastLike",
                                                 "CenterCropPad",
                                                 "Col2Im",
                                                 "Compress",
                                                 "Concat",
                                                 "ConcatFromSequence",
                                                 "Constant",
                                                 "ConstantOfShape",
                                                 "DepthToSpace",
                                                 "Dropout",
                                                 "Expand",
                                                 "EyeLike",
                                                 "Flatten",
                                                 "Gather",
                                                 "GatherElements",
                                                 "GatherND",
                                                 "Identity",
                                                 "If",
                                                 "Loop",
                                                 "NonZero",
                                                 "OneHot",
                                                 "Optional",
                                                 "OptionalGetElement",
                                                 "OptionalHasElement",
                                                 "Pad",
                                                 "QLinearConcat",
                                                 "Range",
                                                 "ReorderInput",
                                                 "ReorderOutput",
                                                 "Reshape",
                                                 "ReverseSequence",
                                                 "Scan",
                                                 "ScatterElements",
                                                 "ScatterND",
                                                 "SequenceAt",
                                                 "SequenceConstruct",
                                                 "SequenceEmpty",
                                                 "SequenceErase",
                                                 "SequenceInsert",
                                                 "SequenceLength",
                                                 "Shape",
                                                 "Size",
                                                 "Slice",
                                                 "SpaceToDepth",
                                                 "Split",
                                                 "SplitToSequence",
                                                 "Squeeze",
                                                 "Tile",
                                                 "Transpose",
                                                 "Trilu",
                                                 "Unique",
                                                 "Unsqueeze"};
  return all.contains(op);
}

using Formula = double (*)(const Call&);

// Of the operators that are more, or less, than one operation for each element that they make.
const std::map<std::string_view, Formula>& formulas() {
  static const std::map<std::string_view, Formula> all = {
      {"Conv", [](const Call& c) { return convolution(c, 1, c.has(2)); }},
      {"FusedConv",  // may add another tensor before it activates
       [](const Call& c) { return convolution(c, 1, c.has(2)) + (c.has(3) ? c.out() : 0); }},
      {"NhwcConv", [](const Call& c) { return convolution(c, 1, c.has(2)); }},
      {"NhwcFusedConv",
       [](const Call& c) { return convolution(c, 1, c.has(2)) + (c.has(3) ? c.out() : 0); }},
      {"ConvInteger", [](const Call& c) { return convolution(c, 1, false); }},
      {"QLinearConv", [](const Call& c) { return convolution(c, 3, c.has(8)) + 2 * c.out(); }},
      {"ConvTranspose", transposed_convolution},
      {"MatMul", matrix_product},
      {"FusedMatMul", matrix_product},
      {"MatMulInteger", matrix_product},
      {"MatMulIntegerToFloat",  // scaled, and a bias
       [](const Call& c) { return matrix_product(c) + c.out() * (c.has(6) ? 2 : 1); }},
      {"DynamicQuantizeMatMul",
       [](const Call& c) { return matrix_product(c) + 4 * c.in() + c.out() * (c.has(4) ? 2 : 1); }},
      {"QLinearMatMul", [](const Call& c) { return matrix_product(c) + 2 * c.out(); }},
      {"MatMulNBits", [](const Call& c) { return sums(c, static_cast<double>(c.number("K"))); }},
      {"Gemm", [](const Call& c) { return gemm(c, 2); }},
      {"FusedGemm", [](const Call& c) { return gemm(c, 2); }},
      {"QGemm", [](const Call& c) { return gemm(c, 6) + 2 * c.out(); }},
      {"Einsum", einsum},
      {"LSTM", recurrent},
      {"GRU", recurrent},
      {"RNN", recurrent},
      {"QAttention", [](const Call& c) { return projected_attention(c, 8); }},
      {"MultiHeadAttention", [](const Call& c) { return plain_attention(c, "num_heads"); }},
      {"GroupQueryAttention", [](const Call& c) { return plain_attention(c, "num_heads"); }},
      {"Softmax", [](const Call& c) { return kSoftmax * c.out(); }},
      {"LogSoftmax", [](const Call& c) { return kSoftmax * c.out(); }},
      {"LayerNormalization", [](const Call& c) { return kNormalization * c.out(); }},
      {"InstanceNormalization", [](const Call& c) { return kNormalization * c.out(); }},
      {"GroupNormalization", [](const Call& c) { return kNormalization * c.out(); }},
      {"MeanVarianceNormalization", [](const Call& c) { return kNormalization * c.out(); }},
      {"SimplifiedLayerNormalization",
       [](const Call& c) { return 5 * c.out(); }},  // no mean, no shift
      {"RMSNormalization", [](const Call& c) { return 5 * c.out(); }},
      {"SkipLayerNormalization",
       [](const Call& c) { return (kNormalization + 1 + (c.has(4) ? 1 : 0)) * c.out(); }},
      {"SkipSimplifiedLayerNormalization",
       [](const Call& c) { return (5 + 1 + (c.has(3) ? 1 : 0)) * c.out(); }},
      {"EmbedLayerNormalization", [](const Call& c) { return (kNormalization + 2) * c.out(); }},
      {"BatchNormalization", [](const Call& c) { return 2 * c.out(); }},  // a scale and a shift
      {"LRN",
       [](const Call& c) { return (3 + 2 * static_cast<double>(c.number("size"))) * c.out(); }},
      {"LpNormalization", [](const Call& c) { return 3 * c.out(); }},
      // x/2 (1 + erf(x / sqrt 2)), and its approximation by tanh.
      {"Gelu", [](const Call& c) { return (c.text("approximate") == "tanh" ? 9 : 5) * c.out(); }},
      {"BiasGelu", [](const Call& c) { return 6 * c.out(); }},
      {"FastGelu", [](const Call& c) { return (c.has(1) ? 10 : 9) * c.out(); }},
      {"QuickGelu", [](const Call& c) { return 3 * c.out(); }},
      {"Clip", [](const Call& c) { return 2 * c.out(); }},
      {"BiasAdd", [](const Call& c) { return 2 * c.out(); }},
      {"BiasSoftmax", [](const Call& c) { return (kSoftmax + 1) * c.out(); }},
      {"QuantizeLinear", [](const Call& c) { return 2 * c.out(); }},
      {"DequantizeLinear", [](const Call& c) { return 2 * c.out(); }},
      {"DynamicQuantizeLinear", [](const Call& c) { return 4 * c.in(); }},
      {"AveragePool", [](const Call& c) { return c.out() * c.product_of("kernel_shape"); }},
      {"MaxPool", [](const Call& c) { return c.out() * c.product_of("kernel_shape"); }},
      {"QLinearAveragePool", [](const Call& c) { return c.out() * c.product_of("kernel_shape"); }},
      {"LpPool", [](const Call& c) { return 2 * c.out() * c.product_of("kernel_shape"); }},
      {"GlobalAveragePool", [](const Call& c) { return c.in(); }},
      {"GlobalMaxPool", [](const Call& c) { return c.in(); }},
      {"QLinearGlobalAveragePool", [](const Call& c) { return c.in(); }},
      {"ArgMax", [](const Call& c) { return c.in(); }},
      {"ArgMin", [](const Call& c) { return c.in(); }},
      {"CumSum", [](const Call& c) { return c.in(); }},
      {"TopK", [](const Call& c) { return c.in(); }},
      {"ReduceL2", [](const Call& c) { return 2 * c.in(); }},
      {"ReduceSumSquare", [](const Call& c) { return 2 * c.in(); }},
      {"ReduceLogSumExp", [](const Call& c) { return 2 * c.in(); }},
      {"Resize", resize},
      {"Upsample", resize},
      {"GridSample", [](const Call& c) { return 8 * c.out(); }},
  };
  return all;
}

}  // namespace

double flops_of(const OperatorCall& call) {
  const Call reader(call);
  const std::string& op = call.node.op_type();
  // ONNX's own takes queries, keys and values; com.microsoft's projects them.
  if (op == "Attention") {
    return call.node.domain() == "com.microsoft" ? projected_attention(reader, 4)
                                                 : plain_attention(reader, "q_num_heads");
  }
  if (const auto formula = formulas().find(op); formula != formulas().end()) {
    return formula->second(reader);
  }
  if (only_moves(op)) return 0;
  if (op.starts_with("Reduce")) return reader.in();
  if (op == "Sum" || op == "Mean" || op == "Max" || op == "Min") {
    return reader.out() * static_cast<double>(std::max<std::size_t>(1, call.inputs.size() - 1));
  }
  return reader.out();
}

}  // namespace convoy::onnx
