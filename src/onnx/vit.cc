#include "onnx/vit.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "onnx/model_proto.h"

namespace convoy::onnx {
namespace {

using Dims = std::vector<std::int64_t>;

// Normally distributed numbers, the same on every machine, as no library's logarithm is: the sum of
// twelve uniform 16-bit integers has mean 12 * 65535 / 2 and a deviation of 65536.
class NormalNumbers {
 public:
  explicit NormalNumbers(std::uint64_t seed) : state_(seed) {}

  float next(double deviation) {
    std::int64_t sum = -12 * 65535 / 2;
    for (int word = 0; word < 3; ++word) {
      const std::uint64_t bits = next_bits();
      for (int shift = 0; shift < 64; shift += 16) sum += (bits >> shift) & 0xffff;
    }
    return static_cast<float>(static_cast<double>(sum) * (deviation / 65536));
  }

 private:
  // SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
  std::uint64_t next_bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

// Writes nodes and weights into a graph. Each function returns the name of the value it made.
class VitWriter {
 public:
  VitWriter(proto::GraphProto& graph, const VitOptions& options)
      : graph_(graph), size_(options), random_(options.seed) {}

  void write() {
    add_value(*graph_.add_input(), "pixel_values", {3, size_.image_size, size_.image_size});
    constants();
    std::string stream = embeddings();
    for (std::int64_t k = 1; k <= size_.layers; ++k) {
      const std::string layer = "encoder.layer." + std::to_string(k - 1);
      stream = attention(layer + ".attention", stream);
      stream = mlp(layer, stream, "input." + std::to_string(20 * k));
    }
    stream = layer_norm("layernorm", stream);
    stream = node("Gather", "class_token", {stream, "first"}, {{"axis", 1}});
    linear("classifier", stream, size_.width, size_.classes, "logits");
    add_value(*graph_.add_output(), "logits", {size_.classes});
  }

 private:
  // A number or a list of numbers.
  struct Attribute {
    std::string name;
    std::variant<std::int64_t, Dims, float> value;
  };

  std::string node(const std::string& op, const std::string& name,
                   std::initializer_list<std::string> inputs,
                   std::initializer_list<Attribute> attributes = {}, std::string output = {}) {
    if (output.empty()) output = name;
    proto::NodeProto& node = *graph_.add_node();
    node.set_op_type(op);
    node.set_name(name);
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(output);
    for (const Attribute& attribute : attributes) add_attribute(node, attribute);
    return output;
  }

  static void add_attribute(proto::NodeProto& node, const Attribute& attribute) {
    proto::AttributeProto& written = *node.add_attribute();
    written.set_name(attribute.name);
    if (const auto* number = std::get_if<std::int64_t>(&attribute.value)) {
      written.set_type(proto::AttributeProto::INT);
      written.set_i(*number);
    } else if (const auto* real = std::get_if<float>(&attribute.value)) {
      written.set_type(proto::AttributeProto::FLOAT);
      written.set_f(*real);
    } else {
      written.set_type(proto::AttributeProto::INTS);
      for (std::int64_t item : std::get<Dims>(attribute.value)) written.add_ints(item);
    }
  }

  static void add_value(proto::ValueInfoProto& value, const std::string& name, const Dims& dims) {
    value.set_name(name);
    proto::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(proto::TensorProto::FLOAT);
    type.mutable_shape()->add_dim()->set_dim_param("batch");
    for (std::int64_t dim : dims) type.mutable_shape()->add_dim()->set_dim_value(dim);
  }

  proto::TensorProto& initializer(const std::string& name, const Dims& dims,
                                  proto::TensorProto::DataType type) {
    proto::TensorProto& tensor = *graph_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (std::int64_t dim : dims) tensor.add_dims(dim);
    return tensor;
  }

