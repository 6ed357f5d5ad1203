#include "runtime/worker.h"

#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "foundation/file_descriptor.h"
#include "runtime/capabilities.h"
#include "runtime/computer.h"
#include "runtime/door.h"
#include "runtime/key_folder.h"
#include "runtime/model_cache.h"
#include "runtime/peer_links.h"
#include "runtime/setup.h"
#include "runtime/sockets.h"
#include "runtime/tenancy.h"
#include "runtime/usage.h"
#include "runtime/wire.h"
#include "runtime/workload.h"

namespace convoy::runtime {
namespace {

using Clock = std::chrono::steady_clock;

using namespace std::chrono_literals;

// How often it looks whether its coordinator is there and its keys are what they were.
constexpr auto kTick = 1s;
// A coordinator whose connection was lost may come back for so long.
constexpr auto kGrace = 2s;
// Once its models are loaded a worker waits so long for its peers.
constexpr auto kPeers = 10s;
// A chunk of a file is at most this.
constexpr std::size_t kMostChunkBytes = std::size_t{1} << 20;
// The thread that owns the sockets. It never computes and never waits for anything but messages, so
// it always answers; the computer computes.
class Worker {
 public:
  Worker(const WorkerOptions& options, Endpoint endpoint, std::optional<KeyFolder> keys,
         ModelCache cache, FileDescriptor wake, FileDescriptor parent)
      : options_(options),
        cache_(std::move(cache)),
        wake_(std::move(wake)),
        parent_(std::move(parent)),
        keys_(std::move(keys)),
        door_(context_, std::move(endpoint), keys_ ? std::optional(keys_->own()) : std::nullopt,
              options.log),
        peers_(context_, keys_ ? std::optional(keys_->own()) : std::nullopt),
        computer_({.threads = options.threads, .speed = options.speed}, cache_, wake_.get()) {}

  Result<void> serve();

 private:
  // Where the answer to a control request goes.
  struct Caller {
    std::string route;
    std::string key;
    std::string address;
    std::uint64_t id = 0;
  };
  // What is due once in a while; an error ends the worker.
  [[nodiscard]] Result<void> tick(Clock::time_point now);
  void reread_keys();
  // Whether the coordinator that has the worker can still be reached.
  void probe(Clock::time_point now);
  // Forgets the coordinator, what it loaded and who waits for answers.
  void let_go();
  void let_go(std::string_view why);

  // Control.
  void take_request(Letter letter);
  void answer(const Caller& caller, wire::Answer answer);
  void refuse(const Caller& caller, const Error& error);
  void hello(const Caller& caller, const wire::Hello& hello);
  void offer(const Caller& caller, const wire::Offer& offer);
  void chunk(const Caller& caller, const wire::Chunk& chunk, const Parts& parts);
  void setup(const Caller& caller, const wire::Setup& setup);
  void answer_setup();
  void start(const Caller& caller, const wire::Start& start);
  void measure(const Caller& caller, const wire::Measure& measure, Parts parts);
  void report(const Caller& caller, bool with_intervals);
  void stop();
  // Remembers who waits for a task of the computer.
  std::uint64_t ticket_for(const Caller& caller);

  // Data.
  void take_data(Letter letter);
  void take_outcome(Loaded loaded);
  void take_outcome(Measured measured);
  void take_outcome(Computed computed);
  void take_parcel(const Parcel& parcel);
  void deliver(std::vector<Delivery> deliveries);

  const WorkerOptions& options_;
  const Capabilities able_ = capabilities(options_.threads);
  ModelCache cache_;
  FileDescriptor wake_;
  FileDescriptor parent_;
  zmq::context_t context_{1};
  std::optional<KeyFolder> keys_;
  Door door_;
  PeerLinks peers_;

  Tenancy tenancy_{kGrace};
  std::string coordinator_data_;  // its route among the data
  bool revoked_ = false;          // a key, whose connections may still be open
  bool exiting_ = false;
  std::map<std::string, std::uint64_t> offered_;  // bytes by sha256
  std::map<std::uint64_t, Caller> tickets_;
  std::uint64_t next_ticket_ = 1;
  struct Pending {
    Caller caller;
    std::uint64_t ticket = 0;
    std::optional<Clock::time_point> loaded;
  };
  std::optional<Pending> setting_up_;

