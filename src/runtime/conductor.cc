#include "runtime/conductor.h"

#include <algorithm>
#include <utility>

#include "foundation/clock.h"
#include "runtime/wire.h"

namespace convoy::runtime {
namespace {

// Workers that are away are tried again so often.
constexpr Seconds kTryAgain{0.5};
// Who was here before runs already, so it answers at once if the way to it is open; a new connection
// finds that out sooner than one that waits.
constexpr Seconds kAnswerAgain{3};
// No device that comes back waits longer before it is used.
constexpr Seconds kMostSteady{60};
// A link that was lost is so because of a device that is lost within that time.
constexpr Seconds kExplained{2};

std::size_t window_of(const Route& route, std::size_t in_flight) {
  return in_flight > 0 ? in_flight : 2 * route.stages.size() + 2;
}

CoordinatorSpec spec_of(const Route& route, std::size_t in_flight) {
  return {.inputs = route.inputs,
          .triggers = route.triggers,
          .outputs = route.outputs,
          .window = window_of(route, in_flight)};
}

std::vector<PlanChoice::Candidate> candidates(const std::vector<RoutedPlan>& plans) {
  std::vector<PlanChoice::Candidate> candidates;
  for (const RoutedPlan& plan : plans) {
    candidates.push_back({plan.ready.period, {plan.devices.begin(), plan.devices.end()}});
  }
  return candidates;
}

}  // namespace

Result<Conductor> Conductor::create(fleet::Fleet fleet, std::vector<ReadyPlan> plans,
                                    const ConductorOptions& options, ConductorWorld& world) {
  std::vector<RoutedPlan> made;
  for (ReadyPlan& ready : plans) {
    Result<RoutedPlan> routed = route_plan(std::move(ready), fleet);
    if (!routed) return std::unexpected(std::move(routed.error()));
    made.push_back({*std::move(routed)});
    const ReadyPlan& first = made.front().ready;
    const ReadyPlan& other = made.back().ready;
    if (other.map.inputs != first.map.inputs || other.map.outputs != first.map.outputs) {
      return fail(ErrorKind::input,
                  "{} and {} are not parts of one model: their inputs or outputs differ",
                  first.directory.string(), other.directory.string());
    }
  }
  return Conductor(std::move(fleet), std::move(made), options, world);
}

Conductor::Conductor(fleet::Fleet fleet, std::vector<RoutedPlan> plans,
                     const ConductorOptions& options, ConductorWorld& world)
    : fleet_(std::move(fleet)),
      plans_(std::move(plans)),
      options_(options),
      world_(&world),
      choice_(candidates(plans_)),
      requests_(spec_of(plans_.front().route, options.in_flight), options.request_timeout),
      epoch_(options.epoch - 1) {
  workers_.resize(fleet_.devices.size());
}

void Conductor::begin(Time now) {
  began_ = now;
  for (const DeviceId device : fleet_.devices.ids()) {
    if (!std::ranges::any_of(plans_, [&](const RoutedPlan& plan) {
          return std::ranges::contains(plan.devices, device);
        })) {
      workers_[device].for_good = true;  // nobody needs it
      continue;
    }
    reach(device, now);
  }
  // Each is told the keys of all, so only now.
  for (const DeviceId device : fleet_.devices.ids()) {
    if (workers_[device].state == Worker::State::greeting) greet(device, now);
  }
  tick(now);
}

// ---- Workers.

void Conductor::reach(DeviceId device, Time now) {
  Worker& worker = workers_[device];
  worker.since = now;
  worker.next_try = later(now, kTryAgain);
  Result<WorkerHost::Worker> reached = world_->reach(device);
  if (!reached) {
    worker.trouble = of_device(device, std::move(reached.error()));
    return;
  }
  worker.state = Worker::State::greeting;
  worker.at = *std::move(reached);
}

void Conductor::greet(DeviceId device, Time now) {
  std::vector<std::string> keys;
  for (const Worker& each : workers_) {
    if (each.at.own) keys.push_back(each.at.server_key);
  }
  wire::Request hello;
  *hello.mutable_hello() = hello_to(workers_[device].at, keys);
  ask(device, Asked::hello, std::move(hello), now);
}

void Conductor::welcome(DeviceId device, const wire::Answer& answer, Time now) {
  Worker& worker = workers_[device];
  auto fits = check_welcome(answer.welcome(), fleet_.devices[device], worker.at);
  if (fits) {
    worker.welcome = true;
    if (auto open = world_->open_data(device); !open) {
      fits = std::unexpected(of_device(device, std::move(open.error())));
    }
  }
  if (!fits) {
    wire::Request stop;
    stop.mutable_stop();
    ask(device, Asked::stop, std::move(stop), now);  // it is whoever's comes next
    return lose(device, std::move(fits.error()), false, now);
  }
  ask_clock(device, now);
  world_->send(device, Gate::Side::data, knock(kCoordinator));
}

void Conductor::arrive(DeviceId device, Time now) {
  Worker& worker = workers_[device];
  worker.state = Worker::State::here;
  worker.was_here = true;
  worker.trouble.reset();
  worker.since = now;
  worker.heard = now;
  worker.in_advance = 0;
}

void Conductor::lose(DeviceId device, Error error, bool for_good, Time now) {
  Worker& worker = workers_[device];
  worker.for_good = worker.for_good || for_good;
  const bool is_first = !std::exchange(worker.trouble, error);
  if (worker.state == Worker::State::away) return;
  const bool was_here = worker.state == Worker::State::here;
  world_->close(device);
  worker.state = Worker::State::away;
  worker.welcome = false;
  worker.questions.clear();
  worker.sender = {};
  worker.next_try = later(now, kTryAgain);
  if (was_here) {
    const bool stayed = now - worker.since > kMostSteady;
    worker.steady = worker.steady.count() == 0 || stayed
                        ? options_.steady
                        : std::min(kMostSteady, 2 * worker.steady);
  }
  worker.since = now;
  const bool ran = !reigns_.empty() && serves(device, reigns_.back().plan);
  const bool was_to_run = switch_ && serves(device, switch_->plan);
  const bool missed = reigns_.empty() && is_first && serves(device, 0);
  // A plan may have been given up already, for what a worker said of its link to this one.
  const bool explains = broken_ &&
                        now - broken_->second < std::max(kExplained, 2 * options_.silence) &&
                        serves(device, broken_->first);
  if (missed || (was_here && (ran || was_to_run || explains))) {
    recoveries_.push_back({.device = fleet_.devices[device].name,
                           .what = error.message,
                           .detected = (explains ? broken_->second : now) - began_});
    if (explains && running() && !ran) {
      recoveries_.back().resumed = reigns_.back().since;
      recoveries_.back().plan = *running();
    }
  }
  if (explains) {
    choice_.forgive(broken_->first);
    broken_.reset();
  }
  if (ran) suspend(now);
  if (was_to_run) switch_.reset();
}

void Conductor::ask(DeviceId device, Asked what, wire::Request request, Time now, Parts parts) {
  Worker& worker = workers_[device];
  request.set_id(worker.next_id);
  worker.questions.emplace(worker.next_id++,
                           Question{.what = what,
                                    .asked = now,
                                    .asked_s = world_->clock_s(),
                                    .epoch = switch_ ? switch_->epoch : 0});
  parts.insert(parts.begin(), to_part(request));
  world_->send(device, Gate::Side::control, std::move(parts));
}

void Conductor::ask_clock(DeviceId device, Time now) {
  wire::Request clock;
  clock.mutable_clock();
  ask(device, Asked::clock, std::move(clock), now);
}

Error Conductor::of_device(DeviceId device, Error error) const {
  return within(fmt::format("device {}", fleet_.devices[device].name), std::move(error)).error();
}

void Conductor::take(DeviceId device, Gate::Side side, Parts parts, Time now) {
  Worker& worker = workers_[device];
  if (worker.state == Worker::State::away) return;
  worker.heard = now;
  if (side == Gate::Side::control) {
    wire::Answer answer;
    if (!parse_part(parts.front(), answer)) {
      ++drops_.malformed;
      return;
    }
    if (answer.id() != 0) return take_answer(device, answer, now);
    // Else it only asks whether we are there, or a link between workers was lost.
    if (running() && answer.broken_epoch() == epoch()) {
      choice_.lose_link(now);
      broken_ = {*running(), now};
      suspend(now);
    }
    return;
  }
  wire::DataHeader header;
  const bool parsed = parse_part(parts.front(), header);
  if (parsed && header.kind() == wire::DataHeader::OPEN &&
      worker.state == Worker::State::greeting && worker.welcome) {
    return arrive(device, now);
  }
  if (parsed && header.kind() == wire::DataHeader::PARCEL) {
    if (const Result<Parcel> parcel = decode(header, parts)) {
      drops_.untimely += requests_.accept(*parcel, now);
      return;
    }
  }
  ++drops_.malformed;
}

void Conductor::take_answer(DeviceId device, const wire::Answer& answer, Time now) {
  Worker& worker = workers_[device];
  const auto found = worker.questions.extract(answer.id());
  if (found.empty()) return;
  const Question& question = found.mapped();
  const bool of_switch = switch_ && question.epoch == switch_->epoch;
  const auto was_the_last = [&] {
    return of_switch && switch_->waiting.erase(device) > 0 && switch_->waiting.empty();
  };
  if (answer.has_failure()) {
    Error error = of_device(device, from_wire(answer.failure()));
    switch (question.what) {
      case Asked::hello:
        return lose(device, std::move(error), false, now);
      case Asked::file:
        if (worker.sender.goes_on()) {
          forget_files_asked(worker);
          return send_files(device, now);
        }
        return file_failed(device, error, now);
      case Asked::trial:
      case Asked::setup:
      case Asked::start:
        if (of_switch) bar(within("load", std::move(error)).error(), now);
        return;
      case Asked::clock:  // it is not ours any more
      case Asked::figures:
      case Asked::status:
        return lose(device, std::move(error), false, now);
      case Asked::stop:
      case Asked::other:
        return;
    }
  }
  switch (question.what) {
    case Asked::hello:
      return welcome(device, answer, now);
    case Asked::clock:
      return worker.clock.add(question.asked_s, answer.clock_s(), world_->clock_s());
    case Asked::file:
      worker.sender.answered(answer, now);
      return send_files(device, now);
    case Asked::trial:
      if (was_the_last()) load(now);
      return;
    case Asked::setup:
      if (was_the_last()) start(now);
      return;
    case Asked::start:
      if (was_the_last()) resume(now);
      return;
    case Asked::figures:
      figures_.insert_or_assign(device, answer.figures());
      return;
    case Asked::status:
      if (const auto& ends = answer.figures().interval_end_s(); !ends.empty()) {
        worker.intervals_until_s = *ends.rbegin();
      }
      status_.insert_or_assign(device, answer.figures());
      return;
    case Asked::stop:
    case Asked::other:
      return;
  }
}

// Whether it is still there, or there again.
void Conductor::watch(DeviceId device, Time now) {
  Worker& worker = workers_[device];
  switch (worker.state) {
    case Worker::State::away:
      if (worker.for_good || now < worker.next_try) return;
      reach(device, now);
      if (worker.state == Worker::State::greeting) greet(device, now);
      return;
    case Worker::State::greeting:
      if (now - worker.since < std::min(worker.was_here ? kAnswerAgain : worker.at.patience,
                                        options_.load_timeout)) {
        return;
      }
      return lose(device, world_->unreached(device), false, now);
    case Worker::State::here:
      break;
  }
  const auto ping = std::ranges::find_if(
      worker.questions, [](const auto& each) { return each.second.what == Asked::clock; });
  if (ping != worker.questions.end()) {
    // What we did not ask for in time, because we slept, does not count against it.
    if (now - std::max(worker.heard, ping->second.asked) <= options_.silence) return;
    return lose(device, lost(fleet_.devices[device].name, kSilent), false, now);
  }
  if (now - worker.pinged < options_.silence / 4) return;
  worker.pinged = now;
  ask_clock(device, now);
}

bool Conductor::is_usable(DeviceId device, Time now) const {
  const Worker& worker = workers_[device];
  return worker.state == Worker::State::here && now - worker.since >= worker.steady;
}

bool Conductor::serves(DeviceId device, std::size_t plan) const {
  return std::ranges::contains(plans_[plan].devices, device);
}

// ---- Files.

void Conductor::forget_files_asked(Worker& worker) {
  std::erase_if(worker.questions, [](const auto& each) { return each.second.what == Asked::file; });
}

void Conductor::stop_sending(Worker& worker) {
  worker.sender.stop();
  forget_files_asked(worker);
}

void Conductor::send_files(DeviceId device, Time now) {
  while (true) {
    auto message = workers_[device].sender.next(
        [&](const PlanFile& file) { return world_->pieces_of(file); }, now);
    if (!message) return file_failed(device, message.error(), now);
    if (!*message) return;
    ask(device, Asked::file, std::move((*message)->request), now, std::move((*message)->parts));
  }
}

void Conductor::file_failed(DeviceId device, const Error& error, Time now) {
  Worker& worker = workers_[device];
  const std::string file = worker.sender.file().path.filename();
  stop_sending(worker);
  if (worker.sender.is_urgent() && switch_) return bar(within(file, error).error(), now);
  worker.in_advance = plans_.size();  // it has no room, say, so once is enough
}

void Conductor::send_in_advance(DeviceId device, Time now) {
  Worker& worker = workers_[device];
  while (is_here(device) && worker.sender.is_idle() && worker.in_advance < plans_.size()) {
    const std::size_t plan = worker.in_advance++;
    if (!plans_[plan].ready.in_advance || !serves(device, plan)) continue;
    worker.sender.want(files_for(plans_[plan], device), false);
    send_files(device, now);
  }
}

// ---- Plans.

PlanChoice::Fit Conductor::fit_of(std::size_t plan, Time now) const {
  const std::vector<DeviceId>& devices = plans_[plan].devices;
  if (!std::ranges::all_of(devices, [&](DeviceId device) { return is_here(device); })) {
    return PlanChoice::Fit::none;
  }
  return std::ranges::all_of(devices, [&](DeviceId device) { return is_usable(device, now); })
             ? PlanChoice::Fit::steady
             : PlanChoice::Fit::unsteady;
}

bool Conductor::pays(std::size_t plan, Time now) const {
  Seconds there = now - began_;
  for (const DeviceId device : plans_[plan].devices) {
    there = std::min<Seconds>(there, now - workers_[device].since);
  }
  return choice_.pays(plan, there, last_switch_, now);
}

void Conductor::watch_rate(Time now) {
  if (!running()) return;
  // Each stage has one, or all are under way that may be; but for the one that was just answered.
  const Route& route = plans_[*running()].route;
  const std::size_t most = std::min(window_of(route, options_.in_flight), route.stages.size() + 1);
  const bool is_busy = !switch_ && requests_.unanswered() >= std::max<std::size_t>(1, most - 1);
  choice_.look(requests_.answered(), is_busy, now);
}

void Conductor::reconsider(Time now) {
  if (ended_ || switch_) return;
  const std::optional<std::size_t> best =
      choice_.best([&](std::size_t plan) { return fit_of(plan, now); }, now);
  if (running()) {
    if (best && pays(*best, now)) begin_switch(*best, now);
    return;
  }
  if (reigns_.empty() && best != 0 && !choice_.failure(0) &&
      std::ranges::none_of(plans_.front().devices,
                           [&](DeviceId device) { return workers_[device].trouble.has_value(); })) {
    return;  // its devices are only just being greeted
  }
  if (best) return begin_switch(*best, now);
  give_up_or_wait(now);
}

bool Conductor::may_still_come(std::size_t plan) const {
  if (choice_.failure(plan) && options_.comeback.count() <= 0) return false;
  return std::ranges::all_of(plans_[plan].devices, [&](DeviceId device) {
    const Worker& worker = workers_[device];
    if (worker.state == Worker::State::here || !worker.trouble) return true;
    return !worker.for_good && options_.comeback.count() > 0;
  });
}

void Conductor::give_up_or_wait(Time now) {
  if (!standstill_) standstill_ = now;
  const bool waits = options_.comeback.count() <= 0 || now - *standstill_ <= options_.comeback;
  for (std::size_t plan = 0; waits && plan < plans_.size(); ++plan) {
    if (may_still_come(plan)) return;
  }
  ended_ = Error{ErrorKind::lost, "no plan fits the devices that are there"};
  if (choice_.failure(0)) ended_ = choice_.failure(0);
  for (const DeviceId device : plans_.front().devices) {
    if (workers_[device].state == Worker::State::here || !workers_[device].trouble) continue;
    ended_ = workers_[device].trouble;
    return;
  }
}

Conductor::Time Conductor::in_force_since() const {
  return reigns_.empty() ? began_ : later(began_, reigns_.back().since);
}

void Conductor::suspend(Time now) {
  if (running()) reigns_.back().until = now - began_;
  // There is no time for trials any more.
  if (switch_ && switch_->phase == Switch::Phase::trying) switch_.reset();
  requests_.suspend();
  choice_.end();
}

void Conductor::begin_switch(std::size_t plan, Time now) {
  switch_ = Switch{.plan = plan, .epoch = ++epoch_, .began = now};
  if (running()) switch_->slowdown = choice_.slowdown(*running(), now);
  for (const DeviceId device : plans_[plan].devices) {
    Worker& worker = workers_[device];
    worker.in_advance = 0;  // what is being sent in advance goes on later, where it is
    stop_sending(worker);
    worker.sender.want(files_for(plans_[plan], device), true);
    send_files(device, now);
    if (!switch_) return;  // a file could not be read
  }
  advance_switch(now);
}

void Conductor::advance_switch(Time now) {
  if (!switch_) return;
  const RoutedPlan& plan = plans_[switch_->plan];
  if (switch_->phase == Switch::Phase::sending) {
    bool all = true;
    for (const DeviceId device : plan.devices) {
      if (workers_[device].sender.has_sent(files_for(plan, device))) continue;
      all = false;
      if (now - workers_[device].sender.progress() <= options_.load_timeout) continue;
      return bar({ErrorKind::lost, fmt::format("device {} did not answer in time",
                                               fleet_.devices[device].name)},
                 now);
    }
    if (all && running()) return try_peers(now);
    if (all) load(now);
    return;
  }
  if (now - switch_->began <= options_.load_timeout) return;
  bar({ErrorKind::lost,
       fmt::format("load: device {} did not answer in time",
                   fleet_.devices[*switch_->waiting.begin()].name)},
      now);
}

std::map<DeviceId, wire::Request> Conductor::setups(Time now) {
  const RoutedPlan& plan = plans_[switch_->plan];
  ById<DeviceId, WorkerHost::Worker> reached;
  for (const Worker& worker : workers_) reached.push_back(worker.at);
  std::map<DeviceId, wire::Request> setups;
  if (auto fit = check_reach(plan, fleet_, reached); !fit) {
    bar(std::move(fit.error()), now);
    return setups;
  }
  for (const DeviceId device : plan.devices) {
    setups.emplace(device, setup_for(plan, device, fleet_, reached));
  }
  return setups;
}

void Conductor::try_peers(Time now) {
  auto requests = setups(now);
  if (!switch_) return;
  switch_->phase = Switch::Phase::trying;
  switch_->began = now;
  for (auto& [device, request] : requests) {
    if (request.setup().peers().empty()) continue;
    request.mutable_setup()->set_only_tries(true);
    switch_->waiting.insert(device);
    ask(device, Asked::trial, std::move(request), now);
  }
  if (switch_->waiting.empty()) load(now);
}

void Conductor::load(Time now) {
  auto requests = setups(now);
  if (!switch_) return;
  switch_->phase = Switch::Phase::loading;
  switch_->began = now;
  if (running()) {
    if (switch_->slowdown) {
      recoveries_.push_back({.device = "",
                             .what = fmt::format("plan {} takes {:.3g} times as long as it did",
                                                 *running() + 1, *switch_->slowdown),
                             .detected = now - began_});
      choice_.renew(*running(), now);
    }
    for (const DeviceId device : plans_[*running()].devices) {
      if (serves(device, switch_->plan)) continue;
      wire::Request nothing;
      nothing.mutable_setup();
      ask(device, Asked::other, std::move(nothing), now);
    }
    suspend(now);
  }
  for (auto& [device, request] : requests) {
    switch_->waiting.insert(device);
    ask(device, Asked::setup, std::move(request), now);
  }
}

void Conductor::start(Time now) {
  const RoutedPlan& plan = plans_[switch_->plan];
  switch_->phase = Switch::Phase::starting;
  wire::Request start;
  start.mutable_start()->set_epoch(switch_->epoch);
  start.mutable_start()->set_window(
      std::max(window_of(plan.route, options_.in_flight), requests_.underway()));
  for (const DeviceId device : plan.devices) {
    switch_->waiting.insert(device);
    ask(device, Asked::start, start, now);
  }
}

void Conductor::resume(Time now) {
  const RoutedPlan& plan = plans_[switch_->plan];
  CoordinatorSpec spec = spec_of(plan.route, options_.in_flight);
  spec.epoch = switch_->epoch;
  last_switch_ = now - switch_->began;
  reigns_.push_back({.epoch = spec.epoch, .plan = switch_->plan, .since = now - began_});
  choice_.begin(switch_->plan, requests_.answered(), now);
  switch_.reset();
  standstill_.reset();
  for (Recovery& recovery : recoveries_) {
    if (recovery.resumed) continue;
    recovery.resumed = now - began_;
    recovery.plan = *running();
  }
  send(requests_.resume(std::move(spec)));
}

void Conductor::bar(Error error, Time now) {
  Recovery& recovery = recoveries_.emplace_back(
      Recovery{.device = "", .what = error.message, .detected = now - began_});
  if (running()) {  // it was not disturbed
    recovery.resumed = recovery.detected;
    recovery.plan = *running();
  }
  choice_.fail(switch_->plan, std::move(error), now);
  switch_.reset();
}

// ---- Requests.

Result<std::uint64_t> Conductor::submit(std::vector<engine::SharedTensor> inputs, Time now) {
  auto submitted = requests_.submit(std::move(inputs), now);
  if (!submitted) return std::unexpected(std::move(submitted.error()));
  send(submitted->deliveries);
  return submitted->request;
}

void Conductor::forget() { cancel(requests_.forget()); }

void Conductor::send(const std::vector<Delivery>& deliveries) {
  for (const Delivery& delivery : deliveries) {
    world_->send(plans_[*running()].devices[delivery.to.index() - 1], Gate::Side::data,
                 encode(delivery.parcel, kCoordinator));
  }
}

void Conductor::cancel(const std::vector<std::uint64_t>& requests) {
  if (!running()) return;
  for (const std::uint64_t request : requests) {
    wire::DataHeader header;
    header.set_kind(wire::DataHeader::CANCEL);
    header.set_epoch(epoch());
    header.set_request(request);
    for (const DeviceId device : plans_[*running()].devices) {
      world_->send(device, Gate::Side::data, to_parts(header));
    }
  }
}

void Conductor::tick(Time now) {
  next_tick_ = later(now, std::min(Seconds(0.1), options_.silence / 8));
  if (const auto deadline = requests_.deadline(); deadline && now > *deadline) {
    cancel(requests_.expire(
        now, fmt::format("not answered within {}", convoy::to_text(options_.request_timeout))));
  }
  for (const DeviceId device : fleet_.devices.ids()) {
    watch(device, now);
    if (workers_[device].sender.awaits_pieces()) send_files(device, now);
  }
  advance_switch(now);
  watch_rate(now);
  reconsider(now);
  if (!running() || switch_) return;
  for (const DeviceId device : fleet_.devices.ids()) send_in_advance(device, now);
}

void Conductor::ask_figures(bool with_intervals, Time now) {
  figures_.clear();
  if (!running()) return;
  for (const DeviceId device : plans_[*running()].devices) {
    wire::Request report;
    report.mutable_report()->set_intervals(with_intervals);
    ask(device, Asked::figures, std::move(report), now);
  }
}

std::optional<std::map<DeviceId, wire::Figures>> Conductor::figures() const {
  if (!running()) return std::nullopt;
  const bool all = std::ranges::all_of(plans_[*running()].devices,
                                       [&](DeviceId device) { return figures_.contains(device); });
  return all ? std::optional(figures_) : std::nullopt;
}

void Conductor::ask_status(bool with_intervals, Time now) {
  for (const DeviceId device : fleet_.devices.ids()) {
    const Worker& worker = workers_[device];
    if (!is_here(device) || awaits_status(worker)) continue;
    wire::Request report;
    report.mutable_report()->set_intervals(with_intervals);
    // Its clock begins anew with its machine.
    const double its_now_s = world_->clock_s() + worker.clock.value().count();
    if (worker.intervals_until_s <= its_now_s) {
      report.mutable_report()->set_after_s(worker.intervals_until_s);
    }
    ask(device, Asked::status, std::move(report), now);
  }
}

bool Conductor::awaits_status() const {
  return std::ranges::any_of(workers_, [](const Worker& worker) { return awaits_status(worker); });
}

bool Conductor::awaits_status(const Worker& worker) {
  return std::ranges::any_of(worker.questions, [](const auto& each) {
    return each.second.what == Asked::status;
  });
}

void Conductor::leave(Time now) {
  ended_ = Error{ErrorKind::cancelled, "the pipeline is over"};
  for (const DeviceId device : fleet_.devices.ids()) {
    if (workers_[device].state == Worker::State::away) continue;
    wire::Request stop;
    stop.mutable_stop();
    ask(device, Asked::stop, std::move(stop), now);
  }
}

bool Conductor::has_left() const {
  return std::ranges::none_of(workers_, [](const Worker& worker) {
    return worker.welcome && std::ranges::any_of(worker.questions, [](const auto& each) {
      return each.second.what == Asked::stop;
    });
  });
}

}  // namespace convoy::runtime
