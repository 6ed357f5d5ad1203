// A worker as its coordinator sees it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <span>
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

  [[nodiscard]] const std::string& name() const { return device_.name; }
  // Not started by us, but reached at an address of its own.
  [[nodiscard]] bool is_real() const { return !device_.address.empty(); }
  [[nodiscard]] const WorkerHost::Worker& worker() const { return worker_; }

  // Says hello, so that the worker is ours, and compares clocks. `peers`: public keys of the
  // workers that will send it tensors. Errors say whether nobody, somebody else or another version
  // answers, or whose the worker is.
  [[nodiscard]] Result<void> greet(Time deadline, std::span<const std::string> peers = {});
  // Sends what the worker lacks of a model; its files are at `file` and, if the weights are apart,
  // beside it. Goes on where it was when the connection is lost and comes back. `patience`: for the
  // next piece to arrive.
  [[nodiscard]] Result<void> send_model(const std::filesystem::path& file, const ModelFiles& model,
                                        Seconds patience);
  // Opens the way for tensors.
  [[nodiscard]] Result<void> open_data(Time deadline);

  // A request now, its answer later.
  [[nodiscard]] std::uint64_t post(wire::Request request, Parts parts = {});
  [[nodiscard]] Result<wire::Answer> await(std::uint64_t id, Time deadline);
  [[nodiscard]] Result<wire::Answer> ask(wire::Request request, Time deadline, Parts parts = {}) {
    return await(post(std::move(request), std::move(parts)), deadline);
  }

  // How many threads the device computes with; 0: as its worker was started.
  [[nodiscard]] std::uint32_t threads() const { return threads_; }
  // It has answered, and was not left.
  [[nodiscard]] bool is_ours() const { return greeted_; }
  // The worker is whoever's comes next; nothing more may be asked.
  void leave(Time deadline);

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
  // How far the connection has come.
  enum class Connection {
    none,
    reached,   // somebody listens there
    open,      // who speaks our language and, with keys, is who we think
    refused,   // who does not know our key
    stranger,  // who speaks another language, or does not have the key that we know
  };

  RemoteWorker(zmq::context_t& context, fleet::Device device, WorkerHost& host,
               WorkerHost::Worker worker, Patience patience);
  [[nodiscard]] std::unexpected<Error> lost(std::string what);
  // Why nobody has answered yet, by the state of the connection.
  [[nodiscard]] std::unexpected<Error> unreached();
  void take_answers();
  void take_events();
  // Hello on a new connection, after one that was lost.
  [[nodiscard]] Result<void> come_back();
  [[nodiscard]] Result<void> say_hello(Time deadline);
  [[nodiscard]] Result<void> send_file(const std::filesystem::path& file, const std::string& sha256,
                                       Seconds patience);
  // The rest of a file, from what the worker holds on; how far it came even if that ends in an
  // error.
  [[nodiscard]] Result<void> send_rest(std::ifstream& stream, const std::filesystem::path& file,
                                       const std::string& sha256, std::uint64_t bytes,
                                       Seconds patience, std::uint64_t& held);

  fleet::Device device_;
  WorkerHost* host_;
  std::function<bool()> stop_;
  WorkerHost::Worker worker_;
  zmq::socket_t control_;
  zmq::socket_t monitor_;  // events of control_
  zmq::socket_t data_;
  std::uint32_t threads_ = 0;
  wire::Hello hello_;
  Connection connection_ = Connection::none;
  int failed_handshakes_ = 0;  // in a row
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, wire::Answer> answers_;
  bool greeted_ = false;
  bool disconnected_ = false;
  Seconds clock_offset_{0};
};

}  // namespace convoy::runtime
