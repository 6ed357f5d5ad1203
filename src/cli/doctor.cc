// convoy doctor: what this machine can emulate and measure, and why not.
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ranges>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "emulation/local_host.h"
#include "emulation/own_network.h"
#include "engine/session.h"
#include "foundation/units.h"
#include "foundation/version.h"
#include "profile/calibrate.h"

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
  const bool is_root = ::geteuid() == 0;
  const Result<void> own_network = emulation::enter_own_network();
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
      own_network ? found("shaped links", able.shaped_network,
                          is_root ? "network namespaces and HTB"
                                  : "network namespaces and HTB, in a user namespace of its own",
                          "no shaped network")
                  : Finding{"shaped links", false, own_network.error().message},
      {"links that follow traces", true,
       able.shaped_network ? "rates, latencies, black-outs, devices that leave and join"
                           : "in the sending worker; devices that are out of reach are stopped"},
      {"link latency", true, "added by the sending worker"},
      find_energy_counter(),
      find_power_sensor(),
  };
}

struct Arguments {
  bool calibrate = false;
  int threads = 1;
  bool json = false;
};

Result<void> doctor(const Arguments& arguments) {
  std::optional<profile::Roofs> roofs;
  if (arguments.calibrate) {
    const auto measured = profile::calibrate(arguments.threads);
    if (!measured) return std::unexpected(measured.error());
    roofs = *measured;
  }
  utsname kernel{};
  ::uname(&kernel);
  const auto memory = Bytes(static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) *
                            ::sysconf(_SC_PAGESIZE));
  const unsigned cores = std::thread::hardware_concurrency();
  const std::vector<Finding> all = findings();
  if (arguments.json) {
    nlohmann::json abilities = nlohmann::json::array();
    for (const Finding& finding : all) {
      abilities.push_back({{"what", finding.what}, {"able", finding.able}, {"how", finding.how}});
    }
    nlohmann::json json = {{"convoy", std::string(kVersion)},
                           {"onnxruntime", engine::runtime_version()},
                           {"kernel", kernel.release},
                           {"processor", processor()},
                           {"cores", cores},
                           {"memory_bytes", memory.value()},
                           {"abilities", std::move(abilities)}};
    if (roofs) {
      json["calibration"] = {{"source", "measured"},
                             {"threads", arguments.threads},
                             {"flops_per_s", roofs->flops.value()},
                             {"memory_bytes_per_s", roofs->memory_bandwidth.value()}};
    }
    fmt::print("{}\n", json.dump());
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
  if (roofs) {
    fmt::print(
        "\nMeasured with {} thread{}, for devices.yaml:\n    flops: {:.3g} GFLOP/s\n"
        "    memory_bandwidth: {:.3g} GB/s\n",
        arguments.threads, arguments.threads == 1 ? "" : "s", roofs->flops.value() / 1e9,
        roofs->memory_bandwidth.value() / 1e9);
  }
  return {};
}

}  // namespace

void add_doctor(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* const command =
      app.add_subcommand("doctor", "What this machine can emulate and measure, and why not.");
  command->footer("Examples:\n  convoy doctor --json\n  convoy doctor --calibrate --threads 4");
  auto* const calibrate = command->add_flag(
      "--calibrate", arguments->calibrate,
      "Measure flops and memory_bandwidth, which --estimate of convoy plan goes by");
  command->add_option("--threads", arguments->threads, "CPU threads that --calibrate computes with")
      ->needs(calibrate)
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([arguments, &action] { action = [arguments] { return doctor(*arguments); }; });
}

}  // namespace convoy::cli
