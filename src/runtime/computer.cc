#include "runtime/computer.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <utility>

#include "profile/measure.h"
#include "runtime/usage.h"

namespace convoy::runtime {

Computer::Computer(ComputerOptions options, ModelCache& cache, int wake)
    : options_(options), cache_(cache), wake_(wake), threads_(options.threads), thread_([this] {
        work();
      }) {}

Computer::~Computer() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    interrupt_.raise();
  }
  arrived_.notify_one();
  thread_.join();
}

void Computer::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  arrived_.notify_one();
}

std::size_t Computer::forget_jobs(std::optional<std::uint64_t> request) {
  const std::lock_guard lock(mutex_);
  if (computed_ && (!request || *computed_ == *request)) interrupt_.raise();
  return std::erase_if(tasks_, [&](const Task& task) {
    const Job* const job = std::get_if<Job>(&task);
    return job && (!request || job->request == *request);
  });
}

std::vector<Outcome> Computer::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(outcomes_, {});
}

namespace {

Outcome failed(const LoadTask& task, Error error) {
  return Loaded{.ticket = task.ticket, .result = std::unexpected(std::move(error))};
}
Outcome failed(const MeasureTask& task, Error error) {
  return Measured{task.ticket, std::unexpected(std::move(error))};
}
Outcome failed(const Job& job, Error error) {
  return Computed{.stage = job.stage,
                  .epoch = job.epoch,
                  .request = job.request,
                  .outputs = std::unexpected(std::move(error))};
}

}  // namespace

// Nothing a library throws may end the worker: above all, memory that its limit denies.
template <class Task>
Outcome Computer::try_to_perform(Task& task) {
  try {
    return perform(task);
  } catch (const std::exception& error) {
    return failed(task, {ErrorKind::failure, error.what()});
  }
}

void Computer::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    arrived_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
    if (ending_) return;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    if (const Job* const job = std::get_if<Job>(&task)) computed_ = job->request;
    interrupt_.reset();
    lock.unlock();
    Outcome outcome = std::visit([this](auto& what) { return try_to_perform(what); }, task);
    lock.lock();
    computed_.reset();
    outcomes_.push_back(std::move(outcome));
    const std::uint64_t one = 1;
    // An eventfd's counter cannot overflow here, so nothing can fail.
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
  }
}

int Computer::threads_for(int asked) const {
  return asked == 0 ? options_.threads : std::min(asked, options_.threads);
}

Outcome Computer::perform(LoadTask& task) {
  std::map<StageId, engine::Session> kept = take_sessions(task);
  threads_ = threads_for(task.threads);
  forget_peak_memory();
  if (kept.empty()) idle_memory_ = peak_memory();
  Loaded loaded{.ticket = task.ticket, .idle_memory = idle_memory_, .result = {}};
  for (const StageModel& model : task.models) {
    auto session = kept.extract(model.stage);
    Result<Loading> loading = (session ? Result<engine::Session>(std::move(session.mapped()))
                                       : load(model))
                                  .and_then([&](engine::Session&& ready) {
                                    return bind(model, std::move(ready));
                                  });
    if (!loading) {
      stages_.clear();
      loaded.result = std::unexpected(std::move(loading.error()));
      break;
    }
    stages_.emplace(model.stage, *std::move(loading));
  }
  return loaded;
}

// Those loaded sessions that the task wants again, by its stages; all others are gone.
std::map<StageId, engine::Session> Computer::take_sessions(const LoadTask& task) {
  std::map<StageId, Loading> loaded = std::exchange(stages_, {});
  std::map<StageId, engine::Session> kept;
  if (threads_ != threads_for(task.threads)) return kept;
  for (const StageModel& model : task.models) {
    const auto same = std::ranges::find_if(loaded, [&](const auto& each) {
      return each.second.model.files == model.files && each.second.model.level == model.level;
    });
    if (same == loaded.end()) continue;
    kept.emplace(model.stage, std::move(same->second.session));
    loaded.erase(same);
  }
  return kept;
}

Result<engine::Session> Computer::load(const StageModel& model) {
  return cache_.find(model.files).and_then([&](const std::filesystem::path& file) {
    return engine::Session::load(file, {.threads = threads_, .level = model.level});
  });
}

Result<Computer::Loading> Computer::bind(const StageModel& model, engine::Session session) {
  std::vector<std::ptrdiff_t> input_of_port;
  for (const engine::Port& port : session.inputs()) {
    const auto name = std::ranges::find(model.inputs, port.name);
    if (name == model.inputs.end() && port.required) {
      return fail(ErrorKind::input, "the sub-model reads \"{}\", which its map.json does not list",
                  port.name);
    }
    input_of_port.push_back(name == model.inputs.end() ? -1 : name - model.inputs.begin());
  }
  std::vector<std::size_t> port_of_output;
  for (const std::string& name : model.outputs) {
    const auto port = std::ranges::find(session.outputs(), name, &engine::Port::name);
    if (port == session.outputs().end()) {
      return fail(ErrorKind::input, "the sub-model has no output \"{}\", which its map.json lists",
                  name);
    }
    port_of_output.push_back(static_cast<std::size_t>(port - session.outputs().begin()));
  }
  return Loading{model, std::move(session), std::move(input_of_port), std::move(port_of_output)};
}

Outcome Computer::perform(MeasureTask& task) {
  stages_.clear();
  forget_peak_memory();
  const auto measured =
      cache_.find(task.files)
          .and_then([&](const std::filesystem::path& file) {
            return profile::measure_nodes(file, task.inputs,
                                          {.threads = threads_for(task.threads)});
          })
          .transform([&](profile::NodeCosts costs) {
            return profile::to_json({.model_sha256 = task.files.sha256,
                                     .runtime_version = engine::runtime_version(),
                                     .values = std::move(costs.values),
                                     .devices = {{.nodes = std::move(costs.nodes),
                                                  .stage_overhead = costs.call}}});
          });
  return Measured{task.ticket, measured};
}

Outcome Computer::perform(Job& job) {
  Computed computed{.stage = job.stage, .epoch = job.epoch, .request = job.request};
  const double cpu_before_s = (threads_ == 1 ? thread_cpu_time() : process_cpu_time()).count();
  computed.start_s = steady_seconds();
  computed.outputs = run(job);
  stretch(computed.start_s, cpu_before_s);
  computed.end_s = steady_seconds();
  return computed;
}

Result<std::vector<engine::SharedTensor>> Computer::run(Job& job) {
  const auto found = stages_.find(job.stage);
  if (found == stages_.end()) {
    return fail(ErrorKind::failure, "stage {} is not loaded here", job.stage.index());
  }
  Loading& stage = found->second;
  std::vector<engine::SharedTensor> inputs;
  for (const std::ptrdiff_t input : stage.input_of_port) {
    inputs.push_back(input < 0 ? engine::SharedTensor{} : std::move(job.inputs[input]));
  }
  job.inputs.clear();
  auto made = stage.session.run(inputs, interrupt_);
  if (!made) return made;
  std::vector<engine::SharedTensor> outputs;
  for (const std::size_t port : stage.port_of_output) outputs.push_back((*made)[port]);
  return outputs;
}

// The device has `speed` of each core that this process used.
void Computer::stretch(double start_s, double cpu_before_s) const {
  if (options_.speed >= 1.0) return;
  const double cpu_s =
      (threads_ == 1 ? thread_cpu_time() : process_cpu_time()).count() - cpu_before_s;
  const double end_s = start_s + cpu_s / threads_ / options_.speed;
  std::this_thread::sleep_for(Seconds(end_s - steady_seconds()));
}

}  // namespace convoy::runtime
