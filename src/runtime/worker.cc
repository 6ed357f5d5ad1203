#include "runtime/worker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "foundation/file_descriptor.h"
#include "runtime/capabilities.h"
#include "runtime/computer.h"
#include "runtime/door.h"
#include "runtime/key_folder.h"
#include "runtime/link_lines.h"
#include "runtime/model_cache.h"
#include "runtime/peer_links.h"
#include "runtime/sockets.h"
#include "runtime/usage.h"
#include "runtime/worker_core.h"
#include "runtime/worker_status.h"

namespace convoy::runtime {
namespace {

using Clock = std::chrono::steady_clock;

using namespace std::chrono_literals;

// How often it looks whether its coordinator is there and its keys are what they were.
constexpr auto kTick = 1s;

// The thread that owns the sockets. It never computes and never waits for anything but messages,
// and the disk for one chunk of a file, so it always answers; the computer computes.
class Worker : private WorkerWorld {
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
        peers_(context_, keys_ ? std::optional(keys_->own()) : std::nullopt, options.paced.sharing),
        trial_(context_, keys_ ? std::optional(keys_->own()) : std::nullopt, options.paced.sharing),
        paces_(options.paced.input),
        core_(options.name, capabilities(options.threads), *this),
        computer_({.threads = options.threads, .speed = options.speed}, cache_, wake_.get()) {}

  Result<void> serve();

 private:
  // What is due once in a while; an error ends the worker.
  [[nodiscard]] Result<void> tick(Clock::time_point now);
  void reread_keys();
  void publish(Clock::time_point now);
  void pace_links();
  PeerLinks& links(LinkSet set) { return set == LinkSet::in_use ? peers_ : trial_; }

  bool answer(Gate::Side side, const std::string& route, Parts parts) override {
    return door_.send(side, route, std::move(parts));
  }
  Result<void> connect(LinkSet set, const SetupSpec& spec) override {
    return links(set).connect(spec.self, spec.peers, Clock::now());
  }
  void disconnect(LinkSet set) override { links(set).close(); }
  const PeerSpec* closed_peer(LinkSet set) const override {
    return set == LinkSet::in_use ? peers_.closed() : trial_.closed();
  }
  void send(Packet packet) override { peers_.send(std::move(packet), Clock::now()); }
  bool has_broken() const override { return peers_.has_broken(); }
  void compute(Task task) override { computer_.post(std::move(task)); }
  std::size_t forget_jobs(std::optional<std::uint64_t> request) override {
    return computer_.forget_jobs(request);
  }
  Result<std::uint64_t> offer(const std::string& sha256, std::uint64_t total,
                              const std::set<std::string>& kept) override {
    return cache_.offer(sha256, total, kept);
  }
  Result<void> append(const std::string& sha256, std::uint64_t offset,
                      std::span<const std::byte> bytes, std::uint64_t total) override {
    return cache_.append(sha256, offset, bytes, total);
  }
  Result<std::vector<std::uint32_t>> known_pieces(
      const std::string& sha256, std::span<const onnx::DataPiece> pieces) override {
    return cache_.known_pieces(sha256, pieces);
  }
  Result<void> copy(const std::string& sha256, std::uint64_t offset, const onnx::DataPiece& piece,
                    std::uint64_t total) override {
    return cache_.copy(sha256, offset, piece, total);
  }
  Gate& gate() override { return door_.gate(); }
  Drops& drops() override { return door_.drops(); }
  double clock_s() const override { return steady_seconds(); }
  void log(std::string_view line) override { options_.log(line); }
  void exit() override {
    door_.linger(100ms);  // for the answer
    exiting_ = true;
  }

