// The sockets between a coordinator and one worker.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "foundation/error.h"
#include "runtime/gate.h"
#include "runtime/wire.h"
#include "runtime/worker_host.h"

namespace convoy::runtime {

// One connection for requests and answers, one for tensors. Both come back by themselves when they
// are lost, but whoever is at the other end must then be greeted anew. Of one thread.
class WorkerLink {
 public:
  // `device`: its name, for messages. `silence`: a worker that is silent for so long counts as
  // disconnected.
  [[nodiscard]] static Result<WorkerLink> connect(zmq::context_t& context, std::string device,
                                                  WorkerHost::Worker worker, Seconds silence);

  WorkerLink(WorkerLink&&) noexcept = default;
  WorkerLink& operator=(WorkerLink&&) = delete;
  ~WorkerLink();

  [[nodiscard]] const WorkerHost::Worker& worker() const { return worker_; }
  // The way for tensors; only who has said hello is admitted there.
  [[nodiscard]] Result<void> open_data();

  void send(Gate::Side side, Parts parts);
  [[nodiscard]] std::optional<Parts> receive(Gate::Side side);
  // What was sent last still leaves when the link is gone, for at most this long.
  void linger(std::chrono::milliseconds time);
  void add_to(std::vector<zmq::pollitem_t>& items);

  // Looks what became of the connection since.
  void update();
  // Its worker has been greeted on the connection as it is now, or is yet to be.
  void set_greeted(bool greeted) { greeted_ = greeted; }
  // It was lost after the worker was greeted.
  [[nodiscard]] bool is_lost() const { return greeted_ && lost_; }
  void forget_loss() { lost_ = false; }
  // Whoever listens there will not answer us.
  [[nodiscard]] bool is_hopeless() const;
  // The worker refuses our key.
  [[nodiscard]] bool is_refused() const { return connection_ == Connection::refused; }
  // Why nobody has answered yet.
  [[nodiscard]] Error unreached() const;

 private:
  // How far the connection has come.
  enum class Connection {
    none,
    reached,   // somebody listens there
    open,      // who speaks our language and, with keys, is who we think
    refused,   // who does not know our key
    stranger,  // who speaks another language, or does not have the key that we know
  };

  WorkerLink(zmq::context_t& context, std::string device, WorkerHost::Worker worker,
             Seconds silence);

  std::string device_;
  WorkerHost::Worker worker_;
  zmq::socket_t control_;
  zmq::socket_t monitor_;  // events of control_
  zmq::socket_t data_;
  Connection connection_ = Connection::none;
  int failed_handshakes_ = 0;  // in a row
  bool greeted_ = false;
  bool lost_ = false;
};

}  // namespace convoy::runtime
