// Running a model on tensors that are known by name.
#pragma once

#include <filesystem>
#include <vector>

#include "engine/session.h"
#include "engine/shared_tensor.h"
#include "foundation/error.h"

namespace convoy::engine {

// Tensors in the order in which a session takes them; left out are those for no port of it. Errors
// name the required input that is missing.
[[nodiscard]] Result<std::vector<SharedTensor>> in_order(const std::vector<Port>& ports,
                                                         const NamedTensors& tensors);

// Tensors for the required ones of `ports`, in their order, by name.
[[nodiscard]] NamedTensors by_name(const std::vector<Port>& ports,
                                   const std::vector<SharedTensor>& tensors);

// Loads the model, runs it once and lets go of it: the results are copies. Inputs for no port are
// ignored. Errors name the file.
[[nodiscard]] Result<NamedTensors> run_file(const std::filesystem::path& model,
                                            const SessionOptions& options,
                                            const NamedTensors& inputs);

}  // namespace convoy::engine