  const WorkerOptions& options_;
  ModelCache cache_;
  FileDescriptor wake_;
  FileDescriptor parent_;
  zmq::context_t context_{1};
  std::optional<KeyFolder> keys_;
  Door door_;
  PeerLinks peers_;
  PeerLinks trial_;
  LinkLines paces_;
  Clock::time_point began_;
  std::optional<FleetStatus> published_;
  bool revoked_ = false;  // a key, whose connections may still be open
  bool exiting_ = false;
  WorkerCore core_;
  Computer computer_;  // last: its thread ends first
};

Result<void> Worker::serve() {
  reread_keys();
  if (auto opened = door_.open(); !opened) return opened;
  options_.log(
      fmt::format("{} listens at {}{}", options_.name, options_.listen,
                  keys_ ? fmt::format(", its key is {}", keys_->own().public_key) : std::string()));
  began_ = Clock::now();
  publish(began_);
  Clock::time_point next_tick = began_ + kTick;
  while (!exiting_) {
    std::vector<zmq::pollitem_t> items = {{nullptr, wake_.get(), ZMQ_POLLIN, 0}};
    if (parent_) items.push_back({nullptr, parent_.get(), ZMQ_POLLIN, 0});
    if (paces_.input() >= 0) items.push_back({nullptr, paces_.input(), ZMQ_POLLIN, 0});
    door_.add_to(items);
    peers_.add_to(items);
    trial_.add_to(items);
    const Clock::time_point until = std::min({next_tick, peers_.next_release().value_or(next_tick),
                                              trial_.next_release().value_or(next_tick)});
    wait(items, until - Clock::now());
    pace_links();  // first: they say since when

    if ((parent_ && items[1].revents != 0) || (options_.stop && options_.stop())) break;
    if (items[0].revents != 0) {
      std::uint64_t wakes = 0;  // how many does not matter
      [[maybe_unused]] const auto read = ::read(wake_.get(), &wakes, sizeof wakes);
      for (Outcome& outcome : computer_.take()) {
        core_.take_outcome(std::move(outcome), Clock::now());
      }
    }
    for (const auto& [peer, parts] : peers_.receive()) core_.take_reply(peer, parts, Clock::now());
    (void)trial_.receive();
    for (PeerLinks* const links : {&peers_, &trial_}) links->release(Clock::now());
    if (door_.is_asked()) {
      reread_keys();
      door_.admit();
    }
    while (auto letter = door_.next(Gate::Side::data)) core_.take_data(*std::move(letter));
    while (auto letter = door_.next(Gate::Side::control)) core_.take_request(*std::move(letter), Clock::now());
    if (const auto now = Clock::now(); now >= next_tick) {
      next_tick = now + kTick;
      if (auto fine = tick(now); !fine) return fine;
    }
    core_.settle(Clock::now());
  }
  options_.log(fmt::format("{} ends; {}", options_.name, to_text(door_.drops())));
  return {};
}

Result<void> Worker::tick(Clock::time_point now) {
  core_.tick(now);
  door_.count_failures();
  publish(now);
  reread_keys();
  // Others are not disturbed while the worker is theirs; what the revoked one says is dropped
  // anyhow.
  if (!revoked_ || core_.tenant()) return {};
  revoked_ = false;
  return door_.reopen();
}

void Worker::pace_links() {
  for (const Result<LinkLine>& line : paces_.take()) {
    if (!line) {
      options_.log(line.error().message);
      continue;
    }
    for (PeerLinks* const links : {&peers_, &trial_}) links->pace(*line, Clock::now());
  }
}

void Worker::publish(Clock::time_point now) {
  if (!options_.publish) return;
  FleetStatus status =
      worker_status(options_.name, core_.figures(false), peers_.names(), now - began_);
  if (published_) add_rates(status, *published_);
  options_.publish(status);
  published_ = std::move(status);
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
  if (core_.tenant() && !door_.gate().trusts(core_.tenant()->key)) {
    core_.let_go("its key was revoked");
  }
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
  } else if (endpoint->reach == Reach::network &&
             (options.parent == 0 || endpoint->is_everywhere)) {
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
    parent = open_process(options.parent);
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
