#include "runtime/pipeline.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <random>
#include <utility>
#include <zmq.hpp>

#include "foundation/suggest.h"
#include "runtime/coordinator.h"
#include "runtime/remote_worker.h"
#include "runtime/route.h"
#include "runtime/setup.h"
#include "runtime/sockets.h"
#include "runtime/usage.h"

namespace convoy::runtime {
namespace {

using Clock = std::chrono::steady_clock;

// How often the workers' hosts are asked whether they live, while results are waited for.
constexpr std::chrono::milliseconds kCheck{100};
// A report or a stop is answered by a thread that does not compute.
constexpr Seconds kAnswer{10};

Clock::time_point after(Seconds time) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(time);
}

// An epoch that no other pipeline uses.
std::uint64_t new_epoch() {
  std::random_device random;
  return (std::uint64_t{random()} << 32 | random()) | 1;
}

// The devices of a route, as the fleet knows them.
Result<std::vector<DeviceId>> find_devices(const Route& route, const fleet::Fleet& fleet) {
  std::vector<DeviceId> found;
  for (const std::string& name : route.devices) {
    const auto device = fleet.find(name);
    if (!device) {
      std::vector<std::string> known;
      for (const fleet::Device& each : fleet.devices) known.push_back(each.name);
      return fail(ErrorKind::input, "map.json: device \"{}\" is not among the devices{}", name,
                  suggest(name, known));
    }
    found.push_back(*device);
  }
  return found;
}

}  // namespace

struct Pipeline::State {
  explicit State(Route routed, CoordinatorSpec spec)
      : route(std::move(routed)), epoch(spec.epoch), window(spec.window), core(std::move(spec)) {}
  ~State();

  [[nodiscard]] Result<void> load(const std::filesystem::path& directory,
                                  const onnx::SplitMap& map, const fleet::Fleet& fleet,
                                  const std::vector<DeviceId>& devices, WorkerHost& host,
                                  const PipelineOptions& options);
  // Whether those workers can reach each other that send each other tensors.
  [[nodiscard]] Result<void> check_reach() const;
  [[nodiscard]] wire::Request setup_of(PeerId peer, const onnx::SplitMap& map,
                                       const fleet::Fleet& fleet,
                                       const std::vector<DeviceId>& devices,
                                       onnx::CutMode mode) const;
  // The same request to every worker, at once.
  [[nodiscard]] Result<std::vector<wire::Answer>> ask_all(const wire::Request& request,
                                                          Clock::time_point deadline);
  void send(const std::vector<Delivery>& deliveries);
  void receive();
  [[nodiscard]] Result<void> check();
  [[nodiscard]] RemoteWorker& remote(PeerId peer) { return workers[peer.index() - 1]; }
  // The end: every later call says the same.
  [[nodiscard]] std::unexpected<Error> end(Error error) {
    lost = error;
    return std::unexpected(std::move(error));
  }

  zmq::context_t context{1};
  Route route;
  std::uint64_t epoch;
  std::uint64_t window;
  Coordinator core;
  std::vector<std::string> files;      // of the stages
  std::vector<RemoteWorker> workers;   // as the route's devices
  double started_s = 0;                // by our steady clock
  std::optional<Error> lost;
};

Pipeline::State::~State() {
  // Workers stay; they free the models for whoever comes next. Who is lost is not waited for.
  const Clock::time_point deadline = after(Seconds(2));
  for (RemoteWorker& worker : workers) {
    if (worker.is_ours()) worker.leave(deadline);
  }
}

