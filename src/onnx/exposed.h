// All values of a model as its outputs, for a while: so that whoever loads it can tell their types.
#pragma once

#include <map>
#include <string>

#include "onnx/graph.h"
#include "onnx/model.h"

namespace convoy::onnx {

// Makes an output, of no declared type, of each value that a node of the main graph makes and that
// is none yet. Returns how many outputs there were.
[[nodiscard]] std::size_t expose_values(Model& model);

// Undoes that: keeps the first `outputs` and declares what was learned of the types of the others,
// by value name. What is no tensor of a known element type is not declared.
void declare_values(Model& model, std::size_t outputs,
                    const std::map<std::string, ValueType>& types);

}  // namespace convoy::onnx
