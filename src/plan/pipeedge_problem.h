// PipeEdge's planning problems (Hu et al., DSD 2022): a chain of layers, boards of a few types.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "plan/problem.h"

namespace convoy::plan {

struct BoardCount {
  std::string type;  // as in device_types.yml
  std::size_t count = 0;
};

// `model` of models.yml on so many boards of device_types.yml, for a batch of 8.
//
// Their period is ours: compute of a stage, or bytes between consecutive stages over the smaller of
// both ends' bandwidth. Their memory is nearly ours. Weights are; but where they count two further
// buffers of a stage's input and of its output and none of what passes inside, evaluate() counts one
// of each and the layers' results while they live. Both stay below a stage's weights by far.
[[nodiscard]] Result<Problem> read_pipeedge(const std::filesystem::path& models,
                                            const std::filesystem::path& device_types,
                                            const std::string& model,
                                            const std::vector<BoardCount>& boards);

}  // namespace convoy::plan
