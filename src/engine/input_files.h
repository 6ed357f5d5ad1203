// Inputs of a model that the user gives as files.
#pragma once

#include <filesystem>
#include <vector>

#include "engine/session.h"
#include "engine/shared_tensor.h"
#include "foundation/error.h"

namespace convoy::engine {

// One tensor for each required port from `path`: a folder, or the one file of a model with one
// input. A file is for the port whose name it has (NAME.npy, NAME.pb, or the name that a .pb holds
// inside), else input_0.pb or input_0.npy, input_1..., counts the ports, as ONNX's own tests do: in
// the model's order, those with a default last. Other files and output_N.*
// are not inputs. Errors name the file that is for no port or one too many, or the port without one.
[[nodiscard]] Result<NamedTensors> read_inputs(const std::filesystem::path& path,
                                               const std::vector<Port>& ports);

}  // namespace convoy::engine
