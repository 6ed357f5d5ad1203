#include "emulation/leftovers.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <functional>
#include <system_error>
#include <vector>

#include "emulation/control_group.h"
#include "emulation/tool.h"

namespace convoy::emulation {
namespace {

// Not /tmp: where that is in memory, models would count as their device's memory.
const std::filesystem::path kRunFolder = "/var/tmp";
constexpr int kDeepest = 8;  // groups in groups

bool is_leftover(const std::filesystem::path& path) {
  const auto process = process_of(path.filename().native());
  return process && ::kill(*process, 0) != 0 && errno == ESRCH;
}

std::vector<std::filesystem::path> leftovers_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(folder, problem)) {
    if (is_leftover(entry.path())) found.push_back(entry.path());
  }
  return found;
}

void remove_groups(const std::filesystem::path& folder, int depth) {
  for (const std::filesystem::path& group : leftovers_in(folder)) remove_group(group);
  std::error_code problem;
  if (depth == kDeepest) return;
  for (const auto& entry : std::filesystem::directory_iterator(folder, problem)) {
    if (entry.is_directory(problem) && !entry.is_symlink(problem)) {
      remove_groups(entry.path(), depth + 1);
    }
  }
}

}  // namespace

std::optional<int> process_of(std::string_view name) {
  if (name.starts_with("convoy-")) {
    name.remove_prefix(7);
  } else if (name.starts_with("cv")) {
    name.remove_prefix(2);
  } else {
    return std::nullopt;
  }
  int process = 0;
  const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), process);
  const bool followed = end != name.data() + name.size() && *end == '-';
  return problem == std::errc() && followed && process > 0 ? std::optional(process) : std::nullopt;
}

Result<RunName> claim_run_name() {
  for (int i = 0; i < 10; ++i) {
    const std::string name = fmt::format("convoy-{}-{}", ::getpid(), i);
    const std::filesystem::path folder = kRunFolder / name;
    if (::mkdir(folder.c_str(), 0700) == 0) return RunName{name, folder};
    if (errno != EEXIST) {
      return fail(ErrorKind::failure, "cannot make the folder {}: {}", folder.string(),
                  std::strerror(errno));
    }
  }
  return fail(ErrorKind::failure, "this process emulates ten fleets already");
}

void remove_leftovers() {
  for (const std::filesystem::path& mount : cgroup_mounts()) remove_groups(mount, 0);
  for (const auto& space : leftovers_in("/run/netns")) {
    [[maybe_unused]] const auto gone = run_tool({"ip", "netns", "del", space.filename().string()});
  }
  // Bridges last: the wires went with their namespaces.
  for (const auto& device : leftovers_in("/sys/class/net")) {
    [[maybe_unused]] const auto gone = run_tool({"ip", "link", "del", device.filename().string()});
  }
  for (const auto& folder : leftovers_in(kRunFolder)) {
    std::error_code problem;
    std::filesystem::remove_all(folder, problem);
  }
}

}  // namespace convoy::emulation
