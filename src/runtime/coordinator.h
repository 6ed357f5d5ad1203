// The requests of a pipeline as a state machine: no sockets, no threads, time comes in.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "foundation/error.h"
#include "foundation/units.h"
#include "runtime/parcel.h"
#include "runtime/stage.h"

namespace convoy::runtime {

struct Answer {
  std::uint64_t request = 0;                  // 0, 1, 2, ... in the order of submission
  std::vector<engine::SharedTensor> outputs;  // in the order of SplitMap::outputs
  Seconds latency{0};                         // from submission
};

// How requests go through the plan in force.
struct CoordinatorSpec {
  struct Input {
    ValueId value;
    std::vector<Reader> readers;
  };
  std::vector<Input> inputs;    // the model's, in its order
  std::vector<Input> triggers;  // values without content, for stages that read nothing else
  std::vector<ValueId> outputs; // the model's, in its order
  std::uint64_t window = 1;     // requests in flight
  std::uint64_t epoch = 0;      // 0: no plan is in force
};

// Numbers requests, sends inputs to whoever reads them, gathers outputs, and gives the answers in
// order. It keeps a request's inputs until its outputs are there, and so outlives plans: of each
// request there is one answer, whatever becomes of devices. Memory: at most the largest `window` of
// all plans requests between submit() and next().
class Coordinator {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Submitted {
    std::uint64_t request = 0;
    std::vector<Delivery> deliveries;  // one per peer; none while no plan is in force
  };

  Coordinator(CoordinatorSpec spec, Seconds request_timeout);

  [[nodiscard]] bool full() const { return requests_.size() >= spec_.window; }
  [[nodiscard]] std::uint64_t epoch() const { return spec_.epoch; }
  // From the oldest request that next() has not given to the newest.
  [[nodiscard]] std::uint64_t underway() const { return requests_.size(); }
  // Those from the oldest that waits for outputs; and how many ever got them all.
  [[nodiscard]] std::uint64_t unanswered() const;
  [[nodiscard]] std::uint64_t answered() const { return answered_; }

  // Only when not full(). Error: more inputs than the model has; missing ones count as left out.
  [[nodiscard]] Result<Submitted> submit(std::vector<engine::SharedTensor> inputs, Time now);
  // Takes outputs; returns how many items were dropped (other epoch, repeated, unknown).
  std::size_t accept(const Parcel& parcel, Time now);
  // The next request's answer or its failure, if it is complete.
  [[nodiscard]] std::optional<Result<Answer>> next();

  // From now on no plan is in force; what an earlier one still sends is dropped.
  void suspend() { spec_.epoch = 0; }
  // A plan comes into force, for a model with the same inputs and outputs: what its peers get of the
  // requests that have no answer yet.
  [[nodiscard]] std::vector<Delivery> resume(CoordinatorSpec spec);

  // Ends the requests that are past their deadline with an error that says `why`; their numbers.
  std::vector<std::uint64_t> expire(Time now, const std::string& why);
  // When expire() may have something to do.
  [[nodiscard]] std::optional<Time> deadline() const;
  // What was submitted so far gets no answer any more; the numbers of those that had none.
  std::vector<std::uint64_t> forget();

 private:
  struct Pending {
    Time submitted;
    Time completed;
    std::vector<engine::SharedTensor> inputs;  // until it is complete
    std::vector<std::optional<engine::SharedTensor>> outputs;
    std::size_t missing = 0;  // outputs
    std::optional<Error> failure;
  };
  void add_deliveries(std::uint64_t request, const std::vector<engine::SharedTensor>& inputs,
                      std::vector<Delivery>& deliveries) const;
  // Of requests that are not complete.
  void await_outputs(Pending& request) const;
  static void end(Pending& request, Time now);

  CoordinatorSpec spec_;
  Seconds request_timeout_;
  std::uint64_t first_ = 0;   // the request at the front of requests_
  std::uint64_t wanted_ = 0;  // the first that is not forgotten
  std::uint64_t answered_ = 0;
  std::deque<Pending> requests_;
};

}  // namespace convoy::runtime