  // A trained parameter; `next` gives its elements one after the other.
  template <class Next>
  std::string parameter(const std::string& name, const Dims& dims, Next next) {
    proto::TensorProto& tensor = initializer(name, dims, proto::TensorProto::FLOAT);
    std::string& data = *tensor.mutable_raw_data();
    data.resize(sizeof(float) * std::reduce(dims.begin(), dims.end(), std::int64_t{1},
                                            std::multiplies<>{}));
    for (std::size_t at = 0; at < data.size(); at += sizeof(float)) {
      const float value = next();
      std::memcpy(&data[at], &value, sizeof value);
    }
    return name;
  }

  std::string random(const std::string& name, const Dims& dims) {
    return parameter(name, dims, [this] { return random_.next(0.02); });
  }

  std::string filled(const std::string& name, const Dims& dims, float value) {
    return parameter(name, dims, [value] { return value; });
  }

  void scalar(const std::string& name, double value) {
    initializer(name, {}, proto::TensorProto::FLOAT).add_float_data(static_cast<float>(value));
  }

  void integers(const std::string& name, const Dims& items) {
    proto::TensorProto& tensor = initializer(name, {std::ssize(items)}, proto::TensorProto::INT64);
    for (std::int64_t item : items) tensor.add_int64_data(item);
  }

  // What all layers share. In shapes, 0 stands for the dimension as it was.
  void constants() {
    scalar("one", 1);
    scalar("half", 0.5);
    scalar("sqrt_two", std::sqrt(2.0));
    scalar("sqrt_head_width", std::sqrt(static_cast<double>(size_.width / size_.heads)));
    integers("split_heads", {0, 0, size_.heads, size_.width / size_.heads});
    integers("join_heads", {0, 0, size_.width});
    initializer("first", {}, proto::TensorProto::INT64).add_int64_data(0);
  }

  std::string layer_norm(const std::string& name, const std::string& read) {
    return node("LayerNormalization", name,
                {read, filled(name + ".weight", {size_.width}, 1),
                 filled(name + ".bias", {size_.width}, 0)},
                {{"axis", -1}, {"epsilon", 1e-12F}});
  }

  std::string linear(const std::string& name, const std::string& read, std::int64_t from,
                     std::int64_t to, const std::string& output = {}) {
    const std::string product =
        node("MatMul", name + ".matmul", {read, random(name + ".weight", {from, to})});
    return node("Add", name, {product, filled(name + ".bias", {to}, 0)}, {}, output);
  }

  // Patches as a sequence, the class token in front, positions added.
  std::string embeddings() {
    const std::int64_t patch = size_.patch_size;
    const std::int64_t patches = (size_.image_size / patch) * (size_.image_size / patch);
    integers("flat_patches", {0, size_.width, -1});
    integers("begin", {0});
    integers("end", {1});
    integers("token_shape", {1, size_.width});

    std::string sequence = node(
        "Conv", "embeddings.patches",
        {"pixel_values", random("embeddings.patches.weight", {size_.width, 3, patch, patch}),
         filled("embeddings.patches.bias", {size_.width}, 0)},
        {{"kernel_shape", Dims{patch, patch}}, {"strides", Dims{patch, patch}}});
    sequence = node("Reshape", "embeddings.flat", {sequence, "flat_patches"});
    sequence = node("Transpose", "embeddings.sequence", {sequence}, {{"perm", Dims{0, 2, 1}}});

    std::string batch = node("Shape", "embeddings.shape", {"pixel_values"});
    batch = node("Slice", "embeddings.batch", {batch, "begin", "end"});
    batch = node("Concat", "embeddings.token_shape", {batch, "token_shape"}, {{"axis", 0}});
    const std::string token =
        node("Expand", "embeddings.class_token",
             {random("embeddings.class_token.weight", {1, 1, size_.width}), batch});

    sequence = node("Concat", "embeddings.tokens", {token, sequence}, {{"axis", 1}});
    return node("Add", "embeddings",
                {sequence, random("embeddings.position", {1, patches + 1, size_.width})});
  }

