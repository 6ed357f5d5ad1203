// The thread of a worker that computes: it owns the sessions, so that the thread that owns the
// sockets always has time to answer.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "engine/session.h"
#include "foundation/error.h"
#include "profile/profile.h"
#include "runtime/model_cache.h"
#include "runtime/stage.h"

namespace convoy::runtime {

// A stage's model, and which of its ports hold the stage's values.
struct StageModel {
  StageId stage;
  ModelFiles files;
  onnx::OptimizationLevel level = onnx::OptimizationLevel::none;
  std::vector<std::string> inputs;   // names, as in the stage's spec; "": no port, only a trigger
  std::vector<std::string> outputs;
};

// What the computer is asked to do, one after the other. `ticket` comes back with the outcome.
struct LoadTask {
  std::uint64_t ticket = 0;
  std::vector<StageModel> models;  // replace those that are loaded, but for the same ones; none: only
                                   // unload
  int threads = 0;                 // to compute with from now on; 0: as in the options
};
struct MeasureTask {
  std::uint64_t ticket = 0;
  ModelFiles files;
  std::vector<engine::SharedTensor> inputs;
  int threads = 0;
};
using Task = std::variant<LoadTask, MeasureTask, Job>;

struct Loaded {
  std::uint64_t ticket = 0;
  Bytes idle_memory{0};  // of the process, before it loaded them
  Result<void> result;
};
struct Measured {
  std::uint64_t ticket = 0;
  Result<std::string> profile_json;
};
struct Computed {
  StageId stage;
  std::uint64_t epoch = 0;
  std::uint64_t request = 0;
  Result<std::vector<engine::SharedTensor>> outputs;
  double start_s = 0;  // by the steady clock
  double end_s = 0;
};
using Outcome = std::variant<Loaded, Measured, Computed>;

struct ComputerOptions {
  int threads = 1;     // at most
  double speed = 1.0;  // below 1: each job is stretched to its CPU time over this
};

// Tasks in, outcomes out. The queues hold at most what the tasks' sender lets be under way.
class Computer {
 public:
  // `wake` (an eventfd) is written to after each outcome.
  Computer(ComputerOptions options, ModelCache& cache, int wake);
  Computer(const Computer&) = delete;
  Computer& operator=(const Computer&) = delete;
  ~Computer();  // ends the task at hand early if it is a job, forgets the others

  void post(Task task);
  // Forgets jobs that have not begun; of all requests, or of one. How many there were. One that has
  // begun ends early.
  std::size_t forget_jobs(std::optional<std::uint64_t> request = std::nullopt);
  [[nodiscard]] std::vector<Outcome> take();

 private:
  struct Loading {
    StageModel model;
    engine::Session session;
    std::vector<std::ptrdiff_t> input_of_port;   // per session input: of the stage, or -1
    std::vector<std::size_t> port_of_output;     // per stage output: of the session
  };

  void work();
  template <class Task>
  [[nodiscard]] Outcome try_to_perform(Task& task);
  [[nodiscard]] int threads_for(int asked) const;
  [[nodiscard]] Outcome perform(LoadTask& task);
  [[nodiscard]] Outcome perform(MeasureTask& task);
  [[nodiscard]] Outcome perform(Job& job);
  [[nodiscard]] std::map<StageId, engine::Session> take_sessions(const LoadTask& task);
  [[nodiscard]] Result<engine::Session> load(const StageModel& model);
  [[nodiscard]] static Result<Loading> bind(const StageModel& model, engine::Session session);
  [[nodiscard]] Result<std::vector<engine::SharedTensor>> run(Job& job);
  void stretch(double start_s, double cpu_before_s) const;

  ComputerOptions options_;
  ModelCache& cache_;
  int wake_;
  int threads_;                        // of the thread, as the next
  std::map<StageId, Loading> stages_;  // of the thread
  Bytes idle_memory_{0};               // of the thread

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Task> tasks_;
  std::vector<Outcome> outcomes_;
  std::optional<std::uint64_t> computed_;  // the request whose job is at hand
  engine::Interrupt interrupt_;            // of that job
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace convoy::runtime
