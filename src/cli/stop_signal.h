// Ctrl-C, asked for rather than suffered.
#pragma once

#include "foundation/error.h"

namespace convoy::cli {

// While one exists, the first SIGINT, SIGTERM or SIGHUP is only noted; a second one ends the process
// at once. What was ignored before, as nohup has it, stays ignored. One at a time.
class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal();

  [[nodiscard]] bool requested() const;
};

// The exit status of a command that ends with this error; of one that was stopped, 128 and the
// signal, as shells report it.
[[nodiscard]] int status_of(const Error& error);

}  // namespace convoy::cli
