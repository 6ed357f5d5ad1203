// convoy doctor: what this machine can emulate and measure, and why not.
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <ranges>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "emulation/local_host.h"
#include "engine/session.h"
#include "foundation/units.h"
#include "foundation/version.h"

namespace convoy::cli {
namespace {

// Something that this machine can do, or why it can't.
struct Finding {
  std::string what;
  bool able = false;
  std::string how;
};

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

// A file of the kernel's below `folder` whose name starts with `prefix`.
std::string find_file(const std::filesystem::path& folder, const std::string& prefix) {
  std::error_code problem;
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder, problem)) {
    if (entry.path().filename().string().starts_with(prefix)) found.push_back(entry.path());
  }
  return found.empty() ? "" : *std::ranges::min_element(found);
}

bool is_readable(const std::string& file) { return ::access(file.c_str(), R_OK) == 0; }

Finding find_energy_counter() {
  const std::string zone = find_file("/sys/class/powercap", "intel-rapl:");
  if (zone.empty()) {
    return {"energy of the processor", false, "no RAPL here: power is modelled from devices.yaml"};
  }
  const std::string counter = zone + "/energy_uj";
  return {"energy of the processor", is_readable(counter),
          is_readable(counter) ? "RAPL, " + counter : counter + " is for root only"};
}

Finding find_power_sensor() {
  std::error_code problem;
  for (const auto& sensor : std::filesystem::directory_iterator("/sys/class/hwmon", problem)) {
    if (const std::string power = find_file(sensor.path(), "power"); !power.empty()) {
      return {"power sensor", true, power};
    }
  }
  for (const auto& supply : std::filesystem::directory_iterator("/sys/class/power_supply", problem)) {
    if (const std::string power = find_file(supply.path(), "power_now"); !power.empty()) {
      return {"power sensor", true, power};
    }
  }
  return {"power sensor", false, "no hwmon or battery reports power"};
}

std::vector<Finding> findings() {
  const emulation::Capabilities able = emulation::probe();
  const auto found = [&](std::string what, bool can, const std::string& how,
                         const std::string& reason) -> Finding {
    if (can) return {std::move(what), true, how};
    const auto why = std::ranges::find_if(
        able.reasons, [&](const std::string& text) { return text.starts_with(reason); });
    return {std::move(what), false, why == able.reasons.end() ? "" : why->substr(reason.size() + 2)};
  };
  return {
      found("CPU quota per device", able.cpu_quota, "control group, periods of 10 ms",
            "no CPU quota"),
      found("memory limit per device", able.memory_limit, "control group", "no memory limit"),
      found("shaped links", able.shaped_network, "network namespaces and HTB", "no shaped network"),
      {"link latency", true, "added by the sending worker"},
      find_energy_counter(),
      find_power_sensor(),
  };
}

Result<void> doctor(bool json) {
  utsname kernel{};
  ::uname(&kernel);
  const auto memory = Bytes(static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) *
                            ::sysconf(_SC_PAGESIZE));
  const unsigned cores = std::thread::hardware_concurrency();
  const std::vector<Finding> all = findings();
  if (json) {
    nlohmann::json abilities = nlohmann::json::array();
    for (const Finding& finding : all) {
      abilities.push_back({{"what", finding.what}, {"able", finding.able}, {"how", finding.how}});
    }
    fmt::print("{}\n", nlohmann::json{{"convoy", std::string(kVersion)},
                                      {"onnxruntime", engine::runtime_version()},
                                      {"kernel", kernel.release},
                                      {"processor", processor()},
                                      {"cores", cores},
                                      {"memory_bytes", memory.value()},
                                      {"abilities", std::move(abilities)}}
                           .dump());
    return {};
  }
  fmt::print("convoy {}, ONNX Runtime {}, Linux {}\n{} cores ({}), {} of memory\n\n", kVersion,
             engine::runtime_version(), kernel.release, cores, processor(), to_text(memory));
  for (const Finding& finding : all) {
    fmt::print("{:<4} {:<24} {}\n", finding.able ? "yes" : "no", finding.what, finding.how);
  }
  if (!std::ranges::all_of(all | std::views::take(3), &Finding::able)) {
    fmt::print("\nWhat the kernel does not enforce is imitated in the workers: computing is "
               "stretched, sending is paced; memory is not limited.\n");
  }
  return {};
}

}  // namespace

void add_doctor(CLI::App& app, Action& action) {
  auto json = std::make_shared<bool>(false);
  CLI::App* const command =
      app.add_subcommand("doctor", "What this machine can emulate and measure, and why not.");
  command->footer("Example:\n  convoy doctor --json");
  command->add_flag("--json", *json, "Print one JSON object");
  command->callback([json, &action] { action = [json] { return doctor(*json); }; });
}

}  // namespace convoy::cli
