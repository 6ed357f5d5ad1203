// An ONNX model in memory. Only src/onnx looks inside (model_proto.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "foundation/error.h"

namespace convoy::onnx {

// Operators of one domain, as the model imports them.
struct Opset {
  std::string domain;  // "ai.onnx" for ONNX's own
  std::int64_t version = 0;
};

struct ModelProtoBox;  // holds the protobuf; defined in model_proto.h, for src/onnx only

// A value with one owner (moves, never copies: models are large). External data stays in its files
// beside the model; only what refers to it is loaded.
class Model {
 public:
  explicit Model(std::unique_ptr<ModelProtoBox> box);
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  [[nodiscard]] const ModelProtoBox& box() const { return *box_; }
  [[nodiscard]] ModelProtoBox& box() { return *box_; }
  // Where it was read from, or empty.
  [[nodiscard]] const std::filesystem::path& file() const;
  // The files of its external data.
  [[nodiscard]] std::vector<std::filesystem::path> data_files() const;
  // metadata_props, as written by whoever exported the model.
  [[nodiscard]] std::map<std::string, std::string> metadata() const;
  [[nodiscard]] std::int64_t ir_version() const;
  // "pytorch 2.1"; empty when the model does not say.
  [[nodiscard]] std::string producer() const;
  [[nodiscard]] std::vector<Opset> opsets() const;

 private:
  std::unique_ptr<ModelProtoBox> box_;
};

// Errors name the file and say whether it is missing, empty, truncated or no ONNX at all.
[[nodiscard]] Result<Model> read_model(const std::filesystem::path& file);

// Writes aside and renames, so that a failed write leaves no half file. External data from another
// folder is written beside it, as FILE.data; returns the SHA-256 of that, or nothing.
[[nodiscard]] Result<std::string> write_model(const Model& model, const std::filesystem::path& file);

// The same for a model to be run: if its weights take some MB, they go to FILE.data. ONNX Runtime maps
// such a file; weights inside the model it holds twice while it loads, and some of them for good.
[[nodiscard]] Result<std::string> write_for_engine(Model model, const std::filesystem::path& file);

}  // namespace convoy::onnx