Result<void> Pipeline::State::load(const std::filesystem::path& directory,
                                   const onnx::SplitMap& map, const fleet::Fleet& fleet,
                                   const std::vector<DeviceId>& devices, WorkerHost& host,
                                   const PipelineOptions& options) {
  Clock::time_point deadline = after(options.load_timeout);
  for (const DeviceId device : devices) {
    auto worker = RemoteWorker::start(context, fleet.devices[device], host,
                                      {.silence = options.silence, .stop = options.stop});
    if (!worker) return std::unexpected(std::move(worker.error()));
    workers.push_back(*std::move(worker));
  }
  if (auto fit = check_reach(); !fit) return fit;
  std::vector<std::string> keys;
  for (const RemoteWorker& worker : workers) {
    if (worker.worker().own) keys.push_back(worker.worker().server_key);
  }
  for (RemoteWorker& worker : workers) {
    if (auto greeted = worker.greet(deadline, keys); !greeted) return greeted;
  }
  for (const Route::Stage& stage : route.stages) {
    const onnx::SubModel& sub_model = map.sub_models[stage.sub_model];
    files.push_back(sub_model.file);
    auto sent = remote(stage.peer)
                    .send_model(directory / sub_model.file,
                                {sub_model.sha256, sub_model.data_file, sub_model.data_sha256},
                                options.load_timeout);
    if (!sent) return within(sub_model.file, std::move(sent.error()));
  }

  deadline = after(options.load_timeout);  // sending takes as long as it takes
  std::vector<std::uint64_t> setups;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    setups.push_back(workers[i].post(setup_of(PeerId(i + 1), map, fleet, devices, options.mode)));
  }
  for (std::size_t i = 0; i < workers.size(); ++i) {
    if (auto ready = workers[i].await(setups[i], deadline); !ready) {
      return within("load", std::move(ready.error()));
    }
  }
  for (RemoteWorker& worker : workers) {
    if (auto open = worker.open_data(deadline); !open) return open;
  }
  wire::Request start;
  start.mutable_start()->set_epoch(epoch);
  start.mutable_start()->set_window(window);
  if (auto started = ask_all(start, deadline); !started) return std::unexpected(started.error());
  started_s = steady_seconds();
  for (RemoteWorker& worker : workers) worker.ignore_stop();
  return {};
}

Result<void> Pipeline::State::check_reach() const {
  for (const Route::Stage& stage : route.stages) {
    for (const StageSpec::Output& output : stage.spec.outputs) {
      for (const PeerId reader : peers_of(output.readers)) {
        if (reader == kCoordinator || reader == stage.peer) continue;
        const RemoteWorker& from = workers[stage.peer.index() - 1];
        const RemoteWorker& to = workers[reader.index() - 1];
        if (from.worker().own.has_value() == to.worker().own.has_value() &&
            from.is_real() == to.is_real()) {
          continue;
        }
        const RemoteWorker& local = from.is_real() ? to : from;
        return fail(
            ErrorKind::input,
            "device {} would send tensors to device {}, but {} is emulated "
            "here, where only this host reaches it; right would be a convoy worker of its own "
            "and its address in devices.yaml",
            from.name(), to.name(), local.name());
      }
    }
  }
  return {};
}

