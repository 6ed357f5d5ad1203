// A worker as a state machine: no sockets, no threads, no files; time comes in.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/error.h"
#include "messages.pb.h"
#include "runtime/capabilities.h"
#include "runtime/computer.h"
#include "runtime/door.h"
#include "runtime/drops.h"
#include "runtime/flow.h"
#include "runtime/gate.h"
#include "runtime/intake.h"
#include "runtime/setup.h"
#include "runtime/tenancy.h"
#include "runtime/wire.h"
#include "runtime/workload.h"

namespace convoy::runtime {

// Links to peers: those that tensors take, and others beside them that are only made to find out
// whether peers answer.
enum class LinkSet { in_use, on_trial };

// What a worker does to the world around it.
class WorkerWorld {
 public:
  virtual ~WorkerWorld() = default;

  // To whoever sent a letter; false if it is gone.
  virtual bool answer(Gate::Side side, const std::string& route, Parts parts) = 0;
  // To the workers that read what this one makes, in place of those before in that set. Error: an
  // address that is none.
  [[nodiscard]] virtual Result<void> connect(LinkSet set, const SetupSpec& spec) = 0;
  virtual void disconnect(LinkSet set) = 0;
  // A peer that has not answered yet, or nothing once all have.
  [[nodiscard]] virtual const PeerSpec* closed_peer(LinkSet set) const = 0;
  virtual void send(Packet packet) = 0;  // to a peer
  // Whether a link was lost since, and what was under way on it with it.
  [[nodiscard]] virtual bool has_broken() const = 0;

  // A task's outcome comes back. Jobs that have not begun can be forgotten; all, or a request's:
  // how many there were.
  virtual void compute(Task task) = 0;
  virtual std::size_t forget_jobs(std::optional<std::uint64_t> request) = 0;

  // As ModelCache's.
  [[nodiscard]] virtual Result<std::uint64_t> offer(const std::string& sha256, std::uint64_t total,
                                                    const std::set<std::string>& kept) = 0;
  [[nodiscard]] virtual Result<void> append(const std::string& sha256, std::uint64_t offset,
                                            std::span<const std::byte> bytes,
                                            std::uint64_t total) = 0;
  [[nodiscard]] virtual Result<std::vector<std::uint32_t>> known_pieces(
      const std::string& sha256, std::span<const onnx::DataPiece> pieces) = 0;
  [[nodiscard]] virtual Result<void> copy(const std::string& sha256, std::uint64_t offset,
                                          const onnx::DataPiece& piece, std::uint64_t total) = 0;

  [[nodiscard]] virtual Gate& gate() = 0;
  [[nodiscard]] virtual Drops& drops() = 0;
  [[nodiscard]] virtual double clock_s() const = 0;
  virtual void log(std::string_view line) = 0;
  virtual void exit() = 0;
};

// Obeys one coordinator at a time. It always answers: what takes time is done elsewhere, and comes
// back as an outcome.
//
// What waits here is bounded. On each link to a peer there is a credit (Flow), and while one of
// them holds back more than `FlowLimits::held` no job begins. So whoever consumes slowly slows
// those that feed it, these slow theirs, and in the end the coordinator's window is full.
//
// That never stops for good, since the oldest request always moves. Take the oldest one of which
// there is anything at the workers. A packet of it that is held is the first to leave, and may:
// nothing older is outstanding. A job of it is the first to begin, and may: no link holds back
// anything older. Inputs of it that wait for others wait for such a packet, for such a job, or for
// the coordinator, which sends all of its own at once. So it ends, and what it took is consumed.
class WorkerCore {
 public:
  using Time = Tenancy::Time;

  // `world` must outlive it.
  WorkerCore(std::string name, Capabilities able, WorkerWorld& world, FlowLimits limits = {});

