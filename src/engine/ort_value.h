// Tensors into ONNX Runtime's values and back. For src/engine only.
#pragma once

#include <onnxruntime_cxx_api.h>

#include <memory>
#include <span>
#include <string>

#include "engine/session.h"
#include "foundation/error.h"

namespace convoy::engine {

// A value for `port` on the tensor's own memory; misaligned bytes and strings are copied. The tensor
// must outlive the value. Errors name the port: another type, other dimensions, too few bytes.
[[nodiscard]] Result<Ort::Value> to_ort(const Port& port, const SharedTensor& tensor);

// The bytes of a value, owned by it. `keep` holds all else that the bytes may live in: ONNX Runtime
// hands out an input or an initializer that is also an output without copying it.
[[nodiscard]] Result<SharedTensor> from_ort(const Port& port, Ort::Value value,
                                            std::shared_ptr<const void> keep);

// The port that a piece of type information describes.
[[nodiscard]] Port port_of(std::string name, const Ort::TypeInfo& info);

// ONNX Runtime's message as one line, without the places in its source.
[[nodiscard]] std::string sentence_of(const Ort::Exception& error);

}  // namespace convoy::engine
