#include "cli/stop_signal.h"

#include <sys/signalfd.h>
#include <unistd.h>

namespace convoy::cli {

StopSignal::StopSignal() {
  sigset_t stopping;
  ::sigemptyset(&stopping);
  ::sigaddset(&stopping, SIGINT);
  ::sigaddset(&stopping, SIGTERM);
  ::sigaddset(&stopping, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &stopping, &before_);
  signals_ = FileDescriptor(::signalfd(-1, &stopping, SFD_CLOEXEC | SFD_NONBLOCK));
}

StopSignal::~StopSignal() {
  if (!requested_) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool StopSignal::requested() {
  signalfd_siginfo signal{};
  if (!requested_ && ::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
    requested_ = true;
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  return requested_;
}

}  // namespace convoy::cli
