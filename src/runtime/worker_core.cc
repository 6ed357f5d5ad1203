#include "runtime/worker_core.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "runtime/key_folder.h"
#include "runtime/usage.h"

namespace convoy::runtime {
namespace {

using namespace std::chrono_literals;

// A coordinator whose connection was lost may come back for so long.
constexpr auto kGrace = 2s;
// Once its models are loaded a worker waits so long for its peers.
constexpr auto kPeers = 3s;
// A chunk of a file is at most this.
constexpr std::size_t kMostChunkBytes = std::size_t{1} << 20;
// One is computed, and the next is there when it is done.
constexpr std::size_t kMostBegun = 2;

}  // namespace

WorkerCore::WorkerCore(std::string name, Capabilities able, WorkerWorld& world, FlowLimits limits)
    : name_(std::move(name)),
      able_(std::move(able)),
      world_(world),
      tenancy_(kGrace),
      limits_(limits) {}

void WorkerCore::tick(Time now) {
  probe(now);
  intake_.remind();
  if (tenancy_.expired(now)) let_go("its connection was lost");
}

void WorkerCore::probe(Time now) {
  if (!tenancy_.tenant()) return;
  const bool there =
      world_.answer(Gate::Side::control, tenancy_.route(), to_parts(wire::Answer()));
  if (!there) tenancy_.lost(now);
}

void WorkerCore::let_go() {
  stop();
  work_.forget_intervals();
  tenancy_.release();
  world_.gate().expect({});
  offered_.clear();
  coordinator_data_.clear();
}

void WorkerCore::let_go(std::string_view why) {
  world_.log(fmt::format("free again: {} had it, and {}", tenancy_.tenant()->who, why));
  let_go();
  tickets_.clear();  // nobody waits for them any more
  world_.compute(LoadTask{});
}

void WorkerCore::take_request(Letter letter, Time now) {
  wire::Request request;
  if (!parse_part(letter.parts.front(), request)) {
    ++world_.drops().malformed;
    return;
  }
  const Caller caller{letter.route, letter.key, letter.address, request.id()};
  if (request.has_hello()) return hello(caller, request.hello(), now);
  if (caller.route != tenancy_.route()) {
    ++world_.drops().untimely;
    return refuse(caller, {ErrorKind::lost, "it is not yours: say hello first"});
  }
  if (!tenancy_.is_new(request.id())) {
    ++world_.drops().untimely;
    return;
  }
  switch (request.what_case()) {
    case wire::Request::kClock: {
      wire::Answer clock;
      clock.set_clock_s(world_.clock_s());
      return answer(caller, std::move(clock));
    }
    case wire::Request::kOffer:
      return offer(caller, request.offer());
    case wire::Request::kChunk:
      return chunk(caller, request.chunk(), letter.parts);
    case wire::Request::kSetup:
      return setup(caller, request.setup(), now);
    case wire::Request::kStart:
      return start(caller, request.start());
    case wire::Request::kStop:
      let_go();
      return world_.compute(LoadTask{.ticket = ticket_for(caller)});
    case wire::Request::kMeasure:
      return measure(caller, request.measure(), std::move(letter.parts));
    case wire::Request::kReport:
      return report(caller, request.report());
    case wire::Request::kExit:
      answer(caller, {});
      return world_.exit();
    case wire::Request::kHello:
    case wire::Request::WHAT_NOT_SET:
      return refuse_malformed(caller, {ErrorKind::failure, "it does not understand the request"});
  }
}

void WorkerCore::answer(const Caller& caller, wire::Answer answer) {
  answer.set_id(caller.id);
  // A coordinator that is gone needs no answer.
  world_.answer(Gate::Side::control, caller.route, to_parts(answer));
}

void WorkerCore::refuse(const Caller& caller, const Error& error) {
  wire::Answer refusal;
  *refusal.mutable_failure() = to_wire(error);
  answer(caller, std::move(refusal));
}

void WorkerCore::refuse_malformed(const Caller& caller, const Error& error) {
  ++world_.drops().malformed;
  refuse(caller, error);
}

void WorkerCore::hello(const Caller& caller, const wire::Hello& hello, Time now) {
  const std::string name = world_.gate().name_of(caller.key);
  const std::string who = fmt::format("{}{}{} at {}", name, name.empty() ? "" : ", ",
                                      check_key_name(hello.who()) ? hello.who() : "somebody",
                                      caller.address.empty() ? "this host" : caller.address);
  auto fits = check_versions(hello.protocol(), hello.convoy_version(), hello.runtime_version());
  if (!fits) {
    ++world_.drops().refused;
    world_.log(fmt::format("refused {}: {}", who, fits.error().message));
    return refuse(caller, fits.error());
  }
  probe(now);
  switch (tenancy_.claim({caller.key, hello.session(), who}, caller.route, now)) {
    case Tenancy::Claim::refused:
      world_.log(fmt::format("refused {}: in use by {}", who, tenancy_.tenant()->who));
      return refuse(caller,
                    {ErrorKind::failure, fmt::format("in use by {}", tenancy_.tenant()->who)});
    case Tenancy::Claim::taken:
      world_.log(fmt::format("in use by {}", who));
      break;
    case Tenancy::Claim::kept:
      break;
  }
  std::vector<std::string> senders = {caller.key};
  senders.insert(senders.end(), hello.peers().begin(), hello.peers().end());
  world_.gate().expect(std::move(senders));
  wire::Answer welcome;
  *welcome.mutable_welcome() = to_wire(able_, name_);
  answer(caller, std::move(welcome));
}

void WorkerCore::offer(const Caller& caller, const wire::Offer& offer) {
  const auto pieces = from_wire(offer.pieces(), offer.bytes());
  if (!pieces) return refuse_malformed(caller, pieces.error());
  std::set<std::string> kept = {offer.sha256()};
  for (const auto& [sha256, bytes] : offered_) kept.insert(sha256);
  const Result<std::uint64_t> held = world_.offer(offer.sha256(), offer.bytes(), kept);
  if (!held) return refuse(caller, held.error());
  offered_[offer.sha256()] = offer.bytes();
  wire::Answer here;
  here.set_held_bytes(*held);
  if (!pieces->empty() && *held < offer.bytes()) {
    const auto known = world_.known_pieces(offer.sha256(), *pieces);
    if (!known) return refuse(caller, known.error());
    here.mutable_known_pieces()->Add(known->begin(), known->end());
  }
  answer(caller, std::move(here));
}

void WorkerCore::chunk(const Caller& caller, const wire::Chunk& chunk, const Parts& parts) {
  const auto total = offered_.find(chunk.sha256());
  const bool copied = chunk.has_copied();
  const auto wrong = [&] {
    refuse_malformed(caller, {ErrorKind::failure,
                              "a chunk that is too large, or of a file that was not offered"});
  };
  if (total == offered_.end() || parts.size() != (copied ? 1 : 2)) return wrong();
  const std::uint64_t bytes = copied ? chunk.copied().bytes() : parts[1].size();
  if (bytes > (copied ? onnx::kMostPieceBytes : kMostChunkBytes)) return wrong();
  const auto written =
      copied
          ? world_.copy(chunk.sha256(), chunk.offset(), {bytes, chunk.copied().sha256()},
                        total->second)
          : world_.append(chunk.sha256(), chunk.offset(),
                          {static_cast<const std::byte*>(parts[1].data()), bytes}, total->second);
  if (!written) return refuse(caller, written.error());
  wire::Answer here;
  here.set_held_bytes(chunk.offset() + bytes);
  answer(caller, std::move(here));
}

void WorkerCore::setup(const Caller& caller, const wire::Setup& setup, Time now) {
  auto spec = decode(setup);
  const LinkSet set = setup.only_tries() ? LinkSet::on_trial : LinkSet::in_use;
  drop(set);
  if (!spec) return refuse_malformed(caller, spec.error());
  if (auto connected = world_.connect(set, *spec); !connected) {
    drop(set);
    return refuse(caller, connected.error());
  }
  Pending& pending = setting_up_[set] = {.caller = caller};
  if (set == LinkSet::on_trial) {
    pending.loaded = now;
    return;
  }
  work_.replace(std::move(spec->stages), spec->self);
  self_ = spec->self;
  for (const PeerSpec& peer : spec->peers) flows_.emplace(peer.id, limits_.credit);
  pending.ticket = ticket_for(caller);
  world_.compute(LoadTask{
      .ticket = pending.ticket, .models = std::move(spec->models), .threads = spec->threads});
}

void WorkerCore::drop(LinkSet set) {
  if (set == LinkSet::on_trial) {
    end_trial();
  } else {
    stop();
  }
}

void WorkerCore::settle(Time now) {
  send_held(now);
  begin_jobs();
  send_receipts();
  for (const LinkSet set : {LinkSet::in_use, LinkSet::on_trial}) answer_setup(set, now);
  if (epoch_ == 0 || told_broken_ == epoch_ || !has_broken(now)) return;
  told_broken_ = epoch_;
  wire::Answer broken;
  broken.set_broken_epoch(epoch_);
  answer(Caller{.route = tenancy_.route()}, std::move(broken));
}

bool WorkerCore::has_broken(Time now) const {
  return world_.has_broken() ||
         std::ranges::any_of(flows_ | std::views::values,
                             [&](const Flow& flow) { return flow.is_stalled(now); });
}

// Once the models are loaded and every peer has answered.
void WorkerCore::answer_setup(LinkSet set, Time now) {
  const auto found = setting_up_.find(set);
  if (found == setting_up_.end() || !found->second.loaded) return;
  const PeerSpec* const closed = world_.closed_peer(set);
  if (closed && now < *found->second.loaded + kPeers) return;
  const Caller caller = found->second.caller;
  setting_up_.erase(found);
  if (closed) {
    refuse(caller, {ErrorKind::lost,
                    fmt::format("{} does not answer it at {}", closed->name, closed->endpoint)});
  } else {
    answer(caller, {});
  }
  if (closed || set == LinkSet::on_trial) drop(set);
}

void WorkerCore::end_trial() {
  if (const auto trial = setting_up_.extract(LinkSet::on_trial)) {
    refuse(trial.mapped().caller,
           {ErrorKind::failure, "it was asked for something else meanwhile"});
  }
  world_.disconnect(LinkSet::on_trial);
}

void WorkerCore::start(const Caller& caller, const wire::Start& start) {
  auto fine = check(start);
  if (!fine || start.epoch() == epoch_) {
    ++world_.drops().untimely;
    return refuse(caller,
                  fine ? Error{ErrorKind::failure, "that epoch has begun already"} : fine.error());
  }
  epoch_ = start.epoch();
  work_.start(start.epoch(), start.window());
  intake_.start(start.window());
  for (Flow& flow : flows_ | std::views::values) flow.forget();
  forget_jobs(std::nullopt);
  dropped_at_start_ = world_.drops();
  cpu_at_start_ = process_cpu_time();
  messaging_at_start_ = messaging_cpu_time();
  answer(caller, {});
}

void WorkerCore::measure(const Caller& caller, const wire::Measure& measure, Parts parts) {
  auto inputs = take_tensors(measure.inputs(), parts, 1);
  if (!inputs) return refuse_malformed(caller, inputs.error());
  stop();
  world_.compute(MeasureTask{.ticket = ticket_for(caller),
                             .files = from_wire(measure.model()),
                             .inputs = *std::move(inputs),
                             .threads = std::max(0, static_cast<int>(measure.threads()))});
}

wire::Figures WorkerCore::figures(bool with_intervals, double after_s) const {
  wire::Figures figures;
  work_.report(figures, with_intervals, after_s);
  figures.set_resident_memory_bytes(static_cast<std::uint64_t>(resident_memory().value()));
  figures.set_peak_memory_bytes(static_cast<std::uint64_t>(peak_memory().value()));
  figures.set_idle_memory_bytes(static_cast<std::uint64_t>(idle_memory_.value()));
  figures.set_cpu_s((process_cpu_time() - cpu_at_start_).count());
  figures.set_messaging_cpu_s((messaging_cpu_time() - messaging_at_start_).count());
  figures.set_epoch(epoch_);
  figures.set_process_cpu_s(process_cpu_time().count());
  if (const auto degrees = temperature_c()) figures.set_temperature_c(*degrees);
  *figures.mutable_dropped() = to_wire(world_.drops() - dropped_at_start_);
  return figures;
}

void WorkerCore::report(const Caller& caller, const wire::Report& report) {
  wire::Answer said;
  *said.mutable_figures() = figures(report.intervals(), report.after_s());
  answer(caller, std::move(said));
}

void WorkerCore::stop() {
  end_trial();
  work_.clear();
  forget_jobs(std::nullopt);
  world_.disconnect(LinkSet::in_use);
  flows_.clear();
  intake_.clear();
  setting_up_.erase(LinkSet::in_use);
  epoch_ = 0;
}

std::uint64_t WorkerCore::ticket_for(const Caller& caller) {
  tickets_.emplace(next_ticket_, caller);
  return next_ticket_++;
}

void WorkerCore::take_data(Letter letter) {
  wire::DataHeader header;
  if (!parse_part(letter.parts.front(), header)) {
    ++world_.drops().malformed;
    return;
  }
  switch (header.kind()) {
    case wire::DataHeader::KNOCK: {
      wire::DataHeader open;
      open.set_kind(wire::DataHeader::OPEN);
      world_.answer(Gate::Side::data, letter.route, to_parts(open));
      if (PeerId(header.from()) != kCoordinator) return;
      if (tenancy_.tenant() && tenancy_.tenant()->key == letter.key) {
        coordinator_data_ = std::move(letter.route);
      } else {
        ++world_.drops().strangers;
      }
      return;
    }
    case wire::DataHeader::PARCEL:
      return take_parcel(header, std::move(letter));
    case wire::DataHeader::CANCEL:
      if (letter.route == coordinator_data_) return cancel(header);
      ++world_.drops().strangers;
      return;
    default:
      ++world_.drops().malformed;
  }
}

void WorkerCore::cancel(const wire::DataHeader& header) {
  if (header.epoch() != epoch_) {
    ++world_.drops().untimely;
    return;
  }
  work_.cancel(header.epoch(), header.request());
  intake_.end(header.request());
  for (Flow& flow : flows_ | std::views::values) flow.forget(header.request());
  forget_jobs(header.request());
}

void WorkerCore::forget_jobs(std::optional<std::uint64_t> request) {
  std::erase_if(jobs_, [&](const auto& job) { return !request || job.first == *request; });
  begun_ -= world_.forget_jobs(request);
}

void WorkerCore::take_parcel(const wire::DataHeader& header, Letter letter) {
  const Bytes bytes = bytes_of(letter.parts);
  const Result<Parcel> parcel = decode(header, letter.parts);
  if (!parcel) ++world_.drops().malformed;
  Workload::Step step = parcel ? work_.accept(*parcel, world_.clock_s()) : Workload::Step();
  // The coordinator's are bounded by its window.
  if (PeerId(header.from()) != kCoordinator) {
    intake_.take(letter.route, bytes, header.request(), std::move(step.keepers));
  }
  if (header.epoch() == epoch_) intake_.see(header.request());
  follow(header.request(), std::move(step));
}

void WorkerCore::follow(std::uint64_t request, Workload::Step step) {
  world_.drops().untimely += step.dropped;
  for (const StageId stage : step.failed) intake_.end(request, stage);
  for (Job& job : step.jobs) jobs_.emplace(request, std::move(job));
  deliver(std::move(step.deliveries));
}

void WorkerCore::take_reply(PeerId peer, const Parts& parts, Time now) {
  wire::DataHeader header;
  const auto flow = flows_.find(peer);
  if (!parse_part(parts.front(), header) || header.kind() != wire::DataHeader::RECEIPT ||
      flow == flows_.end()) {
    ++world_.drops().malformed;
    return;
  }
  switch (flow->second.take(from_wire(header), now)) {
    case Flow::Verdict::fine:
      return;
    case Flow::Verdict::old:
      ++world_.drops().untimely;
      return;
    case Flow::Verdict::impossible:
      ++world_.drops().malformed;
      return;
  }
}

void WorkerCore::send_held(Time now) {
  for (Flow& flow : flows_ | std::views::values) {
    for (Packet& packet : flow.release(now)) world_.send(std::move(packet));
  }
}

void WorkerCore::begin_jobs() {
  while (begun_ < kMostBegun && !jobs_.empty() && may_begin(jobs_.begin()->first)) {
    ++begun_;
    world_.compute(std::move(jobs_.extract(jobs_.begin()).mapped()));
  }
}

bool WorkerCore::may_begin(std::uint64_t request) const {
  return std::ranges::none_of(flows_ | std::views::values, [&](const Flow& flow) {
    return flow.held() > limits_.held && *flow.oldest_held() < request;
  });
}

void WorkerCore::send_receipts() {
  for (const auto& [route, receipt] : intake_.take_receipts()) {
    // A peer that is gone needs none.
    world_.answer(Gate::Side::data, route, to_parts(to_wire(receipt)));
  }
}

void WorkerCore::deliver(std::vector<Delivery> deliveries) {
  for (Delivery& delivery : deliveries) {
    if (delivery.to == kCoordinator) {
      const bool sent =
          world_.answer(Gate::Side::data, coordinator_data_, encode(delivery.parcel, self_));
      if (!sent) ++world_.drops().untimely;
    } else if (delivery.to == self_) {
      follow(delivery.parcel.request, work_.accept(delivery.parcel, world_.clock_s()));
    } else if (const auto flow = flows_.find(delivery.to); flow != flows_.end()) {
      flow->second.push({.to = delivery.to,
                         .request = delivery.parcel.request,
                         .parts = encode(delivery.parcel, self_)});
    }
  }
}

void WorkerCore::take_outcome(Outcome outcome, Time now) {
  if (auto* const loaded = std::get_if<Loaded>(&outcome)) take(std::move(*loaded), now);
  if (auto* const measured = std::get_if<Measured>(&outcome)) take(std::move(*measured));
  if (auto* const computed = std::get_if<Computed>(&outcome)) take(std::move(*computed));
}

void WorkerCore::take(Loaded loaded, Time now) {
  idle_memory_ = loaded.idle_memory;
  const auto waiting = tickets_.extract(loaded.ticket);
  if (waiting.empty()) return;
  const auto setup = setting_up_.find(LinkSet::in_use);
  const bool for_setup = setup != setting_up_.end() && setup->second.ticket == loaded.ticket;
  if (!loaded.result) {
    if (for_setup) stop();
    return refuse(waiting.mapped(), loaded.result.error());
  }
  if (!for_setup) return answer(waiting.mapped(), {});
  setup->second.loaded = now;
}

void WorkerCore::take(Measured measured) {
  const auto waiting = tickets_.extract(measured.ticket);
  if (waiting.empty()) return;
  if (!measured.profile_json) return refuse(waiting.mapped(), measured.profile_json.error());
  wire::Answer profile;
  profile.set_profile_json(*std::move(measured.profile_json));
  answer(waiting.mapped(), std::move(profile));
}

void WorkerCore::take(Computed computed) {
  if (!computed.outputs) {
    computed.outputs = within(fmt::format("device {}", name_),
                              std::move(computed.outputs.error()));
  }
  --begun_;
  if (computed.epoch == epoch_) intake_.end(computed.request, computed.stage);
  deliver(work_.finish(std::move(computed)));
}

}  // namespace convoy::runtime
