#include "emulation/worker_links.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "runtime/link_lines.h"
#include "runtime/usage.h"

namespace convoy::emulation {

using runtime::LinkPace;

namespace {

// One that has ended needs none.
Result<void> send_signal(const FileDescriptor& process, int signal) {
  if (::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0 || errno == ESRCH) {
    return {};
  }
  return fail(ErrorKind::failure, "cannot stop a device's process, or let it go on: {}",
              std::strerror(errno));
}

// As a worker can be told.
LinkPace tellable(LinkPace pace) {
  constexpr BytesPerSecond kSlowest{1};
  constexpr Seconds kMostLatency{3600};
  if (pace.is_cut || (pace.rate.value() > 0 && pace.rate < kSlowest)) return {.is_cut = true};
  pace.latency = std::min(pace.latency, kMostLatency);
  return pace;
}

}  // namespace

Result<void> WorkerLinks::set(DeviceId from, DeviceId to, const LinkPace& link) {
  const std::lock_guard lock(mutex_);
  Link& known = links_[from][to];
  const auto worker = workers_.find(from);
  if (known.pace != tellable(link)) {
    known = {tellable(link), Seconds(runtime::steady_seconds())};
    if (worker != workers_.end()) worker->second.untold[to] = known;
  }
  if (worker != workers_.end()) tell(worker->second);
  return {};
}

Result<void> WorkerLinks::set_reachable(DeviceId device, bool reachable) {
  const std::lock_guard lock(mutex_);
  const bool was_reachable = !unreachable_.contains(device);
  if (reachable) {
    unreachable_.erase(device);
  } else {
    unreachable_.insert(device);
  }
  const auto worker = workers_.find(device);
  if (worker == workers_.end() || was_reachable == reachable) return {};
  return send_signal(worker->second.process, reachable ? SIGCONT : SIGSTOP);
}

Result<void> WorkerLinks::attach(DeviceId device, FileDescriptor input, FileDescriptor process) {
  const std::lock_guard lock(mutex_);
  Worker& worker = workers_[device];
  worker = {std::move(input), std::move(process), links_[device], ""};
  tell(worker);
  return unreachable_.contains(device) ? send_signal(worker.process, SIGSTOP) : Result<void>();
}

// What there is no room for now, as when it is stopped, it is told another time.
void WorkerLinks::tell(Worker& worker) const {
  while (true) {
    if (worker.unsent.empty()) {
      for (const auto& [to, link] : std::exchange(worker.untold, {})) {
        worker.unsent += runtime::to_text({link.since, devices_[to].name, link.pace});
      }
    }
    if (worker.unsent.empty()) return;
    const ssize_t sent = ::send(worker.input.get(), worker.unsent.data(), worker.unsent.size(),
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent <= 0) return;
    worker.unsent.erase(0, static_cast<std::size_t>(sent));
  }
}

}  // namespace convoy::emulation
