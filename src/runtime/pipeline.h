// A running plan: a worker process per device, several requests in flight, results in order.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/session.h"
#include "fleet/fleet.h"
#include "foundation/error.h"
#include "foundation/units.h"
#include "onnx/cut.h"

namespace convoy::runtime {

// Starts the worker process of a device and says where it listens. src/emulation implements it with
// limits and namespaces; a device with an address of its own needs none.
class WorkerHost {
 public:
  struct Worker {
    std::string control;   // ZeroMQ endpoint of its control socket, as the coordinator reaches it
    std::string data;      // ZeroMQ endpoint of its data socket, as its peers reach it
    double speed = 1.0;    // below 1: the worker must stretch its computing itself
    std::optional<BytesPerSecond> pace;  // the worker must pace its sending itself
    int threads = 1;
  };
  virtual ~WorkerHost() = default;
  // Starts (or finds) the device's worker. The host keeps it until stop_all() or its destruction,
  // when no process is left behind.
  [[nodiscard]] virtual Result<Worker> start(const fleet::Device& device) = 0;
  // Nothing while the worker lives; else one sentence: killed for memory, exited with a status ...
  [[nodiscard]] virtual std::optional<std::string> obituary(const std::string& device) = 0;
  virtual void stop_all() = 0;
  // How limits are enforced, for reports: "cgroup quota 10 ms, memory limit, shaped link (htb)" ...
  [[nodiscard]] virtual std::string description() const = 0;
};

struct PipelineOptions {
  std::size_t in_flight = 0;            // requests at once; 0: two per stage and two more
  Seconds load_timeout{60};
  Seconds request_timeout{60};          // from submission to result
  onnx::CutMode mode = onnx::CutMode::exact;
};

// What one stage did, over the pipeline's life.
struct StageReport {
  std::string device;
  std::string file;
  std::uint64_t requests = 0;
  Seconds busy{0};                 // computing
  Bytes sent{0};                   // to other devices
  Bytes peak_memory{0};            // of the worker process (VmHWM)
  double cpu_seconds = 0;          // of the worker process
};

// A busy interval of a stage, for power and pictures; seconds since the pipeline started.
struct BusyInterval {
  std::size_t stage = 0;
  std::uint64_t request = 0;
  double start_s = 0;
  double end_s = 0;
};

struct Answer {
  std::uint64_t request = 0;                  // 0, 1, 2, ... in the order of submission
  std::vector<engine::SharedTensor> outputs;  // in the order of SplitMap::outputs
  Seconds latency{0};                         // from submission
};

// One coordinator's end of the pipeline; use it from one thread. Errors of kind `lost` say which
// device, and what became of it.
class Pipeline {
 public:
  // Loads each sub-model on its device, connects the devices and warms them up with nothing.
  [[nodiscard]] static Result<Pipeline> start(const std::filesystem::path& directory,
                                              const onnx::SplitMap& map, const fleet::Fleet& fleet,
                                              WorkerHost& host, const PipelineOptions& options);
  Pipeline(Pipeline&&) noexcept;
  Pipeline& operator=(Pipeline&&) noexcept;
  ~Pipeline();

  [[nodiscard]] std::size_t stages() const;
  // Room for another request?
  [[nodiscard]] bool full() const;
  // Inputs in the order of SplitMap::inputs. Only when not full().
  [[nodiscard]] Result<std::uint64_t> submit(std::vector<engine::SharedTensor> inputs);
  // The next answer, in order; waits at most `timeout`, nothing if none came.
  [[nodiscard]] Result<std::optional<Answer>> next(Seconds timeout);

  [[nodiscard]] Result<std::vector<StageReport>> report();
  [[nodiscard]] Result<std::vector<BusyInterval>> busy_intervals();

 private:
  struct State;
  explicit Pipeline(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Feeds `count` requests made by `input(i)` and hands every answer to `output`, keeping the pipeline
// full. Stops early, with error kind cancelled, when `stop` says so.
[[nodiscard]] Result<void> run_all(
    Pipeline& pipeline, std::size_t count,
    const std::function<Result<std::vector<engine::SharedTensor>>(std::size_t)>& input,
    const std::function<void(Answer)>& output, const std::function<bool()>& stop);

}  // namespace convoy::runtime
