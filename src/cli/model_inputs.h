// Inputs to try a model on.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "engine/session.h"
#include "engine/shared_tensor.h"
#include "foundation/error.h"
#include "onnx/graph.h"

namespace convoy::cli {

// From the user's files (--input), or else made up, with the sizes that --dim and --batch give; a
// `batch` of 0 is that of the model.
[[nodiscard]] Result<engine::NamedTensors> model_inputs(const onnx::Graph& graph,
                                                        const std::string& input,
                                                        const std::vector<std::string>& dims,
                                                        int batch = 0);
[[nodiscard]] Result<engine::NamedTensors> model_inputs(std::vector<engine::Port> ports,
                                                        const std::string& input,
                                                        const std::vector<std::string>& dims,
                                                        int batch = 0);

// Adds --batch, which makes up inputs of so many items and so excludes `input`.
void add_batch(CLI::App& command, int& batch, CLI::Option* input);

}  // namespace convoy::cli