wire::Request Pipeline::State::setup_of(PeerId peer, const onnx::SplitMap& map,
                                        const fleet::Fleet& fleet,
                                        const std::vector<DeviceId>& devices,
                                        onnx::CutMode mode) const {
  wire::Request request;
  wire::Setup& setup = *request.mutable_setup();
  setup.set_self(static_cast<std::uint32_t>(peer.index()));
  setup.set_shared_radio(fleet.contention != fleet::Contention::link);
  const onnx::OptimizationLevel level = mode == onnx::CutMode::exact
                                            ? onnx::OptimizationLevel::none
                                            : onnx::OptimizationLevel::all;
  std::vector<Reader> readers;
  for (const Route::Stage& from : route.stages) {
    if (from.peer != peer) continue;
    wire::StageSetup& stage = *setup.add_stages();
    stage.set_stage(static_cast<std::uint32_t>(from.spec.id.index()));
    const onnx::SubModel& sub_model = map.sub_models[from.sub_model];
    *stage.mutable_model() =
        to_wire({sub_model.sha256, sub_model.data_file, sub_model.data_sha256});
    stage.set_level(std::string(onnx::name_of(level)));
    for (std::size_t k = 0; k < from.spec.inputs.size(); ++k) {
      wire::ReadValue& input = *stage.add_inputs();
      input.set_value(static_cast<std::uint32_t>(from.spec.inputs[k].index()));
      input.set_name(from.input_names[k]);
    }
    for (std::size_t k = 0; k < from.spec.outputs.size(); ++k) {
      wire::WrittenValue& output = *stage.add_outputs();
      output.set_value(static_cast<std::uint32_t>(from.spec.outputs[k].value.index()));
      output.set_name(from.output_names[k]);
      for (const Reader& reader : from.spec.outputs[k].readers) {
        wire::Reader& entry = *output.add_readers();
        for (const PeerId turn : reader.turns()) {
          entry.add_turns(static_cast<std::uint32_t>(turn.index()));
        }
        readers.push_back(reader);
      }
    }
  }
  const WorkerHost::Network network = workers[peer.index() - 1].worker().network;
  setup.set_threads(workers[peer.index() - 1].threads());
  for (const PeerId reader : peers_of(readers)) {
    if (reader == kCoordinator || reader == peer) continue;
    const RemoteWorker& to = workers[reader.index() - 1];
    wire::Peer& entry = *setup.add_peers();
    entry.set_peer(static_cast<std::uint32_t>(reader.index()));
    entry.set_name(to.name());
    entry.set_endpoint(to.worker().endpoint.data);
    entry.set_key(to.worker().server_key);
    if (network == WorkerHost::Network::real) continue;
    const fleet::Link& link =
        fleet.links[devices[peer.index() - 1]][devices[reader.index() - 1]];
    entry.set_latency_s(link.latency.count());
    if (network == WorkerHost::Network::paced) {
      entry.set_bytes_per_second(link.bandwidth.value());
    }
  }
  return request;
}

Result<std::vector<wire::Answer>> Pipeline::State::ask_all(const wire::Request& request,
                                                           Clock::time_point deadline) {
  std::vector<std::uint64_t> ids;
  for (RemoteWorker& worker : workers) ids.push_back(worker.post(request));
  std::vector<wire::Answer> answers;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    auto answer = workers[i].await(ids[i], deadline);
    if (!answer) return std::unexpected(std::move(answer.error()));
    answers.push_back(*std::move(answer));
  }
  return answers;
}

void Pipeline::State::send(const std::vector<Delivery>& deliveries) {
  for (const Delivery& delivery : deliveries) remote(delivery.to).send(delivery.parcel);
}

void Pipeline::State::receive() {
  for (RemoteWorker& worker : workers) {
    while (const std::optional<Parcel> parcel = worker.receive()) {
      core.accept(*parcel, Clock::now());
    }
  }
}

Result<void> Pipeline::State::check() {
  for (RemoteWorker& worker : workers) {
    if (auto there = worker.check(); !there) return there;
  }
  return {};
}

