#include "runtime/worker.h"

#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "foundation/file_descriptor.h"
#include "foundation/version.h"
#include "runtime/computer.h"
#include "runtime/model_cache.h"
#include "runtime/peer_links.h"
#include "runtime/sockets.h"
#include "runtime/stage.h"
#include "runtime/usage.h"
#include "runtime/wire.h"

namespace convoy::runtime {
namespace {

using Clock = std::chrono::steady_clock;

ModelFiles from_wire(const wire::ModelFiles& files) {
  return {files.sha256(), files.data_file(), files.data_sha256()};
}

// Older busy intervals are forgotten: 32 bytes each.
constexpr std::size_t kMostIntervals = 100'000;

// The thread that owns the sockets. It never computes and never waits for anything but messages, so
// it always answers; the computer computes.
class Worker {
 public:
  Worker(const WorkerOptions& options, ModelCache cache, FileDescriptor wake,
         FileDescriptor parent)
      : options_(options),
        cache_(std::move(cache)),
        wake_(std::move(wake)),
        parent_(std::move(parent)),
        computer_({.threads = options.threads, .speed = options.speed}, cache_, wake_.get()) {}

  Result<void> serve();

 private:
  // Where the answer to a control request goes.
  struct Caller {
    std::string route;
    std::uint64_t id = 0;
  };
  struct Running {
    Stage stage;
    std::uint64_t requests = 0;
    Seconds busy{0};
    Bytes sent{0};
  };
  struct Interval {
    StageId stage;
    std::uint64_t request = 0;
    double start_s = 0;
    double end_s = 0;
  };

  // Control.
  void take_request(Parts parts);
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
  void take_data(Parts parts);
  void take_outcome(Loaded loaded);
  void take_outcome(Measured measured);
  void take_outcome(Computed computed);
  void take_parcel(const Parcel& parcel);
  void deliver(std::vector<Delivery> deliveries);

  const WorkerOptions& options_;
  ModelCache cache_;
  FileDescriptor wake_;
  FileDescriptor parent_;
  zmq::context_t context_{1};
  zmq::socket_t control_{make_socket(context_, zmq::socket_type::router)};
  zmq::socket_t data_{make_socket(context_, zmq::socket_type::router)};
  PeerLinks peers_{context_};

  std::string coordinator_;       // its route on control_
  std::string coordinator_data_;  // and on data_
  bool exiting_ = false;
  std::map<std::string, std::uint64_t> offered_;  // bytes by sha256
  std::map<std::uint64_t, Caller> tickets_;
  std::uint64_t next_ticket_ = 1;
  struct Pending {
    Caller caller;
    bool loaded = false;
  };
  std::optional<Pending> setting_up_;

