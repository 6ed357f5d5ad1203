// Running one model on this machine. Only src/engine sees ONNX Runtime.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "onnx/cut.h"
#include "onnx/graph.h"
#include "onnx/tensor.h"

namespace convoy::engine {

// A tensor on its way through a pipeline: dense bytes that somebody else may own (a message, an
// ONNX Runtime value), shared without copying.
struct SharedTensor {
  onnx::ElementType type = onnx::ElementType::undefined;
  std::vector<std::int64_t> dims;
  std::span<const std::byte> data;
  std::shared_ptr<const void> owner;        // keeps `data` alive
  std::vector<std::string> strings;         // string tensors only; `data` is then empty
};

[[nodiscard]] SharedTensor share(onnx::Tensor tensor);
[[nodiscard]] onnx::Tensor copy(const SharedTensor& tensor);

// A model input or output as ONNX Runtime sees it.
struct Port {
  std::string name;
  onnx::ValueType type;
  bool required = true;  // false: an overridable initializer
};

// What happened in one node during one run, by ONNX Runtime's profiler.
struct NodeTiming {
  std::string node;   // as in the model that was loaded; convoy names all nodes before profiling
  std::string op;
  std::vector<double> seconds;  // one a run
};

struct SessionOptions {
  int threads = 1;
  onnx::OptimizationLevel level = onnx::OptimizationLevel::extended;
  std::filesystem::path optimized_model;    // where to write what the level made of the model; empty: nowhere
  std::filesystem::path profile_prefix;     // where the profiler writes; empty: no profiling
  std::string provider = "cpu";
};

// A loaded model. Movable; run() from one thread at a time. Spins nowhere.
class Session {
 public:
  // Errors name the file and give ONNX Runtime's own words.
  [[nodiscard]] static Result<Session> load(const std::filesystem::path& model,
                                            const SessionOptions& options);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  [[nodiscard]] const std::vector<Port>& inputs() const;
  [[nodiscard]] const std::vector<Port>& outputs() const;

  // Inputs in the order of inputs(), optional ones may be left out at the end or empty
  // (type undefined); outputs in the order of outputs(). Errors name the input that does not fit.
  [[nodiscard]] Result<std::vector<SharedTensor>> run(std::span<const SharedTensor> inputs);

  // Ends profiling and returns what it saw. Only with `profile_prefix`.
  [[nodiscard]] Result<std::vector<NodeTiming>> finish_profile();

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The version of the ONNX Runtime library that was loaded: "1.32.0".
[[nodiscard]] std::string runtime_version();

}  // namespace convoy::engine
