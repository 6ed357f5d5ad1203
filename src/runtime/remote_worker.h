// A worker as its coordinator sees it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "messages.pb.h"
#include "runtime/pipeline.h"
#include "runtime/wire.h"

namespace convoy::runtime {

// The connection to one worker: requests and their answers, and the way for tensors. Every wait has
// a deadline, and ends when the worker is gone: error kind `lost`, with what became of it.
class RemoteWorker {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Starts the device's worker; it greets later (greet()), so that several can start at once.
  [[nodiscard]] static Result<RemoteWorker> start(zmq::context_t& context,
                                                  const fleet::Device& device, WorkerHost& host,
                                                  Seconds silence);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const WorkerHost::Worker& worker() const { return worker_; }

  // Says hello, takes the worker over, compares clocks.
  [[nodiscard]] Result<void> greet(Time deadline);
  // Sends a file unless the worker has it; for what it is known by, see sha256_of().
  [[nodiscard]] Result<void> send_file(const std::filesystem::path& file,
                                       const std::string& sha256, Time deadline);
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
  [[nodiscard]] std::optional<Parcel> receive();  // the next that has arrived; malformed ones are dropped

  // Nothing while the worker is there.
  [[nodiscard]] Result<void> check();
  // All that can make waiting worth ending.
  void add_to(std::vector<zmq::pollitem_t>& items);

  // The worker's steady clock minus ours.
  [[nodiscard]] Seconds clock_offset() const { return clock_offset_; }

 private:
  RemoteWorker(zmq::context_t& context, std::string name, WorkerHost& host,
               WorkerHost::Worker worker, Seconds silence);
  [[nodiscard]] std::unexpected<Error> lost(std::string what);
  void take_answers();

  std::string name_;
  WorkerHost* host_;
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
