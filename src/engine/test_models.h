// ONNX's own test models, as Debian's libonnx-testdata installs them.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/shared_tensor.h"
#include "onnx/tensor.h"

namespace convoy::engine {

inline const std::filesystem::path kTestData = "/usr/share/libonnx-testdata/data";

// A model of one node: "test_add".
inline std::filesystem::path node_model(const std::string& name) {
  return kTestData / "node" / name / "model.onnx";
}

// The inputs or outputs of a node model's first data set; `kind` is "input" or "output".
inline std::vector<SharedTensor> node_tensors(const std::string& name, std::string_view kind) {
  std::vector<SharedTensor> tensors;
  for (;;) {
    const auto file = kTestData / "node" / name / "test_data_set_0" /
                      fmt::format("{}_{}.pb", kind, tensors.size());
    if (!std::filesystem::exists(file)) return tensors;
    tensors.push_back(share(onnx::read_tensor(file).value().tensor));
  }
}

// A well-known network whose weights are constants that nodes make: "squeezenet".
inline std::filesystem::path light_model(const std::string& name) {
  return kTestData / "light" / ("light_" + name + ".onnx");
}

}  // namespace convoy::engine
