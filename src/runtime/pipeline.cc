#include "runtime/pipeline.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <random>
#include <utility>
#include <zmq.hpp>

#include "foundation/clock.h"
#include "runtime/conductor.h"
#include "runtime/observer.h"
#include "runtime/sockets.h"
#include "runtime/usage.h"
#include "runtime/wire.h"
#include "runtime/worker_link.h"
#include "runtime/worker_status.h"

namespace convoy::runtime {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// How often the workers' hosts are asked whether they live.
constexpr auto kCheck = 50ms;
// A process that died is known to its host a moment after its sockets closed; that our key was
// revoked, once the connection has tried to come back.
constexpr auto kObituary = 200ms;
// What was said last still leaves, for at most this long.
constexpr auto kLastWords = 100ms;
// A report is answered by a thread that does not compute.
constexpr Seconds kAnswer{10};
constexpr Seconds kLastFigures{2};
// Workers stay; they free the models for whoever comes next. Who is lost is not waited for.
constexpr auto kLeave = 2s;

// From here on no other pipeline uses any.
std::uint64_t first_epoch() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | 1;
}

}  // namespace

// The conductor's world: sockets, and the host that starts workers.
struct Pipeline::State : ConductorWorld {
  State(const fleet::Fleet& of, WorkerHost& by, const PipelineOptions& with)
      : fleet(of),
        host(by),
        options(with),
        lost(of.devices.size()),
        observer(of, with.publish, with.keeps_timeline) {
    links.resize(of.devices.size());
  }
  ~State() override;

  Result<WorkerHost::Worker> reach(DeviceId device) override;
  Result<void> open_data(DeviceId device) override { return links[device]->open_data(); }
  void send(DeviceId device, Gate::Side side, Parts parts) override {
    if (!links[device]) return;
    if (side == Gate::Side::data) observer.sent(device, parts);
    links[device]->send(side, std::move(parts));
  }
  void close(DeviceId device) override {
    if (links[device]) links[device]->linger(kLastWords);
    links[device].reset();
    lost[device].reset();
  }
  Error unreached(DeviceId device) const override { return links[device]->unreached(); }
  std::optional<std::vector<onnx::DataPiece>> pieces_of(const PlanFile& file) override;
  double clock_s() const override { return steady_seconds(); }

  // Tells the conductor what has happened.
  void receive();
  void look_at(DeviceId device, Clock::time_point now, bool ask_host);
  void wait_for_more(Clock::time_point deadline);
  // Until `done` says so; or the end, or the deadline.
  template <class Done>
  [[nodiscard]] Result<void> until(Clock::time_point deadline, Done done);
  [[nodiscard]] Result<std::map<DeviceId, wire::Figures>> figures(bool with_intervals);

  fleet::Fleet fleet;
  WorkerHost& host;
  PipelineOptions options;
  zmq::context_t context{1};
  ById<DeviceId, std::optional<WorkerLink>> links;
  ById<DeviceId, std::optional<Clock::time_point>> lost;  // connections, whose process may be, too
  // By their sha256; read by threads of their own.
  std::atomic<bool> ends = false;
  std::mutex reading;  // one file at a time
  std::map<std::string, std::shared_future<std::vector<onnx::DataPiece>>> pieces;
  Clock::time_point asked_host;
  Observer observer;
  std::optional<Conductor> conductor;
  double started_s = 0;  // by our steady clock
};

Pipeline::State::~State() {
  ends = true;
  if (!conductor) return;
  conductor->leave(Clock::now());
  const Clock::time_point deadline = Clock::now() + kLeave;
  while (!conductor->has_left() && Clock::now() < deadline) {
    wait_for_more(deadline);
    receive();
  }
  for (const DeviceId device : fleet.devices.ids()) close(device);
}

Result<WorkerHost::Worker> Pipeline::State::reach(DeviceId device) {
  close(device);
  auto worker = host.start(fleet.devices[device]);
  if (!worker) return worker;
  // Pings of the connection itself only end it when the conductor has given it up.
  auto link =
      WorkerLink::connect(context, fleet.devices[device].name, *worker, 2 * options.silence);
  if (!link) return std::unexpected(std::move(link.error()));
  links[device].emplace(*std::move(link));
  return worker;
}

std::optional<std::vector<onnx::DataPiece>> Pipeline::State::pieces_of(const PlanFile& file) {
  auto found = pieces.find(file.sha256);
  if (found == pieces.end()) {
    auto read = std::async(std::launch::async, [this, file] {
      const std::scoped_lock lock(reading);
      return onnx::pieces_of(file.model, file.path, [this] { return ends.load(); })
          .value_or(std::vector<onnx::DataPiece>());
    });
    found = pieces.emplace(file.sha256, read.share()).first;
  }
  if (found->second.wait_for(0s) != std::future_status::ready) return std::nullopt;
  return found->second.get();
}