  std::string attention(const std::string& name, const std::string& stream) {
    const std::string normed = layer_norm(name + ".layernorm", stream);
    const auto heads = [&](const std::string& part, Dims order) {
      std::string value = linear(name + part, normed, size_.width, size_.width);
      value = node("Reshape", name + part + ".split", {value, "split_heads"});
      return node("Transpose", name + part + ".heads", {value}, {{"perm", std::move(order)}});
    };
    const std::string query = heads(".query", {0, 2, 1, 3});
    const std::string key = heads(".key", {0, 2, 3, 1});
    const std::string value = heads(".value", {0, 2, 1, 3});

    std::string scores = node("MatMul", name + ".products", {query, key});
    scores = node("Div", name + ".scores", {scores, "sqrt_head_width"});
    scores = node("Softmax", name + ".probabilities", {scores}, {{"axis", -1}});
    std::string context = node("MatMul", name + ".context", {scores, value});
    context = node("Transpose", name + ".tokens", {context}, {{"perm", Dims{0, 2, 1, 3}}});
    context = node("Reshape", name + ".join", {context, "join_heads"});
    context = linear(name + ".output", context, size_.width, size_.width);
    return node("Add", name, {context, stream});
  }

  std::string mlp(const std::string& layer, const std::string& stream, const std::string& output) {
    const std::string name = layer + ".mlp";
    const std::string hidden = linear(name + ".hidden", layer_norm(name + ".layernorm", stream),
                                      size_.width, size_.mlp_width);
    // GELU by its definition, x/2 (1 + erf(x / sqrt 2)), which ONNX Runtime knows and fuses.
    std::string gelu = node("Div", name + ".gelu.scaled", {hidden, "sqrt_two"});
    gelu = node("Erf", name + ".gelu.erf", {gelu});
    gelu = node("Add", name + ".gelu.shifted", {gelu, "one"});
    gelu = node("Mul", name + ".gelu.product", {hidden, gelu});
    gelu = node("Mul", name + ".gelu", {gelu, "half"});
    return node("Add", layer,
                {linear(name + ".output", gelu, size_.mlp_width, size_.width), stream}, {}, output);
  }

  proto::GraphProto& graph_;
  const VitOptions& size_;
  NormalNumbers random_;
};

Result<void> check(const VitOptions& options) {
  const std::pair<const char*, std::int64_t> sizes[] = {
      {"image_size", options.image_size}, {"patch_size", options.patch_size},
      {"layers", options.layers},         {"width", options.width},
      {"heads", options.heads},           {"mlp_width", options.mlp_width},
      {"classes", options.classes}};
  for (const auto& [name, size] : sizes) {
    if (size < 1) {
      return fail(ErrorKind::input, "vision transformer: {} is {}, must be at least 1", name, size);
    }
  }
  if (options.image_size % options.patch_size != 0) {
    return fail(ErrorKind::input, "vision transformer: patch_size {} does not divide image_size {}",
                options.patch_size, options.image_size);
  }
  if (options.width % options.heads != 0) {
    return fail(ErrorKind::input, "vision transformer: heads {} does not divide width {}",
                options.heads, options.width);
  }
  return {};
}

}  // namespace

Result<Model> make_vit(const VitOptions& options) {
  if (auto checked = check(options); !checked) return std::unexpected(checked.error());
  auto box = std::make_unique<ModelProtoBox>();
  proto::ModelProto& model = box->model;
  model.set_ir_version(8);
  model.set_producer_name("convoy");
  model.add_opset_import()->set_version(17);
  proto::StringStringEntryProto& weights = *model.add_metadata_props();
  weights.set_key("convoy.weights");
  weights.set_value("random, seed " + std::to_string(options.seed));
  model.mutable_graph()->set_name("vit");
  VitWriter(*model.mutable_graph(), options).write();
  return Model(std::move(box));
}

}  // namespace convoy::onnx
