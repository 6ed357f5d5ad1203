#include "onnx/one_node.h"

#include <fmt/ranges.h>
#include <onnx/defs/parser.h>

#include <cassert>
#include <memory>

#include "onnx/model_proto.h"

namespace convoy::onnx {

Model one_node(const std::string& op, const std::vector<std::int64_t>& dims) {
  const std::string text = fmt::format(
      "<ir_version: 8, opset_import: [\"\" : 17]>\n"
      "g (float[{0}] a, float[{0}] b) => (float[{0}] y) {{ y = {1}(a, b) }}",
      fmt::join(dims, ","), op);
  auto box = std::make_unique<ModelProtoBox>();
  [[maybe_unused]] const auto parsed = ::onnx::OnnxParser::Parse(box->model, text.c_str());
  assert(parsed.IsOK());
  box->model.mutable_graph()->mutable_node(0)->set_name(op);
  return Model(std::move(box));
}

}  // namespace convoy::onnx
