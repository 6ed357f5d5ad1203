// The types that the values of a model have when it runs.
#pragma once

#include "engine/shared_tensor.h"
#include "foundation/error.h"
#include "onnx/graph.h"
#include "onnx/model.h"

namespace convoy::engine {

// Runs the model once, without optimisation, and gives the values of the graph that it was indexed
// into the dimensions that they had. All values are in memory together for that. Sequences and what
// the inputs leave out stay as they were; so does the model, in the end. Errors: those of a run.
[[nodiscard]] Result<void> see_types(onnx::Model& model, const NamedTensors& inputs,
                                     onnx::Graph& graph);

}  // namespace convoy::engine
