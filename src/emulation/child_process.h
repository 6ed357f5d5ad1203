// A process that we started: a device's worker.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "foundation/file_descriptor.h"

namespace convoy::emulation {

struct ChildOptions {
  std::vector<std::string> arguments;         // program first, by its path
  std::vector<std::filesystem::path> groups;  // cgroup.procs files of the groups to join
  int network_namespace = -1;                 // to enter; -1: stay
  int input = -1;                             // its standard input; -1: nothing to read
};

// In a process group of its own, so that Ctrl-C in the terminal does not reach it; killed and
// waited for by the destructor.
class ChildProcess {
 public:
  // Error: what of joining, entering and starting did not work.
  [[nodiscard]] static Result<ChildProcess> start(const ChildOptions& options);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  [[nodiscard]] pid_t id() const { return id_; }
  // As waitpid() gives it, once it has ended.
  [[nodiscard]] std::optional<int> status();
  // The last line that it wrote to its standard error.
  [[nodiscard]] std::string last_words() const;

 private:
  ChildProcess(pid_t id, FileDescriptor errors) : id_(id), errors_(std::move(errors)) {}

  pid_t id_ = 0;  // 0: moved from
  FileDescriptor errors_;
  std::optional<int> status_;
};

}  // namespace convoy::emulation
