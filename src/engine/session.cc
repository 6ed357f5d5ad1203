#include "engine/session.h"

#include <fmt/ranges.h>
#include <onnxruntime_cxx_api.h>
#include <onnxruntime_session_options_config_keys.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstdint>
#include <fstream>
#include <system_error>
#include <utility>

#include "engine/ort_value.h"

namespace convoy::engine {

struct Session::State {
  Ort::Env env{nullptr};  // ONNX Runtime counts references to the one environment of the process
  Ort::Session session{nullptr};
  std::vector<Port> inputs;
  std::vector<Port> outputs;
};

struct Interrupt::State {
  Ort::RunOptions options;
  std::atomic<bool> is_raised = false;
};

Interrupt::Interrupt() : state_(std::make_unique<State>()) {}
Interrupt::~Interrupt() = default;
void Interrupt::raise() {
  state_->is_raised = true;
  state_->options.SetTerminate();
}
void Interrupt::reset() {
  state_->is_raised = false;
  state_->options.UnsetTerminate();
}

namespace {

GraphOptimizationLevel to_ort(onnx::OptimizationLevel level) {
  switch (level) {
    case onnx::OptimizationLevel::none:
      return ORT_DISABLE_ALL;
    case onnx::OptimizationLevel::basic:
      return ORT_ENABLE_BASIC;
    case onnx::OptimizationLevel::extended:
      return ORT_ENABLE_EXTENDED;
    case onnx::OptimizationLevel::all:
      return ORT_ENABLE_ALL;
  }
  return ORT_ENABLE_EXTENDED;
}

// The user's model or arguments, or the machine's trouble?
ErrorKind kind_of(const Ort::Exception& error) {
  switch (error.GetOrtErrorCode()) {
    case ORT_INVALID_ARGUMENT:
    case ORT_NO_SUCHFILE:
    case ORT_NO_MODEL:
    case ORT_INVALID_PROTOBUF:
    case ORT_NOT_IMPLEMENTED:
    case ORT_INVALID_GRAPH:
      return ErrorKind::input;
    default:
      return ErrorKind::failure;
  }
}

// Smaller weights stay in the model: shape inference wants to see them.
constexpr const char* kSmallWeightBytes = "1024";

Ort::SessionOptions to_ort(const SessionOptions& options) {
  Ort::SessionOptions to;
  to.SetIntraOpNumThreads(options.threads);
  to.SetInterOpNumThreads(1);
  to.SetExecutionMode(ORT_SEQUENTIAL);
  to.AddConfigEntry(kOrtSessionOptionsConfigAllowIntraOpSpinning, "0");
  to.AddConfigEntry(kOrtSessionOptionsConfigAllowInterOpSpinning, "0");
  to.SetLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);  // errors come back as exceptions
  to.SetGraphOptimizationLevel(to_ort(options.level));
  to.AddConfigEntry(kOrtSessionOptionsDisableSpecifiedOptimizers, "SkipLayerNormFusion");
  if (!options.optimized_model.empty()) {
    to.SetOptimizedModelFilePath(options.optimized_model.c_str());
    if (!options.optimized_weights.empty()) {
      to.AddConfigEntry(kOrtSessionOptionsOptimizedModelExternalInitializersFileName,
                        options.optimized_weights.filename().c_str());
      to.AddConfigEntry(kOrtSessionOptionsOptimizedModelExternalInitializersMinSizeInBytes,
                        kSmallWeightBytes);
    }
  }
  if (!options.profile_prefix.empty()) to.EnableProfiling(options.profile_prefix.c_str());
  return to;
}

std::vector<Port> inputs_of(const Ort::Session& session) {
  Ort::AllocatorWithDefaultOptions allocator;
  std::vector<Port> ports;
  for (std::size_t i = 0; i < session.GetInputCount(); ++i) {
    ports.push_back(
        port_of(session.GetInputNameAllocated(i, allocator).get(), session.GetInputTypeInfo(i)));
  }
  for (std::size_t i = 0; i < session.GetOverridableInitializerCount(); ++i) {
    ports.push_back(port_of(session.GetOverridableInitializerNameAllocated(i, allocator).get(),
                            session.GetOverridableInitializerTypeInfo(i)));
    ports.back().required = false;
  }
  return ports;
}

std::vector<Port> outputs_of(const Ort::Session& session) {
  Ort::AllocatorWithDefaultOptions allocator;
  std::vector<Port> ports;
  for (std::size_t i = 0; i < session.GetOutputCount(); ++i) {
    ports.push_back(
        port_of(session.GetOutputNameAllocated(i, allocator).get(), session.GetOutputTypeInfo(i)));
  }
  return ports;
}

// Kernels read elements as machine words, so each must start at a multiple of its size.
bool is_aligned(const SharedTensor& tensor) {
  if (tensor.sequence) return std::ranges::all_of(*tensor.sequence, is_aligned);
  const std::size_t bytes = std::max(1, onnx::bits_of(tensor.type) / 8);
  return reinterpret_cast<std::uintptr_t>(tensor.data.data()) % bytes == 0;
}

// The inputs that are there, where ONNX Runtime can read them.
struct Feed {
  std::vector<const char*> names;
  std::vector<SharedTensor> tensors;
  std::vector<Ort::Value> values;
};

Result<Feed> feed_of(const std::vector<Port>& ports, std::span<const SharedTensor> inputs) {
  Feed feed;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const Port& port = ports[i];
    if (i >= inputs.size() || inputs[i].is_absent()) {
      if (!port.required) continue;
      return fail(ErrorKind::input, "input \"{}\" is missing", port.name);
    }
    const SharedTensor& tensor =
        feed.tensors.emplace_back(is_aligned(inputs[i]) ? inputs[i] : share(copy(inputs[i])));
    Result<Ort::Value> value = engine::to_ort(port, tensor);
    if (!value) return std::unexpected(value.error());
    feed.names.push_back(port.name.c_str());
    feed.values.push_back(std::move(*value));
  }
  return feed;
}