  void take_request(Letter letter, Time now);
  void take_data(Letter letter);
  // What a peer said on the connection that was made to it.
  void take_reply(PeerId peer, const Parts& parts, Time now);
  void take_outcome(Outcome outcome, Time now);
  // About once a second.
  void tick(Time now);
  // After anything of the above, and after anything happened to links: sends and begins what may
  // be, tells peers what was consumed; answers a setup once the models are loaded and every peer
  // has answered, or will not; tells the coordinator of a link that was lost or is stalled.
  void settle(Time now);

  [[nodiscard]] const std::optional<Tenant>& tenant() const { return tenancy_.tenant(); }
  // To its peers.
  [[nodiscard]] const std::map<PeerId, Flow>& flows() const { return flows_; }
  // What it did since the epoch began; for intervals see Workload::report().
  [[nodiscard]] wire::Figures figures(bool with_intervals, double after_s = 0) const;
  // Forgets the coordinator and what it loaded, and logs why.
  void let_go(std::string_view why);

 private:
  // Where the answer to a control request goes.
  struct Caller {
    std::string route;
    std::string key;
    std::string address;
    std::uint64_t id = 0;
  };
  // A setup whose models load, or whose peers have not answered yet.
  struct Pending {
    Caller caller;
    std::uint64_t ticket = 0;  // of the models; 0: there are none to load
    std::optional<Time> loaded;
  };

  // Whether the coordinator that has the worker can still be reached.
  void probe(Time now);
  void answer_setup(LinkSet set, Time now);
  // Ends the trial, or all that was set up before.
  void drop(LinkSet set);
  void end_trial();
  void let_go();
  void answer(const Caller& caller, wire::Answer answer);
  void refuse(const Caller& caller, const Error& error);
  void refuse_malformed(const Caller& caller, const Error& error);
  void hello(const Caller& caller, const wire::Hello& hello, Time now);
  void offer(const Caller& caller, const wire::Offer& offer);
  void chunk(const Caller& caller, const wire::Chunk& chunk, const Parts& parts);
  void setup(const Caller& caller, const wire::Setup& setup, Time now);
  void start(const Caller& caller, const wire::Start& start);
  void measure(const Caller& caller, const wire::Measure& measure, Parts parts);
  void report(const Caller& caller, const wire::Report& report);
  void stop();
  // Remembers who waits for a task.
  std::uint64_t ticket_for(const Caller& caller);

  void take(Loaded loaded, Time now);
  void take(Measured measured);
  void take(Computed computed);
  void take_parcel(const wire::DataHeader& header, Letter letter);
  // What has come of a parcel of the request.
  void follow(std::uint64_t request, Workload::Step step);
  void cancel(const wire::DataHeader& header);
  void forget_jobs(std::optional<std::uint64_t> request);
  void deliver(std::vector<Delivery> deliveries);
  void send_held(Time now);
  void begin_jobs();
  [[nodiscard]] bool may_begin(std::uint64_t request) const;
  void send_receipts();
  [[nodiscard]] bool has_broken(Time now) const;

  std::string name_;
  Capabilities able_;
  WorkerWorld& world_;

  Tenancy tenancy_;
  std::string coordinator_data_;                  // its route among the data
  std::map<std::string, std::uint64_t> offered_;  // bytes by sha256
  std::map<std::uint64_t, Caller> tickets_;
  std::uint64_t next_ticket_ = 1;
  std::map<LinkSet, Pending> setting_up_;

  PeerId self_;
  Workload work_;
  FlowLimits limits_;
  std::map<PeerId, Flow> flows_;
  Intake intake_;
  std::multimap<std::uint64_t, Job> jobs_;  // that have not begun, by request
  std::size_t begun_ = 0;                   // jobs without outcome
  std::uint64_t epoch_ = 0;
  std::uint64_t told_broken_ = 0;  // in this epoch
  Seconds cpu_at_start_{0};
  Seconds messaging_at_start_{0};
  Bytes idle_memory_{0};
  Drops dropped_at_start_;
};

}  // namespace convoy::runtime
