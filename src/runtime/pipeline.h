// A running plan: a worker process per device, several requests in flight, results in order.
#pragma once

#include <cstdint>
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
#include "runtime/coordinator.h"
#include "runtime/drops.h"
#include "runtime/fleet_status.h"
#include "runtime/ready_plan.h"
#include "runtime/recovery.h"
#include "runtime/timeline.h"
#include "runtime/worker_host.h"

namespace convoy::runtime {

struct PipelineOptions {
  std::size_t in_flight = 0;    // requests at once; 0: two per stage and two more
  Seconds load_timeout{60};     // to load and connect, and for every next piece of a sub-model to
                                // arrive
  Seconds request_timeout{60};  // from submission to result
  Seconds silence{0.7};  // a worker that is silent for so long is lost: within a second, with
                         // the time until it is asked
  Seconds comeback{0};          // how long devices are waited for when no plan fits those that are there
  std::function<bool()> stop;   // ends start() early, with error kind cancelled
  // Is given what is known of the fleet about once a second, by the thread that uses the pipeline.
  std::function<void(const FleetStatus&)> publish;
  bool keeps_timeline = false;
};

// What one stage did.
struct StageReport {
  std::string device;
  std::string file;
  Seconds span{0};                 // since the plan is in force: what the others count
  std::uint64_t requests = 0;
  Seconds busy{0};                 // computing
  Bytes sent{0};                   // to other devices
  Bytes peak_memory{0};            // of the worker process (VmHWM)
  Bytes idle_memory{0};            // of the worker process before it loaded any model
  double cpu_seconds = 0;          // of the worker process
  double messaging_seconds = 0;    // of these, what messages took
  Drops dropped;                   // by the worker
};

// A busy interval of a stage, for power and pictures; seconds since the pipeline started.
struct BusyInterval {
  std::size_t stage = 0;
  std::uint64_t request = 0;
  double start_s = 0;
  double end_s = 0;
};

// One coordinator's end of the pipeline; use it from one thread, which must call next() often while
// requests are under way: devices are watched there. It runs the first plan whose devices are all
// there; what becomes of requests when one is lost: conductor.h. An error of kind `lost` without a
// request's number says which device, and what became of it, and is the end of the pipeline; any other error
// of next() is the answer to one request, in its place. The host must outlive the pipeline.
class Pipeline {
 public:
  // Loads sub-models on their devices and connects these. Plans: the best first, at least one, of
  // one model. A worker serves one pipeline at a time.
  [[nodiscard]] static Result<Pipeline> start(std::vector<ReadyPlan> plans,
                                              const fleet::Fleet& fleet, WorkerHost& host,
                                              const PipelineOptions& options);
  Pipeline(Pipeline&&) noexcept;
  Pipeline& operator=(Pipeline&&) noexcept;
  ~Pipeline();

  // Of the plan in force, or the last one.
  [[nodiscard]] std::size_t stages() const;
  // Which of the plans that is.
  [[nodiscard]] std::size_t plan() const;
  // No room for another request until next() has given an answer?
  [[nodiscard]] bool full() const;
  // Inputs in the order of SplitMap::inputs. Only when not full().
  [[nodiscard]] Result<std::uint64_t> submit(std::vector<engine::SharedTensor> inputs);
  // The next answer, in order; waits at most `timeout`, nothing if none came.
  [[nodiscard]] Result<std::optional<Answer>> next(Seconds timeout);
  // next() skips what was submitted so far, and devices stop working on it.
  void forget();

  // Of the plan in force, since it is.
  [[nodiscard]] Result<std::vector<StageReport>> report();
  [[nodiscard]] Result<std::vector<BusyInterval>> busy_intervals();
  // All since the beginning, if it is kept, also of plans that are not in force any more; of a device
  // that was lost, what it did in its last second may be missing.
  [[nodiscard]] Timeline timeline();
  // Devices that were lost.
  [[nodiscard]] const std::vector<Recovery>& recoveries() const;

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
