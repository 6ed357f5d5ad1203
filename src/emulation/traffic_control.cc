#include "emulation/traffic_control.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "emulation/tool.h"

namespace convoy::emulation {
namespace {

constexpr timeval kPatience{.tv_sec = 10, .tv_usec = 0};
// tc says nothing of what it did. So a command that it does not know follows, and its complaint of
// two lines is awaited.
constexpr std::string_view kEnd = "end\n";
constexpr std::string_view kComplaint = "Object \"end\" is unknown";
constexpr std::string_view kLast = "Command failed";

}  // namespace

Result<TrafficControl> TrafficControl::start(const std::string& network_namespace) {
  // A socket rather than pipes: writing to one whose reader is gone would end us.
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail(ErrorKind::failure, "cannot make a socket for tc");
  }
  FileDescriptor ours(ends[0]);
  const FileDescriptor theirs(ends[1]);
  ::setsockopt(ours.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  std::vector<std::string> arguments = {"tc"};
  if (!network_namespace.empty()) arguments.insert(arguments.end(), {"-n", network_namespace});
  arguments.insert(arguments.end(), {"-force", "-batch", "-"});
  const Result<pid_t> id = start_tool(arguments, theirs.get(), theirs.get());
  if (!id) return std::unexpected(id.error());
  return TrafficControl(*id, std::move(ours));
}

TrafficControl::TrafficControl(TrafficControl&& other) noexcept
    : id_(std::exchange(other.id_, 0)), socket_(std::move(other.socket_)) {}

TrafficControl::~TrafficControl() {
  if (id_ == 0) return;
  ::kill(id_, SIGKILL);
  while (::waitpid(id_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<void> TrafficControl::run(const std::string& script) {
  const std::string text = script + std::string(kEnd);
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t step =
        ::send(socket_.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) return fail(ErrorKind::failure, "tc has ended");
    sent += static_cast<std::size_t>(step);
  }
  std::string said;
  std::size_t complaint = said.npos;
  while (complaint == said.npos || said.find(kLast, complaint) == said.npos ||
         !said.ends_with('\n')) {
    std::array<char, 4096> buffer;
    const ssize_t step = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) return fail(ErrorKind::failure, "tc {}", step == 0 ? "has ended" : "hangs");
    said.append(buffer.data(), static_cast<std::size_t>(step));
    complaint = said.find(kComplaint);
  }
  if (said.find(kLast) > complaint) return {};  // there may be warnings
  return fail(ErrorKind::failure, "tc failed: {}", said.substr(0, said.find('\n')));
}

}  // namespace convoy::emulation