  Workload work_;
  Seconds cpu_at_start_{0};
  Bytes idle_memory_{0};
  Drops dropped_at_start_;
  std::uint64_t epoch_ = 0;
  Computer computer_;  // last: its thread ends first
};

Result<void> Worker::serve() {
  reread_keys();
  if (auto opened = door_.open(); !opened) return opened;
  options_.log(
      fmt::format("{} listens at {}{}", options_.name, options_.listen,
                  keys_ ? fmt::format(", its key is {}", keys_->own().public_key) : std::string()));
  Clock::time_point next_tick = Clock::now() + kTick;
  while (!exiting_) {
    std::vector<zmq::pollitem_t> items = {{nullptr, wake_.get(), ZMQ_POLLIN, 0}};
    if (parent_) items.push_back({nullptr, parent_.get(), ZMQ_POLLIN, 0});
    door_.add_to(items);
    peers_.add_to(items);
    const Clock::time_point until = std::min(next_tick, peers_.next_release().value_or(next_tick));
    wait(items, until - Clock::now());

    if ((parent_ && items[1].revents != 0) || (options_.stop && options_.stop())) break;
    if (items[0].revents != 0) {
      std::uint64_t wakes = 0;  // how many does not matter
      [[maybe_unused]] const auto read = ::read(wake_.get(), &wakes, sizeof wakes);
      for (Outcome& outcome : computer_.take()) {
        std::visit([this](auto& what) { take_outcome(std::move(what)); }, outcome);
      }
    }
    peers_.receive();
    answer_setup();
    peers_.release(Clock::now());
    if (door_.is_asked()) reread_keys();
    door_.admit();
    while (auto letter = door_.next(Gate::Side::data)) take_data(*std::move(letter));
    while (auto letter = door_.next(Gate::Side::control)) take_request(*std::move(letter));
    if (const auto now = Clock::now(); now >= next_tick) {
      next_tick = now + kTick;
      if (auto fine = tick(now); !fine) return fine;
    }
  }
  options_.log(fmt::format("{} ends; {}", options_.name, to_text(door_.drops())));
  return {};
}

Result<void> Worker::tick(Clock::time_point now) {
  probe(now);
  if (tenancy_.expired(now)) let_go("its connection was lost");
  reread_keys();
  // Others are not disturbed while the worker is theirs; what the revoked one says is dropped
  // anyhow.
  if (!revoked_ || tenancy_.tenant()) return {};
  revoked_ = false;
  return door_.reopen();
}

void Worker::reread_keys() {
  if (!keys_) return;
  auto trusted = keys_->trusted();
  if (!trusted) options_.log(fmt::format("trusts nobody: {}", trusted.error().message));
  std::vector<NamedKey> before = door_.gate().trusted();
  if (!door_.gate().trust(trusted ? *std::move(trusted) : std::vector<NamedKey>())) return;
  for (const NamedKey& known : before) {
    if (door_.gate().trusts(known.key)) continue;
    revoked_ = true;
    options_.log(fmt::format("{} is cut off: its key {} was revoked", known.name, known.key));
  }
  if (tenancy_.tenant() && !door_.gate().trusts(tenancy_.tenant()->key)) {
    let_go("its key was revoked");
  }
}

void Worker::probe(Clock::time_point now) {
  if (!tenancy_.tenant()) return;
  Parts parts;
  parts.push_back(to_part(wire::Answer()));
  if (!door_.send(Gate::Side::control, tenancy_.route(), std::move(parts))) tenancy_.lost(now);
}

void Worker::let_go() {
  stop();
  tenancy_.release();
  door_.gate().expect({});
  offered_.clear();
  coordinator_data_.clear();
}

void Worker::let_go(std::string_view why) {
  options_.log(fmt::format("free again: {} had it, and {}", tenancy_.tenant()->who, why));
  let_go();
  tickets_.clear();  // nobody waits for them any more
  computer_.post(LoadTask{});
}

void Worker::take_request(Letter letter) {
  wire::Request request;
  if (!parse_part(letter.parts.front(), request)) {
    ++door_.drops().malformed;
    return;
  }
  const Caller caller{letter.route, letter.key, letter.address, request.id()};
  if (request.has_hello()) return hello(caller, request.hello());
  if (caller.route != tenancy_.route()) {
    ++door_.drops().untimely;
    return refuse(caller, {ErrorKind::lost, "it is not yours: say hello first"});
  }
  if (!tenancy_.is_new(request.id())) {
    ++door_.drops().untimely;
    return;
  }
  switch (request.what_case()) {
    case wire::Request::kClock: {
      wire::Answer now;
      now.set_clock_s(steady_seconds());
      return answer(caller, std::move(now));
    }
    case wire::Request::kOffer:
      return offer(caller, request.offer());
    case wire::Request::kChunk:
      return chunk(caller, request.chunk(), letter.parts);
    case wire::Request::kSetup:
      return setup(caller, request.setup());
    case wire::Request::kStart:
      return start(caller, request.start());
    case wire::Request::kStop:
      let_go();
      return computer_.post(LoadTask{.ticket = ticket_for(caller)});
    case wire::Request::kMeasure:
      return measure(caller, request.measure(), std::move(letter.parts));
    case wire::Request::kReport:
      return report(caller, request.report().intervals());
    case wire::Request::kExit:
      door_.linger(100ms);  // for the answer
      exiting_ = true;
      return answer(caller, {});
    case wire::Request::kHello:
    case wire::Request::WHAT_NOT_SET:
      ++door_.drops().malformed;
      return refuse(caller, {ErrorKind::failure, "it does not understand the request"});
  }
}

void Worker::answer(const Caller& caller, wire::Answer answer) {
  answer.set_id(caller.id);
  Parts parts;
  parts.push_back(to_part(answer));
  // A coordinator that is gone needs no answer.
  door_.send(Gate::Side::control, caller.route, std::move(parts));
}

void Worker::refuse(const Caller& caller, const Error& error) {
  wire::Answer refusal;
  *refusal.mutable_failure() = to_wire(error);
  answer(caller, std::move(refusal));
}

void Worker::hello(const Caller& caller, const wire::Hello& hello) {
  const std::string name = door_.gate().name_of(caller.key);
  const std::string who = fmt::format("{}{}{} at {}", name, name.empty() ? "" : ", ",
                                      check_key_name(hello.who()) ? hello.who() : "somebody",
                                      caller.address.empty() ? "this host" : caller.address);
  auto fits = check_versions(hello.protocol(), hello.convoy_version(), hello.runtime_version());
  if (!fits) {
    ++door_.drops().refused;
    options_.log(fmt::format("refused {}: {}", who, fits.error().message));
    return refuse(caller, fits.error());
  }
  const Clock::time_point now = Clock::now();
  probe(now);
  switch (tenancy_.claim({caller.key, hello.session(), who}, caller.route, now)) {
    case Tenancy::Claim::refused:
      options_.log(fmt::format("refused {}: in use by {}", who, tenancy_.tenant()->who));
      return refuse(caller,
                    {ErrorKind::failure, fmt::format("in use by {}", tenancy_.tenant()->who)});
    case Tenancy::Claim::taken:
      options_.log(fmt::format("in use by {}", who));
      break;
    case Tenancy::Claim::kept:
      break;
  }
  std::vector<std::string> senders = {caller.key};
  senders.insert(senders.end(), hello.peers().begin(), hello.peers().end());
  door_.gate().expect(std::move(senders));
  wire::Answer welcome;
  *welcome.mutable_welcome() = to_wire(able_, options_.name);
  answer(caller, std::move(welcome));
}

void Worker::offer(const Caller& caller, const wire::Offer& offer) {
  std::set<std::string> kept = {offer.sha256()};
  for (const auto& [sha256, bytes] : offered_) kept.insert(sha256);
  const Result<std::uint64_t> held = cache_.offer(offer.sha256(), offer.bytes(), kept);
  if (!held) return refuse(caller, held.error());
  offered_[offer.sha256()] = offer.bytes();
  wire::Answer here;
  here.set_held_bytes(*held);
  answer(caller, std::move(here));
}

void Worker::chunk(const Caller& caller, const wire::Chunk& chunk, const Parts& parts) {
  const auto total = offered_.find(chunk.sha256());
  if (total == offered_.end() || parts.size() != 2 || parts[1].size() > kMostChunkBytes) {
    ++door_.drops().malformed;
    return refuse(caller, {ErrorKind::failure,
                           "a chunk that is too large, or of a file that was not "
                           "offered"});
  }
  const std::span bytes(static_cast<const std::byte*>(parts[1].data()), parts[1].size());
  const auto written = cache_.append(chunk.sha256(), chunk.offset(), bytes, total->second);
  if (!written) return refuse(caller, written.error());
  wire::Answer here;
  here.set_held_bytes(chunk.offset() + bytes.size());
  answer(caller, std::move(here));
}

void Worker::setup(const Caller& caller, const wire::Setup& setup) {
  stop();
  auto spec = decode(setup);
  if (!spec) {
    ++door_.drops().malformed;
    return refuse(caller, spec.error());
  }
  work_.replace(std::move(spec->stages), spec->self);
  if (auto connected = peers_.connect(spec->self, spec->peers, spec->sharing); !connected) {
    stop();
    return refuse(caller, connected.error());
  }
  setting_up_ = Pending{.caller = caller, .ticket = ticket_for(caller)};
  computer_.post(LoadTask{
      .ticket = setting_up_->ticket, .models = std::move(spec->models), .threads = spec->threads});
}

// Once the models are loaded and every peer has answered.
void Worker::answer_setup() {
  if (!setting_up_ || !setting_up_->loaded) return;
  const PeerSpec* const closed = peers_.closed();
  if (closed && Clock::now() < *setting_up_->loaded + kPeers) return;
  const Pending pending = *std::exchange(setting_up_, std::nullopt);
  if (!closed) return answer(pending.caller, {});
  const std::string what =
      fmt::format("{} does not answer it at {}", closed->name, closed->endpoint);
  stop();
  refuse(pending.caller, {ErrorKind::lost, what});
}

void Worker::start(const Caller& caller, const wire::Start& start) {
  auto fine = check(start);
  if (!fine || start.epoch() == epoch_) {
    ++door_.drops().untimely;
    return refuse(caller,
                  fine ? Error{ErrorKind::failure, "that epoch has begun already"} : fine.error());
  }
  epoch_ = start.epoch();
  work_.start(start.epoch(), start.window());
  dropped_at_start_ = door_.drops();
  cpu_at_start_ = process_cpu_time();
  answer(caller, {});
}

void Worker::measure(const Caller& caller, const wire::Measure& measure, Parts parts) {
  auto inputs = take_tensors(measure.inputs(), parts, 1);
  if (!inputs) {
    ++door_.drops().malformed;
    return refuse(caller, inputs.error());
  }
  stop();
  computer_.post(MeasureTask{.ticket = ticket_for(caller),
                             .files = from_wire(measure.model()),
                             .inputs = *std::move(inputs),
                             .threads = std::max(0, static_cast<int>(measure.threads()))});
}

void Worker::report(const Caller& caller, bool with_intervals) {
  wire::Answer said;
  wire::Figures& figures = *said.mutable_figures();
  work_.report(figures, with_intervals);
  figures.set_peak_memory_bytes(static_cast<std::uint64_t>(peak_memory().value()));
  figures.set_idle_memory_bytes(static_cast<std::uint64_t>(idle_memory_.value()));
  figures.set_cpu_s((process_cpu_time() - cpu_at_start_).count());
  *figures.mutable_dropped() = to_wire(door_.drops() - dropped_at_start_);
  answer(caller, std::move(said));
}

void Worker::stop() {
  work_.clear();
  computer_.forget_jobs();
  peers_.close();
  setting_up_.reset();
  epoch_ = 0;
}

std::uint64_t Worker::ticket_for(const Caller& caller) {
  tickets_.emplace(next_ticket_, caller);
  return next_ticket_++;
}

void Worker::take_data(Letter letter) {
  wire::DataHeader header;
  if (!parse_part(letter.parts.front(), header)) {
    ++door_.drops().malformed;
    return;
  }
  switch (header.kind()) {
    case wire::DataHeader::KNOCK: {
      wire::DataHeader open;
      open.set_kind(wire::DataHeader::OPEN);
      Parts reply;
      reply.push_back(to_part(open));
      door_.send(Gate::Side::data, letter.route, std::move(reply));
      if (PeerId(header.from()) != kCoordinator) return;
      if (tenancy_.tenant() && tenancy_.tenant()->key == letter.key) {
        coordinator_data_ = std::move(letter.route);
      } else {
        ++door_.drops().strangers;
      }
      return;
    }
    case wire::DataHeader::PARCEL: {
      const Result<Parcel> parcel = decode(header, letter.parts);
      if (parcel) return take_parcel(*parcel);
      ++door_.drops().malformed;
      return;
    }
    default:
      ++door_.drops().malformed;
  }
}

void Worker::take_parcel(const Parcel& parcel) {
  Workload::Step step = work_.accept(parcel);
  door_.drops().untimely += step.dropped;
  for (Job& job : step.jobs) computer_.post(std::move(job));
  deliver(std::move(step.deliveries));
}

void Worker::deliver(std::vector<Delivery> deliveries) {
  for (Delivery& delivery : deliveries) {
    if (delivery.to == kCoordinator) {
      const bool sent =
          door_.send(Gate::Side::data, coordinator_data_, encode(delivery.parcel, peers_.self()));
      if (!sent) ++door_.drops().untimely;
    } else if (delivery.to == peers_.self()) {
      take_parcel(delivery.parcel);
    } else {
      peers_.send(std::move(delivery), Clock::now());
    }
  }
}

void Worker::take_outcome(Loaded loaded) {
  idle_memory_ = loaded.idle_memory;
  const auto waiting = tickets_.extract(loaded.ticket);
  if (waiting.empty()) return;
  const bool for_setup = setting_up_ && setting_up_->ticket == loaded.ticket;
  if (!loaded.result) {
    if (for_setup) stop();
    return refuse(waiting.mapped(), loaded.result.error());
  }
  if (!for_setup) return answer(waiting.mapped(), {});
  setting_up_->loaded = Clock::now();
  answer_setup();
}

void Worker::take_outcome(Measured measured) {
  const auto waiting = tickets_.extract(measured.ticket);
  if (waiting.empty()) return;
  if (!measured.profile_json) return refuse(waiting.mapped(), measured.profile_json.error());
  wire::Answer profile;
  profile.set_profile_json(*std::move(measured.profile_json));
  answer(waiting.mapped(), std::move(profile));
}

void Worker::take_outcome(Computed computed) {
  if (!computed.outputs) {
    computed.outputs = within(fmt::format("device {}", options_.name),
                              std::move(computed.outputs.error()));
  }
  deliver(work_.finish(std::move(computed)));
}

}  // namespace

Result<void> serve(const WorkerOptions& options) try {
  Result<Endpoint> endpoint = parse_endpoint(options.listen);
  if (!endpoint) return std::unexpected(std::move(endpoint.error()));
  std::optional<KeyFolder> keys;
  if (endpoint->reach != Reach::files && options.keys) {
    Result<KeyFolder> opened = KeyFolder::open(*options.keys);
    if (!opened) return std::unexpected(std::move(opened.error()));
    keys = *std::move(opened);
  } else if (endpoint->reach == Reach::network && options.parent == 0) {
    return fail(ErrorKind::input,
                "{} can be reached from other hosts, so there must be keys; without "
                "them only tcp://127.0.0.1:PORT and ipc://PATH would be right",
                options.listen);
  }
  Result<ModelCache> cache = ModelCache::open(
      {.folder = options.cache, .owner = options.name, .limit = options.cache_limit});
  if (!cache) return std::unexpected(cache.error());
  FileDescriptor parent;
  if (options.parent > 0) {
    parent = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, options.parent, 0)));
    if (!parent) {
      return fail(ErrorKind::failure, "the process {} that this worker belongs to is gone",
                  options.parent);
    }
  }
  FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return fail(ErrorKind::failure, "cannot make an eventfd");
  return Worker(options, *std::move(endpoint), std::move(keys), *std::move(cache), std::move(wake),
                std::move(parent))
      .serve();
} catch (const zmq::error_t& error) {
  return fail(ErrorKind::failure, "worker {}: {}", options.name, error.what());
}

}  // namespace convoy::runtime
