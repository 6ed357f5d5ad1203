// The plug-in interface: a base model, a partitioner, a solver or a metric of your own.
//
// A plug-in is one C++ file (or a shared object made of it) that an algorithm or test environment
// file names by `url`, or a solver that `convoy plan --solver` names. convoy compiles it on first
// use with the system's C++ compiler. It needs this header only, and links nothing: all that it may
// ask of convoy is behind `Host`.
//
//   #include <convoy/plugin.h>
//   struct Classification : convoy::BaseModel { ... };
//   CONVOY_BASE_MODEL(Classification)
//
// Everything here is called from one thread. A function reports failure by throwing
// std::runtime_error (or any std::exception) with one sentence for the user: convoy catches it at
// the border, fails this test case, and goes on with the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace convoy {

// Hyperparameters of the algorithm file, one combination of the grid, as the file spells them.
using Parameters = std::map<std::string, std::string>;

// A dense float32 tensor, row-major: what images become and classifiers answer.
struct FloatTensor {
  std::vector<std::int64_t> shape;
  std::vector<float> data;
};

// One line of the dataset's index: a file and its label.
struct Sample {
  std::filesystem::path file;
  std::string label;   // as in the index; empty when it has none
};

// What a partition decides: where the sub-models lie, and which device runs which
// (file name -> device name), the `models_dir, map_info` of Ianvs.
struct PartitionResult {
  std::filesystem::path models_dir;
  std::map<std::string, std::string> map_info;
};

// A device as devices.yaml describes it, for partitioners.
struct DeviceInfo {
  std::string name;
  std::string type;
  std::int64_t memory_bytes = 0;        // 0: not limited
  double cores = 0;                     // 0: not limited
  double bandwidth_bytes_per_s = 0;     // 0: not limited
};

// A node of the (optimised) model with its measured costs, in a topological order.
struct NodeInfo {
  std::string name;
  std::string op;
  std::int64_t weight_bytes = 0;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<double> seconds;          // per device, in the order of Host::devices()
};

// How an image becomes a model's input, as torchvision and Pillow do it: the shorter side to
// `resize`, the centre `crop`, then (x - mean) / scale of the 0..255 values.
struct ImageOptions {
  enum class Interpolation { bilinear, bicubic };
  int resize = 256;
  int crop = 224;
  Interpolation interpolation = Interpolation::bicubic;
  float mean = 127;
  float scale = 128;
};

// What convoy offers to plug-ins. Valid during the call that received it.
class Host {
 public:
  virtual ~Host() = default;
  [[nodiscard]] virtual const std::vector<DeviceInfo>& devices() const = 0;
  // Nodes with costs: profiles the model on every device on first use.
  virtual std::vector<NodeInfo> profile(const std::filesystem::path& model) = 0;
  // Bytes of a value that could cross a cut, after profile().
  virtual std::int64_t value_bytes(const std::string& value) = 0;
  // Cuts the model: stage_of[i] is the stage of node i of profile(), device_of_stage[s] a device
  // name. Checks the pieces against the whole and returns where they lie.
  virtual PartitionResult cut(const std::filesystem::path& model,
                              const std::vector<int>& stage_of,
                              const std::vector<std::string>& device_of_stage) = 0;
  // Loads a whole model on one device (empty name: the fastest), or sub-models as a pipeline.
  virtual void load(const std::filesystem::path& model, const std::string& device) = 0;
  virtual void load(const PartitionResult& partition) = 0;
  // Runs `count` requests through what was loaded, several in flight; input(i) gives the tensor of
  // request i, answers come to output(i, tensor) in order. The first dimension of a tensor counts
  // its items: speed is items per second. A model with several outputs answers with the first.
  virtual void infer(std::size_t count, const std::function<FloatTensor(std::size_t)>& input,
                     const std::function<void(std::size_t, const FloatTensor&)>& output) = 0;
  // A JPEG or PNG file as [3, crop, crop].
  virtual FloatTensor image(const std::filesystem::path& file, const ImageOptions& options) = 0;
};

