// Keeps a plan running over devices that come and go, as a state machine: no sockets, no threads;
// time comes in.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "messages.pb.h"
#include "runtime/coordinator.h"
#include "runtime/drops.h"
#include "runtime/file_sender.h"
#include "runtime/gate.h"
#include "runtime/greeting.h"
#include "runtime/plan_choice.h"
#include "runtime/ready_plan.h"
#include "runtime/recovery.h"
#include "runtime/routed_plan.h"
#include "runtime/worker_host.h"

namespace convoy::runtime {

// What a conductor does to the world around it.
class ConductorWorld {
 public:
  virtual ~ConductorWorld() = default;
  // A new connection to the device's worker, which is started if that is up to us; in place of an
  // earlier one.
  [[nodiscard]] virtual Result<WorkerHost::Worker> reach(DeviceId device) = 0;
  // The way for tensors, once the worker has said hello.
  [[nodiscard]] virtual Result<void> open_data(DeviceId device) = 0;
  virtual void send(DeviceId device, Gate::Side side, Parts parts) = 0;
  virtual void close(DeviceId device) = 0;
  // Why the worker has not answered yet.
  [[nodiscard]] virtual Error unreached(DeviceId device) const = 0;
  // See FindPieces.
  [[nodiscard]] virtual std::optional<std::vector<onnx::DataPiece>> pieces_of(
      const PlanFile& file) = 0;
  [[nodiscard]] virtual double clock_s() const = 0;
};

struct ConductorOptions {
  std::size_t in_flight = 0;    // requests at once; 0: two per stage of a plan and two more
  Seconds request_timeout{60};  // from submission to result
  Seconds load_timeout{60};     // to load and connect, and for every next piece of a file to arrive
  Seconds silence{0.7};  // a worker that is silent for so long is lost: within a second, with
                         // the time until it is asked
  Seconds comeback{0};          // how long devices are waited for when no plan fits those that are there
  Seconds steady{2};            // a device that came back must stay so long before it is used; doubled
                                // each time, up to a minute
  std::uint64_t epoch = 1;      // the first; they count up from here
};

// Greets the workers, sends them what they lack, and runs the first plan whose devices are all
// there. When one of them is lost, the requests that have no answer run again under the next plan,
// in a new epoch. A device that comes back, or joins, is used when it has been there for a while
// and the better plan is worth the pause (plan/online.h); so is another plan when that in force has
// become slow, or a link of it stands still. While a plan runs, workers are sent what the other
// plans need of them, so that a switch moves nothing.
class Conductor {
 public:
  using Time = Coordinator::Time;

  // Plans: the best first, at least one, all of the same model; whose devices are in `fleet`. Errors:
  // as route()'s, an unknown device, other inputs or outputs. `world` must outlive it.
  [[nodiscard]] static Result<Conductor> create(fleet::Fleet fleet, std::vector<ReadyPlan> plans,
                                                const ConductorOptions& options,
                                                ConductorWorld& world);

  void begin(Time now);
  // What came from a device's worker, or became of it. `for_good`: it will not come back.
  void take(DeviceId device, Gate::Side side, Parts parts, Time now);
  void lose(DeviceId device, Error error, bool for_good, Time now);
  // What is due; to be called after all else that has happened was told, and at next_tick().
  void tick(Time now);
  [[nodiscard]] Time next_tick() const { return next_tick_; }

  // As Coordinator's.
  [[nodiscard]] bool full() const { return requests_.full(); }
  [[nodiscard]] Result<std::uint64_t> submit(std::vector<engine::SharedTensor> inputs, Time now);
  [[nodiscard]] std::optional<Result<Answer>> next() { return requests_.next(); }
  void forget();

  // The plan in force.
  [[nodiscard]] std::optional<std::size_t> running() const { return choice_.running(); }
  // That, or the last one that was; and since when.
  [[nodiscard]] std::size_t last_plan() const { return reigns_.empty() ? 0 : reigns_.back().plan; }
  [[nodiscard]] Time in_force_since() const;
  [[nodiscard]] std::uint64_t epoch() const { return requests_.epoch(); }
  [[nodiscard]] const ReadyPlan& plan(std::size_t number) const { return plans_[number].ready; }
  [[nodiscard]] const Route& route(std::size_t plan) const { return plans_[plan].route; }
  [[nodiscard]] const std::vector<Recovery>& recoveries() const { return recoveries_; }
  // Of what workers sent.
  [[nodiscard]] const Drops& drops() const { return drops_; }
  [[nodiscard]] const std::vector<Reign>& reigns() const { return reigns_; }
  [[nodiscard]] std::size_t plans() const { return plans_.size(); }
  [[nodiscard]] std::uint64_t underway() const { return requests_.underway(); }
  // It will not go on: why.
  [[nodiscard]] const std::optional<Error>& ended() const { return ended_; }
  [[nodiscard]] bool is_here(DeviceId device) const {
    return workers_[device].state == Worker::State::here;
  }
  // The worker's steady clock minus ours.
  [[nodiscard]] Seconds clock_offset(DeviceId device) const {
    return workers_[device].clock.value();
  }
  // The figures of the plan in force's devices: ask, then look until they are there.
  void ask_figures(bool with_intervals, Time now);
  [[nodiscard]] std::optional<std::map<DeviceId, wire::Figures>> figures() const;

