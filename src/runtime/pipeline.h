// A running plan: a worker process per device, several requests in flight, results in order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/shared_tensor.h"
#include "fleet/fleet.h"
#include "foundation/error.h"
#include "foundation/units.h"
#include "onnx/cut.h"
#include "runtime/drops.h"
#include "runtime/endpoint.h"
#include "runtime/keys.h"

namespace convoy::runtime {

// Starts the worker process of a device and says where it listens. src/emulation implements it with
// limits and namespaces; a device with an address of its own needs none.
class WorkerHost {
 public:
  // Who makes the links between devices as slow as the fleet says.
  enum class Network {
    real,    // nobody: they are what they are
    shaped,  // the kernel keeps to their bandwidth, the sending worker to their latency
    paced,   // the sending worker keeps to both
  };
  struct Worker {
    Endpoint endpoint;  // as the coordinator and its peers reach it
    Network network = Network::real;
    // Of a worker that uses keys: our own, and its public one.
    std::optional<KeyPair> own{};
    std::string server_key{};
    // Whoever has the same keys and the same session is the same coordinator.
    std::uint64_t session = 1;
    Seconds patience{60};  // until it answers for the first time
  };
  virtual ~WorkerHost() = default;
  // Starts (or finds) the device's worker. The host keeps what it started until stop_all() or its
  // destruction, when no process is left behind.
  [[nodiscard]] virtual Result<Worker> start(const fleet::Device& device) = 0;
  // Nothing while the worker lives; else what became of it, to follow its name: "was killed: out of
  // memory (limit 256 MB)", "exited with status 1" ...
  [[nodiscard]] virtual std::optional<std::string> obituary(const std::string& device) = 0;
  virtual void stop_all() = 0;
  // How limits are enforced, for reports: "cgroup quota 10 ms, memory limit, shaped link (htb)" ...
  [[nodiscard]] virtual std::string description() const = 0;
};

struct PipelineOptions {
  std::size_t in_flight = 0;            // requests at once; 0: two per stage and two more
  Seconds load_timeout{60};  // to start, load and connect all workers; and for every next
                             // piece of a sub-model to arrive
  Seconds request_timeout{60};          // from submission to result
  Seconds silence{2};                   // a worker that is silent for so long is lost
  onnx::CutMode mode = onnx::CutMode::exact;
  std::function<bool()> stop;           // ends start() early, with error kind cancelled
};

// What one stage did, over the pipeline's life.
struct StageReport {
  std::string device;
  std::string file;
  std::uint64_t requests = 0;
  Seconds busy{0};                 // computing
  Bytes sent{0};                   // to other devices
  Bytes peak_memory{0};            // of the worker process (VmHWM)
  Bytes idle_memory{0};            // of the worker process before it loaded any model
  double cpu_seconds = 0;          // of the worker process
  Drops dropped;                   // by the worker
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

// One coordinator's end of the pipeline; use it from one thread. An error of kind `lost` says which
// device, and what became of it, and is the end of the pipeline; any other error of next() is the
// answer to one request, in its place. The host must outlive the pipeline.
class Pipeline {
 public:
  // Loads each sub-model of `directory` on its device and connects the devices. A worker serves one
  // pipeline at a time.
  [[nodiscard]] static Result<Pipeline> start(const std::filesystem::path& directory,
                                              const onnx::SplitMap& map, const fleet::Fleet& fleet,
                                              WorkerHost& host, const PipelineOptions& options);
  Pipeline(Pipeline&&) noexcept;
  Pipeline& operator=(Pipeline&&) noexcept;
  ~Pipeline();

  [[nodiscard]] std::size_t stages() const;
  // No room for another request until next() has given an answer?
  [[nodiscard]] bool full() const;
  // Inputs in the order of SplitMap::inputs. Only when not full().
  [[nodiscard]] Result<std::uint64_t> submit(std::vector<engine::SharedTensor> inputs);
  // The next answer, in order; waits at most `timeout`, nothing if none came.
  [[nodiscard]] Result<std::optional<Answer>> next(Seconds timeout);
  // next() skips what was submitted so far.
  void forget();

  [[nodiscard]] Result<std::vector<StageReport>> report();
  [[nodiscard]] Result<std::vector<BusyInterval>> busy_intervals();

 private:
  struct State;
  explicit Pipeline(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Feeds `count` requests made by `input(i)` and hands every answer to `output`, keeping the pipeline
// full. Stops early, with error kind cancelled, when `stop` says so, and at the first error. Forgets
// what an earlier run left under way.
[[nodiscard]] Result<void> run_all(
    Pipeline& pipeline, std::size_t count,
    const std::function<Result<std::vector<engine::SharedTensor>>(std::size_t)>& input,
    const std::function<void(Answer)>& output, const std::function<bool()>& stop);

}  // namespace convoy::runtime
