#include "emulation/leftovers.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <system_error>
#include <vector>

#include "emulation/control_group.h"
#include "emulation/tool.h"
#include "foundation/cache_folder.h"

namespace convoy::emulation {
namespace {

// Not /tmp: where that is in memory, models would count as their device's memory.
const std::filesystem::path kRunFolder = "/var/tmp";
constexpr int kDeepest = 8;  // groups in groups

bool is_gone(int process) { return ::kill(process, 0) != 0 && errno == ESRCH; }

bool is_leftover(const std::filesystem::path& path) {
  const auto process = process_of(path.filename().native());
  return process && is_gone(*process);
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

// A worker's command line names its models' folder, in that of its run.
bool is_worker_of_leftover(const std::filesystem::path& process) {
  std::ifstream file(process / "cmdline");
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(std::move(word));
  return words.size() > 1 && words[1] == "worker" &&
         std::ranges::any_of(words, [](const std::filesystem::path& word) {
           const auto run = word.parent_path();
           return run.parent_path() == kRunFolder && is_leftover(run);
         });
}

void end_workers() {
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", problem)) {
    const std::string name = entry.path().filename();
    int process = 0;
    std::from_chars(name.data(), name.data() + name.size(), process);
    if (process > 1 && is_worker_of_leftover(entry.path())) ::kill(process, SIGKILL);
  }
}

// What was being written into the cache (foundation/file.h: Aside). Another host may share that,
// and have such a process: so only what is old.
void remove_unfinished(const std::filesystem::path& folder) {
  constexpr std::string_view kMark = ".partial-";
  constexpr std::chrono::hours kOld{1};
  std::error_code problem;
  const auto now = std::filesystem::file_time_type::clock::now();
  for (const auto& entry : std::filesystem::directory_iterator(folder, problem)) {
    const std::string name = entry.path().filename();
    const auto mark = name.rfind(kMark);
    if (mark == name.npos) continue;
    int process = 0;
    std::from_chars(name.data() + mark + kMark.size(), name.data() + name.size(), process);
    if (process > 0 && is_gone(process) && entry.last_write_time(problem) < now - kOld) {
      std::filesystem::remove_all(entry.path(), problem);
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
  end_workers();
  for (const std::filesystem::path& mount : cgroup_mounts()) remove_groups(mount, 0);
  for (const auto& space : leftovers_in("/run/netns")) {
    [[maybe_unused]] const auto gone = run_tool({"ip", "netns", "del", space.filename().string()});
  }
  // Bridges last: the wires went with their namespaces.
  for (const auto& device : leftovers_in("/sys/class/net")) {
    [[maybe_unused]] const auto gone = run_tool({"ip", "link", "del", device.filename().string()});
  }
  std::error_code problem;
  for (const auto& files : {kRunFolder, std::filesystem::temp_directory_path(problem)}) {
    for (const auto& left : leftovers_in(files)) std::filesystem::remove_all(left, problem);
  }
  remove_unfinished(cache_folder());
}

}  // namespace convoy::emulation
