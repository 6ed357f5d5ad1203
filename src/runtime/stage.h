// One stage of a running plan as a state machine: no sockets, no threads, no clock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/parcel.h"

namespace convoy::runtime {

// Who reads a value: a peer, or several that take the requests in turn.
class Reader {
 public:
  Reader(PeerId peer) : turns_{peer} {}
  // At least one.
  explicit Reader(std::vector<PeerId> turns) : turns_(std::move(turns)) {}

  [[nodiscard]] PeerId of(std::uint64_t request) const { return turns_[request % turns_.size()]; }
  [[nodiscard]] const std::vector<PeerId>& turns() const { return turns_; }

  friend bool operator==(const Reader&, const Reader&) = default;

 private:
  std::vector<PeerId> turns_;
};

struct StageSpec {
  struct Output {
    ValueId value;
    std::vector<Reader> readers;
  };
  StageId id;
  std::vector<ValueId> inputs;  // at least one
  std::vector<Output> outputs;
};

// A request whose inputs are complete: to be computed.
struct Job {
  StageId stage;
  std::uint64_t epoch = 0;
  std::uint64_t request = 0;
  std::vector<engine::SharedTensor> inputs;  // as in the spec
};

// Gathers the inputs of requests and says when one can be computed and who gets the results.
// Memory: at most `window` requests are gathered at a time, whatever arrives.
class Stage {
 public:
  // What a parcel led to: a job, or deliveries when the request has failed already. `dropped` counts
  // items of another epoch, repeated ones, and those of requests that must have ended.
  struct Step {
    std::optional<Job> job;
    std::vector<Delivery> deliveries;
    bool keeps = false;   // items of the parcel, until their request's job has been computed
    bool failed = false;  // the request: items that were kept are not any more
    std::size_t dropped = 0;
  };

  explicit Stage(StageSpec spec);

  [[nodiscard]] const StageSpec& spec() const { return spec_; }
  // Begins an epoch and forgets everything of the one before. `window`: a request that is so many
  // behind the newest has ended; at least 1.
  void start(std::uint64_t epoch, std::uint64_t window);
  // Takes what the stage reads of a parcel; other values are somebody else's and do not count.
  [[nodiscard]] Step accept(const Parcel& parcel);
  // Nobody wants the request's result any more: what comes of it is dropped.
  void cancel(std::uint64_t epoch, std::uint64_t request);
  // The deliveries of a computed job, one per peer; none when its epoch is over or it was cancelled.
  // `outputs` are as in the spec.
  [[nodiscard]] std::vector<Delivery> finish(std::uint64_t epoch, std::uint64_t request,
                                             Result<std::vector<engine::SharedTensor>> outputs);

 private:
  struct Gathered {
    std::vector<std::optional<engine::SharedTensor>> inputs;
    std::size_t missing = 0;
    std::optional<Error> failure;
    bool complete = false;   // handed out; kept to recognise repeated items
    bool cancelled = false;
  };

  Gathered& gather(std::uint64_t request);
  // By the window.
  [[nodiscard]] bool has_ended(std::uint64_t request) const;

  StageSpec spec_;
  std::uint64_t epoch_ = 0;  // 0: not started
  std::uint64_t window_ = 0;
  std::map<std::uint64_t, Gathered> gathered_;
};

}  // namespace convoy::runtime
