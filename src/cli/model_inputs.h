// Inputs to try a model on.
#pragma once

#include <string>
#include <vector>

#include "engine/session.h"
#include "engine/shared_tensor.h"
#include "foundation/error.h"
#include "onnx/graph.h"

namespace convoy::cli {

// From the user's files (--input), or else made up, with the sizes that --dim gives.
[[nodiscard]] Result<engine::NamedTensors> model_inputs(const onnx::Graph& graph,
                                                        const std::string& input,
                                                        const std::vector<std::string>& dims);
[[nodiscard]] Result<engine::NamedTensors> model_inputs(const std::vector<engine::Port>& ports,
                                                        const std::string& input,
                                                        const std::vector<std::string>& dims);

}  // namespace convoy::cli
