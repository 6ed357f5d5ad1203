// The coordinator of a running plan as a state machine: no sockets, no threads, time comes in.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "foundation/units.h"
#include "runtime/parcel.h"
#include "runtime/pipeline.h"
#include "runtime/stage.h"

namespace convoy::runtime {

struct CoordinatorSpec {
  struct Input {
    ValueId value;
    std::vector<Reader> readers;
  };
  std::vector<Input> inputs;         // the model's, in its order
  std::vector<Input> triggers;       // values without content, for stages that read nothing else
  std::vector<ValueId> outputs;      // the model's, in its order
  std::uint64_t window = 1;          // requests in flight
  Seconds request_timeout{60};
  std::uint64_t epoch = 1;
};

// Numbers requests, sends inputs to whoever reads them, gathers outputs, and gives the answers in
// order. Memory: at most `window` requests between submit() and next().
class Coordinator {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Submitted {
    std::uint64_t request = 0;
    std::vector<Delivery> deliveries;  // one per peer
  };

  explicit Coordinator(CoordinatorSpec spec);

  [[nodiscard]] bool full() const { return requests_.size() >= spec_.window; }
  // What was submitted so far gets no answer any more; it still counts until it is complete.
  void forget() { wanted_ = first_ + requests_.size(); }
  // Only when not full(). Error: more inputs than the model has; missing ones count as left out.
  [[nodiscard]] Result<Submitted> submit(std::vector<engine::SharedTensor> inputs, Time now);
  // Takes outputs; returns how many items were dropped (other epoch, repeated, unknown).
  std::size_t accept(const Parcel& parcel, Time now);
  // The next request's answer or its failure, if it is complete.
  [[nodiscard]] std::optional<Result<Answer>> next();
  // The oldest request that is past its deadline.
  [[nodiscard]] std::optional<std::uint64_t> overdue(Time now) const;

 private:
  struct Pending {
    Time submitted;
    Time completed;
    std::vector<std::optional<engine::SharedTensor>> outputs;
    std::size_t missing = 0;
    std::optional<Error> failure;
  };

  CoordinatorSpec spec_;
  std::uint64_t first_ = 0;        // the request at the front of requests_
  std::uint64_t wanted_ = 0;       // the first that is not forgotten
  std::deque<Pending> requests_;
};

}  // namespace convoy::runtime
