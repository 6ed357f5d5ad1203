#include "emulation/own_network.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>

#include "emulation/tool.h"
#include "foundation/file_descriptor.h"
#include "foundation/isolated.h"

namespace convoy::emulation {
namespace {

constexpr std::chrono::seconds kPatience{10};

bool write_to(const char* file, std::string_view text) {
  const FileDescriptor opened(::open(file, O_WRONLY | O_CLOEXEC));
  return opened && ::write(opened.get(), text.data(), text.size()) == std::ssize(text);
}

// Nothing, or what did not work.
std::string enter() {
  const auto problem = [](std::string_view what) {
    return fmt::format("cannot {}: {}", what, std::strerror(errno));
  };
  const std::string user = fmt::format("0 {} 1", ::geteuid());
  const std::string group = fmt::format("0 {} 1", ::getegid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0) {
    return errno == ENOSPC ? "no user namespace allowed (sysctl user.max_user_namespaces)"
                           : problem("make a user namespace");
  }
  if (!write_to("/proc/self/setgroups", "deny") || !write_to("/proc/self/uid_map", user) ||
      !write_to("/proc/self/gid_map", group)) {
    return problem("be root in a user namespace");
  }
  // `ip netns` keeps its names in /run.
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("convoy", "/run", "tmpfs", 0, "mode=755") != 0) {
    return problem("mount in a user namespace");
  }
  const auto up = run_tool({"ip", "link", "set", "lo", "up"});
  return up ? "" : up.error().message;
}

}  // namespace

Result<void> enter_own_network() {
  if (::geteuid() == 0) return {};
  // There is no way back from half of the way.
  const Result<std::string> scouted = run_isolated(enter, kPatience);
  if (!scouted) return std::unexpected(scouted.error());
  const std::string problem = scouted->empty() ? enter() : *scouted;
  if (problem.empty()) return {};
  return fail(ErrorKind::failure, "{}", problem);
}

}  // namespace convoy::emulation
