// A worker that is asked one thing after another.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <zmq.hpp>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "messages.pb.h"
#include "runtime/file_transfer.h"
#include "runtime/greeting.h"
#include "runtime/model_cache.h"
#include "runtime/worker_link.h"

namespace convoy::runtime {

// What ends waiting for a worker besides its answer.
struct Patience {
  Seconds silence{2};          // a worker that is silent for so long is lost
  std::function<bool()> stop;  // the user has had enough; may be empty
};

// Requests and their answers, waited for. Every wait has a deadline, and ends when the worker is
// gone: error kind `lost`, with what became of it. Pipelines do not wait like this: conductor.h.
class RemoteWorker {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Starts the device's worker.
  [[nodiscard]] static Result<RemoteWorker> start(zmq::context_t& context,
                                                  const fleet::Device& device, WorkerHost& host,
                                                  Patience patience);

  [[nodiscard]] const std::string& name() const { return device_.name; }
  [[nodiscard]] const WorkerHost::Worker& worker() const { return link_.worker(); }

  // Says hello, so that the worker is ours. Errors say whether nobody, somebody else or another
  // version answers, or whose the worker is.
  [[nodiscard]] Result<void> greet(Time deadline);
  // Sends what the worker lacks of a model; its files are at `file` and, if the weights are apart,
  // beside it. Goes on where it was when the connection is lost and comes back. `patience`: for the
  // next piece to arrive.
  [[nodiscard]] Result<void> send_model(const std::filesystem::path& file, const ModelFiles& model,
                                        Seconds patience);
  [[nodiscard]] Result<wire::Answer> ask(wire::Request request, Time deadline, Parts parts = {}) {
    return await(post(std::move(request), std::move(parts)), deadline);
  }
  // How many threads the device computes with; 0: as its worker was started.
  [[nodiscard]] std::uint32_t threads() const { return threads_told(device_); }
  // The worker is whoever's comes next; nothing more may be asked.
  void leave(Time deadline);

 private:
  RemoteWorker(fleet::Device device, WorkerHost& host, WorkerLink link, Patience patience);
  // A request now, its answer later.
  [[nodiscard]] std::uint64_t post(wire::Request request, Parts parts);
  [[nodiscard]] Result<wire::Answer> await(std::uint64_t id, Time deadline);
  void take_answers();
  // Nothing while the worker is there and nobody says stop.
  [[nodiscard]] Result<void> check();
  [[nodiscard]] std::unexpected<Error> lost(std::string_view what);
  // Hello on a new connection, after one that was lost.
  [[nodiscard]] Result<void> come_back();
  [[nodiscard]] Result<void> send_file(const std::filesystem::path& file, const std::string& sha256,
                                       Seconds patience);
  [[nodiscard]] Result<void> send_rest(FileTransfer& transfer, Seconds patience);

  fleet::Device device_;
  WorkerHost* host_;
  std::function<bool()> stop_;
  WorkerLink link_;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, wire::Answer> answers_;
  bool greeted_ = false;
};

}  // namespace convoy::runtime
