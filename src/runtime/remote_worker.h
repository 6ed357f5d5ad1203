// A worker as its coordinator sees it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "messages.pb.h"
#include "runtime/model_cache.h"
#include "runtime/pipeline.h"
#include "runtime/wire.h"

namespace convoy::runtime {

// What ends waiting for a worker besides its answer.
struct Patience {
  Seconds silence{2};               // a worker that is silent for so long is lost
  std::function<bool()> stop;       // the user has had enough; may be empty
};

// The connection to one worker: requests and their answers, and the way for tensors. Every wait has
// a deadline, and ends when the worker is gone: error kind `lost`, with what became of it.
class RemoteWorker {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Starts the device's worker; it greets later (greet()), so that several can start at once.
  [[nodiscard]] static Result<RemoteWorker> start(zmq::context_t& context,
                                                  const fleet::Device& device, WorkerHost& host,
                                                  Patience patience);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const WorkerHost::Worker& worker() const { return worker_; }

  // Says hello, takes the worker over, compares clocks.
  [[nodiscard]] Result<void> greet(Time deadline);
  // Sends what the worker lacks of a model; its files are at `file` and, if the weights are apart,
  // beside it.
  [[nodiscard]] Result<void> send_model(const std::filesystem::path& file, const ModelFiles& model,
                                        Time deadline);
  // Opens the way for tensors.
  [[nodiscard]] Result<void> open_data(Time deadline);

  // A request now, its answer later.
  [[nodiscard]] std::uint64_t post(wire::Request request, Parts parts = {});
  [[nodiscard]] Result<wire::Answer> await(std::uint64_t id, Time deadline);
  [[nodiscard]] Result<wire::Answer> ask(wire::Request request, Time deadline, Parts parts = {}) {
    return await(post(std::move(request), std::move(parts)), deadline);
  }

  // Tensors.
  void send(const Parcel& parcel);
  [[nodiscard]] std::optional<Parcel> receive();  // that has arrived; malformed: dropped

  // Nothing while the worker is there and nobody says stop.
  [[nodiscard]] Result<void> check();
  // All that can make waiting worth ending.
  void add_to(std::vector<zmq::pollitem_t>& items);

  // The worker's steady clock minus ours.
  [[nodiscard]] Seconds clock_offset() const { return clock_offset_; }

  void ignore_stop() { stop_ = nullptr; }

 private:
  RemoteWorker(zmq::context_t& context, std::string name, WorkerHost& host,
               WorkerHost::Worker worker, Patience patience);
  [[nodiscard]] std::unexpected<Error> lost(std::string what);
  void take_answers();
  [[nodiscard]] Result<void> send_file(const std::filesystem::path& file,
                                       const std::string& sha256, Time deadline);

  std::string name_;
  WorkerHost* host_;
  std::function<bool()> stop_;
  WorkerHost::Worker worker_;
  zmq::socket_t control_;
  zmq::socket_t monitor_;  // events of control_
  zmq::socket_t data_;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, wire::Answer> answers_;
  bool greeted_ = false;
  bool disconnected_ = false;
  Seconds clock_offset_{0};
};

}  // namespace convoy::runtime