// The algorithm under test: Ianvs' BaseModel.
class BaseModel {
 public:
  virtual ~BaseModel() = default;
  // Your own partition function, called first when model parallelism is on. nullopt: convoy's.
  virtual std::optional<PartitionResult> partition(Host&, const std::filesystem::path& model) {
    (void)model;
    return std::nullopt;
  }
  // The whole model (no partition), or the sub-models with their map.
  virtual void load(Host& host, const std::filesystem::path& model, const std::string& device) {
    host.load(model, device);
  }
  virtual void load(Host& host, const PartitionResult& partition) { host.load(partition); }
  // One prediction a sample, in order.
  virtual std::vector<std::string> predict(Host& host, const std::vector<Sample>& samples) = 0;
};

// What a metric may look at, per test case.
struct CaseResult {
  std::vector<Sample> samples;
  std::vector<std::string> predictions;
  // What convoy measured, by the names of its own metrics, in base units: "fps" in items per second,
  // "latency_p50" in seconds, "peak_memory" in bytes, ... What was not measured is not in it.
  std::map<std::string, double> figures;
};

// A metric of your own: one number, larger or smaller is better as the job's rank says.
class Metric {
 public:
  virtual ~Metric() = default;
  virtual double measure(const CaseResult& result) = 0;
};

// What a solver is asked: which device should run which nodes. Lists are in one order throughout.
struct PlanningTask {
  std::vector<DeviceInfo> devices;
  std::vector<NodeInfo> nodes;                        // in a topological order; `op` is empty
  std::map<std::string, std::int64_t> value_bytes;    // of what nodes read and write
  std::vector<std::vector<double>> bytes_per_second;  // [from][to] device; 0: not limited
  double budget_s = 0;                                // that the user gives
};

// A stage of a placement: some nodes on a device, as positions in the lists of the task.
struct StageChoice {
  std::size_t device = 0;
  std::vector<std::size_t> nodes;
};
// Every node in one stage; stages in an order in which none reads from a later one.
using PlacementChoice = std::vector<StageChoice>;

// What convoy says of a placement.
struct Prediction {
  std::string wrong;    // why it does not hold, memory included; empty: it does
  double period_s = 0;  // between two results of a full pipeline
  double latency_s = 0;
  double energy_j = 0;  // per request; 0 without power figures
};
using Predict = std::function<Prediction(const PlacementChoice&)>;

// A solver of your own. convoy checks what it answers, predicts and explains it, and cuts the
// model.
class Solver {
 public:
  virtual ~Solver() = default;
  virtual PlacementChoice solve(const PlanningTask& task, const Predict& predict) = 0;
};

// Raised when this header changes in a way that old shared objects would not understand.
inline constexpr int kPluginVersion = 1;

// Used by the macros below: the constructor from Parameters where there is one, else the default.
template <class T>
T* make_plugin(const Parameters& parameters) {
  if constexpr (std::is_constructible_v<T, const Parameters&>) {
    return new T(parameters);
  } else {
    return new T();
  }
}

}  // namespace convoy

// One of these stands once in a plug-in's file.
#define CONVOY_BASE_MODEL(type) CONVOY_EXPORT_PLUGIN(convoy_make_base_model, BaseModel, type)
#define CONVOY_SOLVER(type) CONVOY_EXPORT_PLUGIN(convoy_make_solver, Solver, type)
#define CONVOY_METRIC(type) CONVOY_EXPORT_PLUGIN(convoy_make_metric, Metric, type)

#define CONVOY_EXPORT_PLUGIN(symbol, kind, type)                                    \
  extern "C" int convoy_plugin_version() { return ::convoy::kPluginVersion; }        \
  extern "C" ::convoy::kind* symbol(const ::convoy::Parameters& parameters) {        \
    return ::convoy::make_plugin<type>(parameters);                                  \
  }
