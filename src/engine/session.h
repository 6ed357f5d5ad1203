// Running one model on this machine. Only src/engine sees ONNX Runtime.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/profiler_log.h"
#include "engine/shared_tensor.h"
#include "foundation/error.h"
#include "onnx/cut.h"
#include "onnx/graph.h"

namespace convoy::engine {

// A model input or output as ONNX Runtime sees it. It does not tell a scalar from a value of unknown
// rank: both have no dimensions here.
struct Port {
  std::string name;
  onnx::ValueType type;
  bool required = true;  // false: an overridable initializer
};

struct SessionOptions {
  int threads = 1;
  // Skip-layer-norm fusion is left out at every level, as engine::optimize does, so that a model run
  // at a level gives the bits of the model that was optimised at it.
  onnx::OptimizationLevel level = onnx::OptimizationLevel::extended;
  std::filesystem::path optimized_model{};    // where to write what the level made of the model
  std::filesystem::path optimized_weights{};  // a file beside it for its weights; empty: inside it
  std::filesystem::path profile_prefix{};     // where the profiler writes; empty: it is off
  std::string provider = "cpu";
};

// Ends a run before all is computed. Any thread.
class Interrupt {
 public:
  Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();

  // The run that was given it ends with an error of kind `cancelled` once the node at hand is
  // computed; so do later ones, until reset().
  void raise();
  void reset();

 private:
  friend class Session;
  struct State;
  std::unique_ptr<State> state_;
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

  // The required inputs in the model's order, then the overridable initializers.
  [[nodiscard]] const std::vector<Port>& inputs() const;
  [[nodiscard]] const std::vector<Port>& outputs() const;

  // Inputs in the order of inputs(), optional ones may be left out at the end or empty
  // (type undefined); outputs in the order of outputs(). Neither is copied: inputs are read where
  // they are (unless they are misaligned), outputs stay where ONNX Runtime put them and may outlive
  // the session. Errors name the input that does not fit, or the port that is no tensor.
  [[nodiscard]] Result<std::vector<SharedTensor>> run(std::span<const SharedTensor> inputs);
  [[nodiscard]] Result<std::vector<SharedTensor>> run(std::span<const SharedTensor> inputs,
                                                      Interrupt& interrupt);

  // Ends profiling and returns what it saw. Only with `profile_prefix`, and once.
  [[nodiscard]] Result<ProfilerLog> finish_profile();

 private:
  struct State;
  explicit Session(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // shared with outputs that are still in use
};

// The version of the ONNX Runtime library that was loaded: "1.32.0".
[[nodiscard]] std::string runtime_version();

// The execution providers that it was built with, in ONNX Runtime's words: "CPUExecutionProvider"
// ...
[[nodiscard]] std::vector<std::string> providers();

}  // namespace convoy::engine