void Pipeline::State::look_at(DeviceId device, Clock::time_point now, bool ask_host) {
  const std::string& name = fleet.devices[device].name;
  if (links[device]) {
    links[device]->update();
    links[device]->set_greeted(conductor->is_here(device));
    for (const Gate::Side side : {Gate::Side::control, Gate::Side::data}) {
      while (links[device]) {
        auto parts = links[device]->receive(side);
        if (!parts) break;
        conductor->take(device, side, *std::move(parts), now);
      }
    }
  }
  if (ask_host || lost[device]) {
    if (const auto obituary = host.obituary(name)) {
      return conductor->lose(device, runtime::lost(name, *obituary), true, now);
    }
  }
  if (!links[device]) return;
  if (links[device]->is_hopeless()) {
    return conductor->lose(device, links[device]->unreached(), false, now);
  }
  if (!links[device]->is_lost()) return;
  if (!lost[device]) lost[device] = now;
  if (now - *lost[device] < kObituary) return;
  conductor->lose(device, runtime::lost(name, kSilent), false, now);
}

void Pipeline::State::receive() {
  const Clock::time_point now = Clock::now();
  const bool ask_host = now - asked_host >= kCheck;
  if (ask_host) asked_host = now;
  for (const DeviceId device : fleet.devices.ids()) look_at(device, now, ask_host);
  conductor->tick(Clock::now());
  observer.look(*conductor, Clock::now());
}

void Pipeline::State::wait_for_more(Clock::time_point deadline) {
  std::vector<zmq::pollitem_t> items;
  bool any_lost = false;
  for (const DeviceId device : fleet.devices.ids()) {
    if (links[device]) links[device]->add_to(items);
    any_lost = any_lost || lost[device].has_value();
  }
  const Clock::time_point now = Clock::now();
  const auto most = any_lost ? Clock::duration(10ms) : Clock::duration(kCheck);
  wait(items, std::min<Clock::duration>({most, deadline - now, conductor->next_tick() - now}));
}

template <class Done>
Result<void> Pipeline::State::until(Clock::time_point deadline, Done done) {
  while (true) {
    receive();
    if (done()) return {};
    if (conductor->ended()) return std::unexpected(*conductor->ended());
    if (Clock::now() >= deadline) return {};
    if (options.stop && options.stop()) return fail(ErrorKind::cancelled, "stopped");
    wait_for_more(deadline);
  }
}

Result<std::map<DeviceId, wire::Figures>> Pipeline::State::figures(bool with_intervals) {
  std::optional<std::map<DeviceId, wire::Figures>> figures;
  std::uint64_t asked = 0;  // in this epoch
  const auto done = until(from_now(kAnswer), [&] {
    if (conductor->running() && conductor->epoch() != asked) {
      asked = conductor->epoch();
      conductor->ask_figures(with_intervals, Clock::now());
    }
    figures = conductor->figures();
    return figures.has_value();
  });
  if (!done) return std::unexpected(done.error());
  if (!figures) return fail(ErrorKind::lost, "the devices do not say what they did");
  return *std::move(figures);
}

