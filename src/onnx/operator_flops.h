// What operators compute, by their formulas.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "onnx/model_proto.h"

namespace convoy::onnx {

// The dimensions of a tensor; nothing where they are unknown or the tensor is left out.
using KnownDims = std::optional<std::vector<std::int64_t>>;

// A node, and its tensors in its own order.
struct OperatorCall {
  const proto::NodeProto& node;
  std::vector<KnownDims> inputs;
  std::vector<KnownDims> outputs;
};

// Floating-point operations as work.h counts them; of nodes with bodies, without those.
[[nodiscard]] double flops_of(const OperatorCall& call);

}  // namespace convoy::onnx
