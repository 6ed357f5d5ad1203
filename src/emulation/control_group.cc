#include "emulation/control_group.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include "foundation/file_descriptor.h"

namespace convoy::emulation {
namespace {

struct Mount {
  std::filesystem::path folder;
  CgroupVersion version;
  std::string options;  // ",rw,cpu,cpuacct,"
};

std::vector<Mount> mounts() {
  std::vector<Mount> found;
  std::ifstream file("/proc/self/mounts");
  std::string source, folder, type, options, rest;
  while (file >> source >> folder >> type >> options && std::getline(file, rest)) {
    if (type != "cgroup" && type != "cgroup2") continue;
    found.push_back({folder, type == "cgroup" ? CgroupVersion::v1 : CgroupVersion::v2,
                     "," + options + ","});
  }
  return found;
}

bool lists(const std::string& options, const std::string& name) {
  return options.contains("," + name + ",");
}

// The group of this process: by the line of /proc/self/cgroup ("4:memory:/path", "0::/path").
std::string own_group(const std::string& controller) {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string names = line.substr(first + 1, second - first - 1);
    if (controller.empty() ? names.empty() : lists("," + names + ",", controller)) {
      return line.substr(second + 2);
    }
  }
  return "";
}

Result<void> write_to(const std::filesystem::path& file, const std::string& text) {
  const FileDescriptor opened(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!opened || ::write(opened.get(), text.data(), text.size()) < 0) {
    return fail(ErrorKind::failure, "cannot write \"{}\" to {}: {}", text, file.string(),
                std::strerror(errno));
  }
  return {};
}

std::string read_from(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

// Is `name` among the words of a file such as cgroup.controllers?
bool has_word(const std::filesystem::path& file, const std::string& name) {
  std::ifstream words(file);
  for (std::string word; words >> word;) {
    if (word == name) return true;
  }
  return false;
}

}  // namespace

std::vector<std::filesystem::path> cgroup_mounts() {
  std::vector<std::filesystem::path> folders;
  for (const Mount& mount : mounts()) folders.push_back(mount.folder);
  return folders;
}

Result<Controller> find_controller(const std::string& name) {
  const std::vector<Mount> all = mounts();
  for (const Mount& mount : all) {
    if (mount.version != CgroupVersion::v1 || !lists(mount.options, name)) continue;
    const std::filesystem::path own = mount.folder / own_group(name);
    std::error_code missing;
    // In a container the path may be that outside of it.
    return Controller{CgroupVersion::v1,
                      std::filesystem::is_directory(own, missing) ? own : mount.folder};
  }
  for (const Mount& mount : all) {
    if (mount.version != CgroupVersion::v2) continue;
    if (!has_word(mount.folder / "cgroup.controllers", name) &&
        !has_word(mount.folder / "cgroup.subtree_control", name)) {
      continue;
    }
    // A group that holds processes cannot control its children, unless it is the root.
    for (std::filesystem::path group = (mount.folder / own_group("")).lexically_normal();;
         group = group.parent_path()) {
      if (has_word(group / "cgroup.subtree_control", name) ||
          write_to(group / "cgroup.subtree_control", "+" + name)) {
        return Controller{CgroupVersion::v2, group};
      }
      if (group == mount.folder || group == group.parent_path()) break;
    }
    return fail(ErrorKind::failure, "no group above this process lets its children's {} be controlled",
                name);
  }
  return fail(ErrorKind::failure, "the kernel has no control groups for {} here", name);
}

ControlGroup::ControlGroup(CgroupVersion version, std::filesystem::path path)
    : version_(version), path_(std::move(path)) {}

ControlGroup::ControlGroup(ControlGroup&& other) noexcept
    : version_(other.version_), path_(std::exchange(other.path_, {})) {}

ControlGroup& ControlGroup::operator=(ControlGroup&& other) noexcept {
  std::swap(version_, other.version_);
  std::swap(path_, other.path_);
  return *this;
}

ControlGroup::~ControlGroup() {
  if (!path_.empty()) remove_group(path_);
}

Result<ControlGroup> ControlGroup::create(const Controller& controller, const std::string& name) {
  const std::filesystem::path path = controller.folder / name;
  std::error_code problem;
  std::filesystem::create_directory(path, problem);
  if (problem) {
    return fail(ErrorKind::failure, "cannot make the control group {}: {}", path.string(),
                problem.message());
  }
  return ControlGroup(controller.version, path);
}

Result<ControlGroup> ControlGroup::create_child(const std::string& name) const {
  if (version_ == CgroupVersion::v2) {
    for (const std::string controller : {"cpu", "memory"}) {
      if (!has_word(path_ / "cgroup.controllers", controller)) continue;
      if (auto enabled = write("cgroup.subtree_control", "+" + controller); !enabled) {
        return std::unexpected(enabled.error());
      }
    }
  }
  return create({version_, path_}, name);
}

Result<void> ControlGroup::write(const std::string& file, const std::string& text) const {
  return write_to(path_ / file, text);
}

Result<void> ControlGroup::set_high_priority() const {
  return version_ == CgroupVersion::v1 ? write("cpu.shares", "200000")
                                       : write("cpu.weight", "10000");
}

Result<void> ControlGroup::set_cores(double cores) const {
  double period_us = cores < 0.1 ? 20'000 : 10'000;
  if (cores * period_us < 1000) period_us = std::min(1000 / cores, 1'000'000.0);
  const long quota_us = std::max(1000L, std::lround(cores * period_us));
  const long rounded_period_us = std::lround(period_us);
  if (version_ == CgroupVersion::v2) {
    return write("cpu.max", fmt::format("{} {}", quota_us, rounded_period_us));
  }
  return write("cpu.cfs_period_us", std::to_string(rounded_period_us)).and_then([&] {
    return write("cpu.cfs_quota_us", std::to_string(quota_us));
  });
}

Result<void> ControlGroup::set_memory(Bytes limit) const {
  const std::string bytes = std::to_string(limit.value());
  const bool v1 = version_ == CgroupVersion::v1;
  // No way out into swap, where the kernel counts it.
  const std::string swap = v1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max";
  return write(v1 ? "memory.limit_in_bytes" : "memory.max", bytes).and_then([&] {
    return std::filesystem::exists(path_ / swap) ? write(swap, v1 ? bytes : "0") : Result<void>();
  });
}

std::uint64_t ControlGroup::memory_kills() const {
  std::istringstream words(
      read_from(path_ / (version_ == CgroupVersion::v1 ? "memory.oom_control" : "memory.events")));
  std::string key;
  for (std::uint64_t value = 0; words >> key >> value;) {
    if (key == "oom_kill") return value;
  }
  return 0;
}

void remove_group(const std::filesystem::path& path) {
  std::error_code problem;
  std::vector<std::filesystem::path> children;
  for (const auto& entry : std::filesystem::directory_iterator(path, problem)) {
    if (entry.is_directory(problem)) children.push_back(entry.path());
  }
  for (const std::filesystem::path& child : children) remove_group(child);
  // A killed process leaves its group a moment later.
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return;
    std::ifstream processes(path / "cgroup.procs");
    for (pid_t process = 0; processes >> process;) {
      if (process > 1) ::kill(process, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace convoy::emulation