Pipeline::Pipeline(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;
Pipeline::~Pipeline() = default;

Result<Pipeline> Pipeline::start(std::vector<ReadyPlan> plans, const fleet::Fleet& fleet,
                                 WorkerHost& host, const PipelineOptions& options) try {
  auto state = std::make_unique<State>(fleet, host, options);
  auto conductor = Conductor::create(fleet, std::move(plans),
                                     {.in_flight = options.in_flight,
                                      .request_timeout = options.request_timeout,
                                      .load_timeout = options.load_timeout,
                                      .silence = options.silence,
                                      .comeback = options.comeback,
                                      .epoch = first_epoch()},
                                     *state);
  if (!conductor) return std::unexpected(std::move(conductor.error()));
  state->conductor.emplace(*std::move(conductor));
  state->observer.begin(Clock::now(), steady_seconds());
  state->conductor->begin(Clock::now());
  const auto running = state->until(Clock::time_point::max(), [&] {
    return state->conductor->running().has_value();
  });
  if (!running) return std::unexpected(running.error());
  state->started_s = steady_seconds();
  state->options.stop = nullptr;  // the pipeline's user stops it from here on
  return Pipeline(std::move(state));
} catch (const zmq::error_t& error) {
  return fail(ErrorKind::failure, "cannot start the pipeline: {}", error.what());
}

std::size_t Pipeline::stages() const {
  return state_->conductor->route(plan()).stages.size();
}

std::size_t Pipeline::plan() const { return state_->conductor->last_plan(); }

bool Pipeline::full() const { return state_->conductor->full(); }

Result<std::uint64_t> Pipeline::submit(std::vector<engine::SharedTensor> inputs) {
  if (state_->conductor->ended()) return std::unexpected(*state_->conductor->ended());
  const Clock::time_point now = Clock::now();
  auto submitted = state_->conductor->submit(std::move(inputs), now);
  if (submitted) state_->observer.submitted(*submitted, now);
  return submitted;
}

Result<std::optional<Answer>> Pipeline::next(Seconds timeout) {
  std::optional<Result<Answer>> answer;
  const auto done = state_->until(from_now(timeout), [&] {
    answer = state_->conductor->next();
    return answer.has_value();
  });
  if (!done) return std::unexpected(done.error());
  if (!answer) return std::nullopt;
  state_->observer.answered(*answer, Clock::now());
  if (!*answer) return std::unexpected(std::move(answer->error()));
  return std::optional(**std::move(answer));
}

void Pipeline::forget() {
  state_->conductor->forget();
  state_->observer.forget();
}

Timeline Pipeline::timeline() {
  Conductor& conductor = *state_->conductor;
  conductor.ask_status(true, Clock::now());
  // What does not come is not there.
  (void)state_->until(from_now(kLastFigures), [&] { return !conductor.awaits_status(); });
  return state_->observer.timeline(conductor);
}

const std::vector<Recovery>& Pipeline::recoveries() const {
  return state_->conductor->recoveries();
}

Result<std::vector<StageReport>> Pipeline::report() {
  const auto all = state_->figures(false);
  if (!all) return std::unexpected(all.error());
  const Route& route = state_->conductor->route(plan());
  const onnx::SplitMap& map = state_->conductor->plan(plan()).map;
  std::vector<StageReport> reports;
  for (const Route::Stage& stage : route.stages) {
    const std::string& device = route.devices[stage.peer.index() - 1];
    const wire::Figures& figures = all->at(*state_->fleet.find(device));
    StageReport report{.device = device,
                       .file = map.sub_models[stage.sub_model].file,
                       .span = Clock::now() - state_->conductor->in_force_since(),
                       .peak_memory = bytes_of(figures.peak_memory_bytes()),
                       .idle_memory = bytes_of(figures.idle_memory_bytes()),
                       .cpu_seconds = figures.cpu_s(),
                       .messaging_seconds = figures.messaging_cpu_s(),
                       .dropped = from_wire(figures.dropped())};
    if (const wire::StageReport* const said = report_of(figures, stage.spec.id)) {
      report.requests = said->requests();
      report.busy = Seconds(said->busy_s());
      report.sent = bytes_of(said->sent_bytes());
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

Result<std::vector<BusyInterval>> Pipeline::busy_intervals() {
  const auto all = state_->figures(true);
  if (!all) return std::unexpected(all.error());
  std::vector<BusyInterval> intervals;
  for (const auto& [device, figures] : *all) {
    const double origin_s =
        state_->started_s + state_->conductor->clock_offset(device).count();
    for (const Timeline::Interval& interval : intervals_of(figures, origin_s)) {
      if (interval.epoch != state_->conductor->epoch() || interval.stage >= stages()) continue;
      intervals.push_back({.stage = interval.stage,
                           .request = interval.request,
                           .start_s = interval.begin.count(),
                           .end_s = interval.end.count()});
    }
  }
  std::ranges::sort(intervals, {}, [](const BusyInterval& interval) {
    return std::tuple(interval.start_s, interval.stage);
  });
  return intervals;
}

Result<void> run_all(Pipeline& pipeline, std::size_t count,
                     const std::function<Result<std::vector<engine::SharedTensor>>(std::size_t)>& input,
                     const std::function<void(Answer)>& output, const std::function<bool()>& stop) {
  pipeline.forget();  // of a run that ended early
  std::size_t submitted = 0;
  std::size_t answered = 0;
  while (answered < count) {
    if (stop && stop()) {
      return fail(ErrorKind::cancelled, "stopped after {} of {} requests", answered, count);
    }
    while (submitted < count && !pipeline.full()) {
      auto inputs = input(submitted);
      if (!inputs) return std::unexpected(std::move(inputs.error()));
      if (auto sent = pipeline.submit(*std::move(inputs)); !sent) {
        return std::unexpected(std::move(sent.error()));
      }
      ++submitted;
    }
    auto answer = pipeline.next(Seconds(0.1));
    if (!answer) return std::unexpected(std::move(answer.error()));
    if (!*answer) continue;
    output(**std::move(answer));
    ++answered;
  }
  return {};
}

}  // namespace convoy::runtime