  // Asks all devices that are there, whatever plan is in force, and have answered before; intervals
  // are those that ended since the last ones that came.
  void ask_status(bool with_intervals, Time now);
  [[nodiscard]] bool awaits_status() const;
  // What came since it was last taken.
  [[nodiscard]] std::map<DeviceId, wire::Figures> take_status() { return std::exchange(status_, {}); }
  // Why it is away.
  [[nodiscard]] const std::optional<Error>& trouble(DeviceId device) const {
    return workers_[device].trouble;
  }

  // The end: lets all workers go, and whether all have answered that.
  void leave(Time now);
  [[nodiscard]] bool has_left() const;

 private:
  enum class Asked { hello, clock, file, trial, setup, start, figures, status, stop, other };
  struct Question {
    Asked what = Asked::other;
    Time asked;
    double asked_s = 0;         // by our clock
    std::uint64_t epoch = 0;    // of a setup or start
  };
  struct Worker {
    enum class State { away, greeting, here };
    State state = State::away;
    WorkerHost::Worker at;
    bool for_good = false;         // away, that is
    bool was_here = false;
    bool welcome = false;          // it has said hello
    std::optional<Error> trouble;  // why it is away
    Time since;                    // in this state
    Time next_try;
    Seconds steady{0};             // that it must stay before it is used
    std::uint64_t next_id = 1;
    std::map<std::uint64_t, Question> questions;  // without answer
    ClockOffset clock;
    double intervals_until_s = 0;  // those that came; by its clock
    Time heard;                    // anything
    Time pinged;
    FileSender sender;
    std::size_t in_advance = 0;    // it has been sent, or is, what plans before this need of it
  };
  // On the way to a plan.
  struct Switch {
    // Peers are tried while another plan still runs.
    enum class Phase { sending, trying, loading, starting };
    std::size_t plan = 0;
    Phase phase = Phase::sending;
    std::uint64_t epoch = 0;
    Time began;
    std::set<DeviceId> waiting;      // for these
    std::optional<double> slowdown;  // of the plan that is left for it
  };

  Conductor(fleet::Fleet fleet, std::vector<RoutedPlan> plans, const ConductorOptions& options,
            ConductorWorld& world);

  // Workers.
  void reach(DeviceId device, Time now);
  void greet(DeviceId device, Time now);
  void welcome(DeviceId device, const wire::Answer& answer, Time now);
  void arrive(DeviceId device, Time now);
  void ask(DeviceId device, Asked what, wire::Request request, Time now, Parts parts = {});
  void ask_clock(DeviceId device, Time now);
  [[nodiscard]] Error of_device(DeviceId device, Error error) const;
  void take_answer(DeviceId device, const wire::Answer& answer, Time now);
  void watch(DeviceId device, Time now);
  [[nodiscard]] bool is_usable(DeviceId device, Time now) const;
  [[nodiscard]] bool serves(DeviceId device, std::size_t plan) const;

  // Files.
  void send_files(DeviceId device, Time now);
  static void stop_sending(Worker& worker);
  static void forget_files_asked(Worker& worker);
  void send_in_advance(DeviceId device, Time now);
  void file_failed(DeviceId device, const Error& error, Time now);

  // Plans.
  void reconsider(Time now);
  [[nodiscard]] PlanChoice::Fit fit_of(std::size_t plan, Time now) const;
  // To leave the plan in force for this one.
  [[nodiscard]] bool pays(std::size_t plan, Time now) const;
  void watch_rate(Time now);
  [[nodiscard]] bool may_still_come(std::size_t plan) const;
  void give_up_or_wait(Time now);
  // No plan is in force any more.
  void suspend(Time now);
  [[nodiscard]] static bool awaits_status(const Worker& worker);
  void begin_switch(std::size_t plan, Time now);
  void advance_switch(Time now);
  // Whether the workers reach one another, as they must.
  void try_peers(Time now);
  void load(Time now);
  // Setups for the plan of the switch; nothing, and it is barred, if they cannot work.
  [[nodiscard]] std::map<DeviceId, wire::Request> setups(Time now);
  void start(Time now);
  void resume(Time now);
  // The plan of the switch did not work out.
  void bar(Error error, Time now);
  void send(const std::vector<Delivery>& deliveries);
  void cancel(const std::vector<std::uint64_t>& requests);

  fleet::Fleet fleet_;
  std::vector<RoutedPlan> plans_;
  ConductorOptions options_;
  ConductorWorld* world_;
  ById<DeviceId, Worker> workers_;
  PlanChoice choice_;
  Coordinator requests_;
  std::uint64_t epoch_;                // the last that was used
  std::optional<Switch> switch_;
  Time began_;
  std::optional<Time> standstill_;     // since when no plan runs and none can
  Seconds last_switch_{1};
  // The plan that a worker said has lost a link, and when; nothing once it is known why.
  std::optional<std::pair<std::size_t, Time>> broken_;
  std::vector<Recovery> recoveries_;
  Drops drops_;
  std::vector<Reign> reigns_;          // of all plans that have run
  std::optional<Error> ended_;
  std::map<DeviceId, wire::Figures> figures_;
  std::map<DeviceId, wire::Figures> status_;
  Time next_tick_;
};

}  // namespace convoy::runtime
