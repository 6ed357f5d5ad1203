// `tc`, waiting for commands: a change takes it microseconds, where starting it takes a
// millisecond.
#pragma once

#include <sys/types.h>

#include <string>

#include "foundation/error.h"
#include "foundation/file_descriptor.h"

namespace convoy::emulation {

// Ends with its owner, however that ends.
class TrafficControl {
 public:
  // In a network namespace of this name; empty: in ours.
  [[nodiscard]] static Result<TrafficControl> start(const std::string& network_namespace);
  TrafficControl(TrafficControl&& other) noexcept;
  TrafficControl& operator=(TrafficControl&&) = delete;
  ~TrafficControl();

  // Commands, one a line; all are tried. They are in force on return. Error: the first line that tc
  // said against one of them.
  [[nodiscard]] Result<void> run(const std::string& script);

 private:
  TrafficControl(pid_t id, FileDescriptor socket) : id_(id), socket_(std::move(socket)) {}

  pid_t id_;  // 0: moved from
  FileDescriptor socket_;
};

}  // namespace convoy::emulation