  std::map<StageId, Running> stages_;
  std::deque<Interval> intervals_;
  Seconds cpu_at_start_{0};
  Bytes idle_memory_{0};
  std::uint64_t dropped_ = 0;
  Computer computer_;  // last: its thread ends first
};

Result<void> Worker::serve() {
  for (auto& [socket, endpoint] : {std::pair<zmq::socket_t&, const std::string&>(
                                       control_, options_.control),
                                   {data_, options_.data}}) {
    if (auto bound = bind(socket, endpoint); !bound) return bound;
  }
  while (!exiting_) {
    std::vector<zmq::pollitem_t> items = {{control_.handle(), 0, ZMQ_POLLIN, 0},
                                          {data_.handle(), 0, ZMQ_POLLIN, 0},
                                          {nullptr, wake_.get(), ZMQ_POLLIN, 0}};
    if (parent_) items.push_back({nullptr, parent_.get(), ZMQ_POLLIN, 0});
    const std::size_t first_peer = items.size();
    peers_.add_to(items);
    std::optional<Clock::duration> until_release;
    if (const auto next = peers_.next_release()) until_release = *next - Clock::now();
    wait(items, until_release);

    if (parent_ && items[3].revents != 0) return {};
    if (items[2].revents != 0) {
      std::uint64_t wakes = 0;  // how many does not matter
      [[maybe_unused]] const auto read = ::read(wake_.get(), &wakes, sizeof wakes);
      for (Outcome& outcome : computer_.take()) {
        std::visit([this](auto& what) { take_outcome(std::move(what)); }, outcome);
      }
    }
    for (std::size_t i = first_peer; i < items.size(); ++i) {
      if (items[i].revents == 0) continue;
      peers_.receive();
      answer_setup();
      break;
    }
    peers_.release(Clock::now());
    if (items[1].revents != 0) {
      while (auto parts = receive(data_)) take_data(*std::move(parts));
    }
    if (items[0].revents != 0) {
      while (auto parts = receive(control_)) take_request(*std::move(parts));
    }
  }
  return {};
}

void Worker::take_request(Parts parts) {
  wire::Request request;
  if (parts.size() < 2 || !parse_part(parts[1], request)) {
    ++dropped_;
    return;
  }
  const Caller caller{parts[0].to_string(), request.id()};
  if (!request.has_hello() && caller.route != coordinator_) {
    return refuse(caller, {ErrorKind::lost, "it serves another coordinator now"});
  }
  switch (request.what_case()) {
    case wire::Request::kHello:
      return hello(caller, request.hello());
    case wire::Request::kClock: {
      wire::Answer now;
      now.set_clock_s(steady_seconds());
      return answer(caller, std::move(now));
    }
    case wire::Request::kOffer:
      return offer(caller, request.offer());
    case wire::Request::kChunk:
      return chunk(caller, request.chunk(), parts);
    case wire::Request::kSetup:
      return setup(caller, request.setup());
    case wire::Request::kStart:
      return start(caller, request.start());
    case wire::Request::kStop:
      stop();
      return computer_.post(LoadTask{.ticket = ticket_for(caller)});
    case wire::Request::kMeasure:
      return measure(caller, request.measure(), std::move(parts));
    case wire::Request::kReport:
      return report(caller, request.report().intervals());
    case wire::Request::kExit:
      control_.set(zmq::sockopt::linger, 100);  // milliseconds, for the answer
      exiting_ = true;
      return answer(caller, {});
    case wire::Request::WHAT_NOT_SET:
      return refuse(caller, {ErrorKind::failure, "it does not understand the request"});
  }
}

void Worker::answer(const Caller& caller, wire::Answer answer) {
  answer.set_id(caller.id);
  Parts parts;
  parts.emplace_back(caller.route);
  parts.push_back(to_part(answer));
  send(control_, std::move(parts));  // a coordinator that is gone needs no answer
}

void Worker::refuse(const Caller& caller, const Error& error) {
  wire::Answer refusal;
  *refusal.mutable_failure() = to_wire(error);
  answer(caller, std::move(refusal));
}

void Worker::hello(const Caller& caller, const wire::Hello& hello) {
  if (hello.protocol() != kProtocol) {
    return refuse(caller, {ErrorKind::failure,
                           fmt::format("it is convoy {} (protocol {}), the coordinator convoy {} "
                                       "(protocol {}); they must be of one version",
                                       kVersion, kProtocol, hello.convoy_version(),
                                       hello.protocol())});
  }
  if (caller.route != coordinator_) {
    stop();
    tickets_.clear();  // nobody waits for them any more
    computer_.post(LoadTask{});
    coordinator_ = caller.route;
    coordinator_data_.clear();
  }
  wire::Answer welcome;
  welcome.mutable_welcome()->set_protocol(kProtocol);
  welcome.mutable_welcome()->set_convoy_version(std::string(kVersion));
  welcome.mutable_welcome()->set_runtime_version(engine::runtime_version());
  welcome.mutable_welcome()->set_name(options_.name);
  answer(caller, std::move(welcome));
}

void Worker::offer(const Caller& caller, const wire::Offer& offer) {
  const Result<std::uint64_t> held = cache_.held(offer.sha256());
  if (!held) return refuse(caller, held.error());
  offered_[offer.sha256()] = offer.bytes();
  wire::Answer here;
  here.set_held_bytes(*held);
  answer(caller, std::move(here));
}

void Worker::chunk(const Caller& caller, const wire::Chunk& chunk, const Parts& parts) {
  const auto total = offered_.find(chunk.sha256());
  if (total == offered_.end() || parts.size() != 3) {
    return refuse(caller, {ErrorKind::failure, "a piece of a file that was not offered"});
  }
  const std::span bytes(static_cast<const std::byte*>(parts[2].data()), parts[2].size());
  const auto written = cache_.append(chunk.sha256(), chunk.offset(), bytes, total->second);
  if (!written) return refuse(caller, written.error());
  wire::Answer here;
  here.set_held_bytes(chunk.offset() + bytes.size());
  answer(caller, std::move(here));
}

void Worker::setup(const Caller& caller, const wire::Setup& setup) {
  stop();
  LoadTask load;
  for (const wire::StageSetup& stage : setup.stages()) {
    const auto level = onnx::parse_level(stage.level());
    if (!level) return refuse(caller, level.error());
    StageSpec spec{.id = StageId(stage.stage())};
    StageModel model{.stage = spec.id, .files = from_wire(stage.model()), .level = *level};
    for (const wire::ReadValue& input : stage.inputs()) {
      spec.inputs.push_back(ValueId(input.value()));
      model.inputs.push_back(input.name());
    }
    for (const wire::WrittenValue& output : stage.outputs()) {
      StageSpec::Output to{.value = ValueId(output.value())};
      for (const std::uint32_t reader : output.readers()) to.readers.push_back(PeerId(reader));
      spec.outputs.push_back(std::move(to));
      model.outputs.push_back(output.name());
    }
    stages_.emplace(spec.id, Running{.stage = Stage(std::move(spec))});
    load.models.push_back(std::move(model));
  }
  if (auto connected = peers_.connect(setup); !connected) {
    stop();
    return refuse(caller, connected.error());
  }
  setting_up_ = Pending{caller};
  load.ticket = ticket_for(caller);
  computer_.post(std::move(load));
}

// Once the models are loaded and every peer has answered.
void Worker::answer_setup() {
  if (!setting_up_ || !setting_up_->loaded || !peers_.open()) return;
  answer(setting_up_->caller, {});
  setting_up_.reset();
}

void Worker::start(const Caller& caller, const wire::Start& start) {
  for (auto& [id, running] : stages_) {
    running.stage.start(start.epoch(), start.window());
    running.requests = 0;
    running.busy = Seconds(0);
    running.sent = Bytes(0);
  }
  intervals_.clear();
  dropped_ = 0;
  cpu_at_start_ = process_cpu_time();
  answer(caller, {});
}

void Worker::measure(const Caller& caller, const wire::Measure& measure, Parts parts) {
  auto inputs = take_tensors(measure.inputs(), parts, 2);
  if (!inputs) return refuse(caller, inputs.error());
  stop();
  computer_.post(MeasureTask{.ticket = ticket_for(caller),
                             .files = from_wire(measure.model()),
                             .inputs = *std::move(inputs)});
}

void Worker::report(const Caller& caller, bool with_intervals) {
  wire::Answer said;
  wire::Figures& figures = *said.mutable_figures();
  for (const auto& [id, running] : stages_) {
    wire::StageReport& stage = *figures.add_stages();
    stage.set_stage(static_cast<std::uint32_t>(id.index()));
    stage.set_requests(running.requests);
    stage.set_busy_s(running.busy.count());
    stage.set_sent_bytes(static_cast<std::uint64_t>(running.sent.value()));
  }
  figures.set_peak_memory_bytes(static_cast<std::uint64_t>(peak_memory().value()));
  figures.set_idle_memory_bytes(static_cast<std::uint64_t>(idle_memory_.value()));
  figures.set_cpu_s((process_cpu_time() - cpu_at_start_).count());
  figures.set_dropped(dropped_);
  if (with_intervals) {
    for (const Interval& interval : intervals_) {
      figures.add_interval_stage(static_cast<std::uint32_t>(interval.stage.index()));
      figures.add_interval_request(interval.request);
      figures.add_interval_start_s(interval.start_s);
      figures.add_interval_end_s(interval.end_s);
    }
  }
  answer(caller, std::move(said));
}

void Worker::stop() {
  stages_.clear();
  computer_.forget_jobs();
  peers_.close();
  setting_up_.reset();
}

std::uint64_t Worker::ticket_for(const Caller& caller) {
  tickets_.emplace(next_ticket_, caller);
  return next_ticket_++;
}

void Worker::take_data(Parts parts) {
  wire::DataHeader header;
  if (parts.size() < 2 || !parse_part(parts[1], header)) {
    ++dropped_;
    return;
  }
  std::string route = parts[0].to_string();
  parts.erase(parts.begin());
  switch (header.kind()) {
    case wire::DataHeader::KNOCK: {
      wire::DataHeader open;
      open.set_kind(wire::DataHeader::OPEN);
      Parts reply;
      reply.emplace_back(route);
      reply.push_back(to_part(open));
      send(data_, std::move(reply));
      if (PeerId(header.from()) == kCoordinator) coordinator_data_ = std::move(route);
      return;
    }
    case wire::DataHeader::PARCEL: {
      const Result<Parcel> parcel = decode(header, parts);
      if (parcel) return take_parcel(*parcel);
      ++dropped_;
      return;
    }
    default:
      ++dropped_;
  }
}

void Worker::take_parcel(const Parcel& parcel) {
  for (auto& [id, running] : stages_) {
    Stage::Step step = running.stage.accept(parcel);
    dropped_ += step.dropped;
    if (step.job) computer_.post(*std::move(step.job));
    deliver(std::move(step.deliveries));
  }
}

void Worker::deliver(std::vector<Delivery> deliveries) {
  for (Delivery& delivery : deliveries) {
    if (delivery.to == kCoordinator) {
      Parts parts = encode(delivery.parcel, peers_.self());
      parts.emplace(parts.begin(), coordinator_data_);
      if (!send(data_, std::move(parts))) ++dropped_;
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
  const bool for_setup = setting_up_ && setting_up_->caller.id == waiting.mapped().id;
  if (!loaded.result) {
    if (for_setup) stop();
    return refuse(waiting.mapped(), loaded.result.error());
  }
  if (!for_setup) return answer(waiting.mapped(), {});
  setting_up_->loaded = true;
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
  const auto found = stages_.find(computed.stage);
  if (found == stages_.end()) return;
  Running& running = found->second;
  if (!computed.outputs) {
    computed.outputs = within(fmt::format("device {}", options_.name),
                              std::move(computed.outputs.error()));
  }
  std::vector<Delivery> deliveries = running.stage.finish(computed.epoch, computed.request,
                                                          std::move(computed.outputs));
  if (deliveries.empty()) return;  // of an epoch that is over
  ++running.requests;
  running.busy += Seconds(computed.end_s - computed.start_s);
  for (const Delivery& delivery : deliveries) {
    if (delivery.to != kCoordinator && delivery.to != peers_.self()) {
      running.sent += bytes_of(delivery.parcel);
    }
  }
  intervals_.push_back({computed.stage, computed.request, computed.start_s, computed.end_s});
  if (intervals_.size() > kMostIntervals) intervals_.pop_front();
  deliver(std::move(deliveries));
}

}  // namespace

Result<void> serve(const WorkerOptions& options) try {
  Result<ModelCache> cache = ModelCache::open(options.cache);
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
  return Worker(options, *std::move(cache), std::move(wake), std::move(parent)).serve();
} catch (const zmq::error_t& error) {
  return fail(ErrorKind::failure, "worker {}: {}", options.name, error.what());
}

}  // namespace convoy::runtime
