// Weights that a model keeps in files beside it, as onnx.proto's `external_data` says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "onnx/model_proto.h"

namespace convoy::onnx {

// The files of the model's external data, as the model names them, once it is known that each range
// lies inside a file below `folder`. Errors name the tensor and the file: a path that leads out of the folder, a missing or short file.
[[nodiscard]] Result<std::set<std::string>> check_external_data(proto::ModelProto& model,
                                               const std::filesystem::path& folder);

// Copies all external data from files below `folder` into `data_file`, block by block, and makes the
// model refer to it by that file's name. Ranges that several tensors share are copied once. Returns
// the SHA-256 of the file.
[[nodiscard]] Result<std::string> move_external_data(proto::ModelProto& model,
                                                     const std::filesystem::path& folder,
                                                     const std::filesystem::path& data_file);

// Weights inside the model that are large enough to be worth a place in a file beside it: how many
// bytes, and to put them there. Returns the SHA-256 of the file.
[[nodiscard]] std::int64_t large_weight_bytes(const proto::ModelProto& model);
[[nodiscard]] Result<std::string> move_large_weights(proto::ModelProto& model,
                                                     const std::filesystem::path& data_file);

// Where tensors begin in the file that the model knows as `location`.
[[nodiscard]] Result<std::vector<std::uint64_t>> tensors_in(proto::ModelProto& model,
                                                            const std::string& location);

// Bytes that a tensor takes where it is stored.
[[nodiscard]] std::int64_t stored_bytes(const proto::TensorProto& tensor);

}  // namespace convoy::onnx
