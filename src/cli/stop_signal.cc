#include "cli/stop_signal.h"

#include <chrono>
#include <csignal>

namespace convoy::cli {
namespace {

// A signal has no other way to us.
volatile std::sig_atomic_t noted = 0;
std::chrono::steady_clock::time_point noted_at;

void handle_by(void (*handler)(int)) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (std::signal(signal, handler) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
}

void note(int signal) {
  const auto now = std::chrono::steady_clock::now();
  if (noted == 0) {
    noted = signal;
    noted_at = now;
  } else if (now - noted_at > std::chrono::milliseconds(300)) {  // timeout(1) sends each twice
    handle_by(SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

StopSignal::StopSignal() { handle_by(note); }
StopSignal::~StopSignal() { handle_by(SIG_DFL); }

bool StopSignal::requested() const { return noted != 0; }

int status_of(const Error& error) {
  return error.kind == ErrorKind::cancelled && noted != 0 ? 128 + noted : exit_status(error);
}

}  // namespace convoy::cli