// The input whose memory `value` lies in, if any: an input that is also an output.
const SharedTensor* input_around(const Feed& feed, const Ort::Value& value) {
  if (!value.HasValue() || !value.IsTensor()) return nullptr;
  const auto type = value.GetTensorTypeAndShapeInfo().GetElementType();
  if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING) return nullptr;
  const auto* const start = static_cast<const std::byte*>(value.GetTensorRawData());
  for (const SharedTensor& tensor : feed.tensors) {
    const std::less_equal<> no_later;
    if (!tensor.data.empty() && no_later(tensor.data.data(), start) &&
        no_later(start, &tensor.data.back())) {
      return &tensor;
    }
  }
  return nullptr;
}

}  // namespace

Session::Session(std::shared_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

const std::vector<Port>& Session::inputs() const { return state_->inputs; }
const std::vector<Port>& Session::outputs() const { return state_->outputs; }

Result<Session> Session::load(const std::filesystem::path& model, const SessionOptions& options) {
  if (options.provider != "cpu") {
    return fail(ErrorKind::input,
                "execution provider \"{}\" is not supported; supported: cpu (ONNX Runtime {} has "
                "{})",
                options.provider, runtime_version(), fmt::join(Ort::GetAvailableProviders(), ", "));
  }
  try {
    auto state = std::make_shared<State>();
    state->env = Ort::Env(ORT_LOGGING_LEVEL_FATAL, "convoy");
    state->session = Ort::Session(state->env, model.c_str(), to_ort(options));
    state->inputs = inputs_of(state->session);
    state->outputs = outputs_of(state->session);
    return Session(std::move(state));
  } catch (const Ort::Exception& error) {
    return fail(kind_of(error), "{}: {}", model.string(), sentence_of(error));
  }
}

Result<std::vector<SharedTensor>> Session::run(std::span<const SharedTensor> inputs) {
  Interrupt never;
  return run(inputs, never);
}

Result<std::vector<SharedTensor>> Session::run(std::span<const SharedTensor> inputs,
                                               Interrupt& interrupt) {
  State& state = *state_;
  if (inputs.size() > state.inputs.size()) {
    return fail(ErrorKind::input, "the model has {} inputs, not {}", state.inputs.size(),
                inputs.size());
  }
  try {
    Result<Feed> feed = feed_of(state.inputs, inputs);
    if (!feed) return std::unexpected(feed.error());
    std::vector<const char*> output_names;
    for (const Port& port : state.outputs) output_names.push_back(port.name.c_str());
    std::vector<Ort::Value> values =
        state.session.Run(interrupt.state_->options, feed->names.data(), feed->values.data(),
                          feed->values.size(), output_names.data(), output_names.size());
    std::vector<SharedTensor> outputs;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const SharedTensor* const input = input_around(*feed, values[i]);
      Result<SharedTensor> output =
          from_ort(state.outputs[i], std::move(values[i]), input ? input->owner : state_);
      if (!output) return std::unexpected(output.error());
      const bool is_borrowed = input != nullptr && !input->owner;
      outputs.push_back(is_borrowed ? share(copy(*output)) : std::move(*output));
    }
    return outputs;
  } catch (const Ort::Exception& error) {
    if (interrupt.state_->is_raised) return fail(ErrorKind::cancelled, "interrupted");
    return fail(ErrorKind::failure, "{}", sentence_of(error));
  }
}

Result<ProfilerLog> Session::finish_profile() {
  try {
    Ort::AllocatorWithDefaultOptions allocator;
    const std::filesystem::path file = state_->session.EndProfilingAllocated(allocator).get();
    std::ifstream trace(file);
    Result<ProfilerLog> log = parse_profiler_log(trace);
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    return log;
  } catch (const Ort::Exception& error) {
    return fail(ErrorKind::failure, "{}", sentence_of(error));
  }
}

std::string runtime_version() { return Ort::GetVersionString(); }

std::vector<std::string> providers() { return Ort::GetAvailableProviders(); }

}  // namespace convoy::engine
