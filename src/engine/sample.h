// Inputs for a model when the user gives none.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/session.h"
#include "onnx/graph.h"

namespace convoy::engine {

// What all commands take, so that their samples agree.
inline constexpr std::uint64_t kSampleSeed = 1;

// The inputs of a model, overridable initializers last, with all that the model says of them; a
// Session's own inputs() do not tell an unknown rank from a scalar.
[[nodiscard]] std::vector<Port> inputs_of(const onnx::Graph& graph);

// The ports with requests of `items` items: the first dimension of the first required port, and
// each that has its name, is that long; if it has none, the first of each port that is unknown as
// well. Error: the model fixes that dimension at another number, or there is none.
[[nodiscard]] Result<std::vector<Port>> with_items(std::vector<Port> ports, std::int64_t items);

// Seeded inputs for the required ports: floats from N(0, 1), other numbers 0 or 1, strings fixed. A
// symbolic dimension becomes `dims[symbol]` if given, else 1, as an unknown one does. Errors name
// the input: unknown rank, no tensor; or the symbol of `dims` that no input has.
[[nodiscard]] Result<std::vector<SharedTensor>> sample_inputs(
    const std::vector<Port>& ports, const std::map<std::string, std::int64_t>& dims,
    std::uint64_t seed);

}  // namespace convoy::engine
