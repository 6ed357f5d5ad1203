// What belongs to a convoy on this machine: its workers, and what it makes besides.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "emulation/control_group.h"

namespace convoy {

// The worker processes of a coordinator (by their command lines), of one device or of all.
inline std::vector<pid_t> workers_of(pid_t parent, const std::string& device = "") {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry.path() / "cmdline");
    std::set<std::string> words;
    for (std::string word; std::getline(file, word, '\0');) words.insert(word);
    if (words.contains("worker") && words.contains(std::to_string(parent)) &&
        (device.empty() || words.contains("--name=" + device))) {
      found.push_back(std::stoi(name));
    }
  }
  return found;
}

// Everything on this machine that carries the name of a convoy with this process id.
inline std::vector<std::string> traces_of(pid_t process) {
  std::vector<std::string> traces;
  const auto look = [&](const std::filesystem::path& folder, const std::string& prefix) {
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(folder, missing)) {
      if (entry.path().filename().string().starts_with(prefix + std::to_string(process) + "-")) {
        traces.push_back(entry.path());
      }
    }
  };
  look("/var/tmp", "convoy-");
  look(std::filesystem::temp_directory_path(), "convoy-");
  look("/run/netns", "convoy-");
  look("/sys/class/net", "cv");
  for (const char* name : {"cpu", "memory"}) {
    if (const auto controller = emulation::find_controller(name)) {
      look(controller->folder, "convoy-");
    }
  }
  return traces;
}

}  // namespace convoy
