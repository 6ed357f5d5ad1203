// What tests of this folder share: a folder for files, and models written as text.
#pragma once

#include <onnx/onnx_pb.h>
#include <onnx/defs/parser.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "onnx/graph.h"
#include "onnx/model.h"
#include "onnx/model_proto.h"

namespace convoy::onnx {

// Made in the system's temporary folder, removed with all that is in it.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "convoy-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::filesystem::path& name) const {
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

inline Model model_of(proto::ModelProto model) {
  auto box = std::make_unique<ModelProtoBox>();
  box->model = std::move(model);
  return Model(std::move(box));
}

// A model in the textual syntax of onnx/defs/parser.h.
inline Model parse_model(const std::string& text) {
  proto::ModelProto model;
  const auto status = ::onnx::OnnxParser::Parse(model, text.c_str());
  if (!status.IsOK()) throw std::invalid_argument(status.ErrorMessage());
  return model_of(std::move(model));
}

// The same for a graph alone: `g (float[N] x) => (float[N] y) { y = Neg(x) }`.
inline Model parse_graph(const std::string& text) {
  return parse_model("<ir_version: 8, opset_import: [\"\" : 18]>\n" + text);
}

// Names for the first nodes, in the model's order; the syntax has none.
inline Model named(Model model, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    model.box().model.mutable_graph()->mutable_node(static_cast<int>(i))->set_name(names[i]);
  }
  return model;
}

inline proto::NodeProto& node_of(Model& model, int position) {
  return *model.box().model.mutable_graph()->mutable_node(position);
}

}  // namespace convoy::onnx
