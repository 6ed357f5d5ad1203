// The cut that comes to mind first: what nodes list as inputs is all that they read. It stands here to
// show what it gets wrong; tools that cut models do it this way.
#pragma once

#include <filesystem>

#include "engine/named_run.h"
#include "foundation/error.h"

namespace convoy {

// Cuts the model in `file` behind its first `front` nodes, runs both pieces and gives what they make.
// Errors: a value that crosses and has no known type; what ONNX Runtime says of a piece.
[[nodiscard]] Result<engine::NamedTensors> run_naive_pieces(const std::filesystem::path& file,
                                                            int front,
                                                            const engine::NamedTensors& inputs,
                                                            const std::filesystem::path& scratch);

}  // namespace convoy
