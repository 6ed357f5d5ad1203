// Ctrl-C, asked for rather than suffered.
#pragma once

#include <signal.h>

#include "foundation/file_descriptor.h"

namespace convoy::cli {

// While one exists, the first SIGINT, SIGTERM or SIGHUP is only noted; a second one ends the process at
// once. Make it before any thread.
class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal();

  [[nodiscard]] bool requested();

 private:
  sigset_t before_{};
  FileDescriptor signals_;
  bool requested_ = false;
};

}  // namespace convoy::cli