Pipeline::Pipeline(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;
Pipeline::~Pipeline() = default;

Result<Pipeline> Pipeline::start(const std::filesystem::path& directory,
                                 const onnx::SplitMap& map, const fleet::Fleet& fleet,
                                 WorkerHost& host, const PipelineOptions& options) try {
  Result<Route> routed = route(map);
  if (!routed) return std::unexpected(std::move(routed.error()));
  const auto devices = find_devices(*routed, fleet);
  if (!devices) return std::unexpected(devices.error());

  CoordinatorSpec spec{
      .inputs = routed->inputs,
      .triggers = routed->triggers,
      .outputs = routed->outputs,
      .window = options.in_flight > 0 ? options.in_flight : 2 * routed->stages.size() + 2,
      .request_timeout = options.request_timeout,
      .epoch = new_epoch()};
  auto state = std::make_unique<State>(*std::move(routed), std::move(spec));
  if (auto loaded = state->load(directory, map, fleet, *devices, host, options); !loaded) {
    state->lost = loaded.error();
    return std::unexpected(std::move(loaded.error()));
  }
  return Pipeline(std::move(state));
} catch (const zmq::error_t& error) {
  return fail(ErrorKind::failure, "cannot start the pipeline: {}", error.what());
}

std::size_t Pipeline::stages() const { return state_->route.stages.size(); }

bool Pipeline::full() const { return state_->core.full(); }

Result<std::uint64_t> Pipeline::submit(std::vector<engine::SharedTensor> inputs) {
  if (state_->lost) return std::unexpected(*state_->lost);
  auto submitted = state_->core.submit(std::move(inputs), Clock::now());
  if (!submitted) return std::unexpected(std::move(submitted.error()));
  state_->send(submitted->deliveries);
  return submitted->request;
}

Result<std::optional<Answer>> Pipeline::next(Seconds timeout) {
  const Clock::time_point deadline = after(timeout);
  while (true) {
    if (state_->lost) return std::unexpected(*state_->lost);
    state_->receive();
    if (auto answer = state_->core.next()) {
      if (*answer) return std::optional(std::move(**answer));
      return std::unexpected(std::move(answer->error()));
    }
    const Clock::time_point now = Clock::now();
    if (auto there = state_->check(); !there) return state_->end(std::move(there.error()));
    if (const auto request = state_->core.overdue(now)) {
      return state_->end({ErrorKind::lost,
                          fmt::format("request {} was not answered in time", *request)});
    }
    if (now >= deadline) return std::nullopt;
    std::vector<zmq::pollitem_t> items;
    for (RemoteWorker& worker : state_->workers) worker.add_to(items);
    wait(items, std::min<Clock::duration>(kCheck, deadline - now));
  }
}

void Pipeline::forget() { state_->core.forget(); }

Result<std::vector<StageReport>> Pipeline::report() {
  if (state_->lost) return std::unexpected(*state_->lost);
  wire::Request request;
  request.mutable_report();
  const auto answers = state_->ask_all(request, after(kAnswer));
  if (!answers) return state_->end(answers.error());

  std::vector<StageReport> reports;
  for (std::size_t i = 0; i < state_->route.stages.size(); ++i) {
    const Route::Stage& stage = state_->route.stages[i];
    const wire::Figures& figures = (*answers)[stage.peer.index() - 1].figures();
    StageReport report{.device = state_->route.devices[stage.peer.index() - 1],
                       .file = state_->files[i],
                       .peak_memory = Bytes(static_cast<std::int64_t>(figures.peak_memory_bytes())),
                       .idle_memory = Bytes(static_cast<std::int64_t>(figures.idle_memory_bytes())),
                       .cpu_seconds = figures.cpu_s(),
                       .dropped = from_wire(figures.dropped())};
    for (const wire::StageReport& said : figures.stages()) {
      if (said.stage() != i) continue;
      report.requests = said.requests();
      report.busy = Seconds(said.busy_s());
      report.sent = Bytes(static_cast<std::int64_t>(said.sent_bytes()));
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

Result<std::vector<BusyInterval>> Pipeline::busy_intervals() {
  if (state_->lost) return std::unexpected(*state_->lost);
  wire::Request request;
  request.mutable_report()->set_intervals(true);
  const auto answers = state_->ask_all(request, after(kAnswer));
  if (!answers) return state_->end(answers.error());

  std::vector<BusyInterval> intervals;
  for (std::size_t i = 0; i < answers->size(); ++i) {
    const wire::Figures& figures = (*answers)[i].figures();
    const int count = std::min({figures.interval_stage_size(), figures.interval_request_size(),
                                figures.interval_start_s_size(), figures.interval_end_s_size()});
    const double origin_s =
        state_->started_s + state_->workers[i].clock_offset().count();
    for (int k = 0; k < count; ++k) {
      const bool makes_sense =
          figures.interval_stage(k) < state_->route.stages.size() &&
          std::isfinite(figures.interval_start_s(k)) && std::isfinite(figures.interval_end_s(k)) &&
          figures.interval_start_s(k) <= figures.interval_end_s(k);
      if (!makes_sense) continue;
      intervals.push_back({.stage = figures.interval_stage(k),
                           .request = figures.interval_request(k),
                           .start_s = figures.interval_start_s(k) - origin_s,
                           .end_s = figures.interval_end_s(k) - origin_s});
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
