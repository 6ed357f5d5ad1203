#include "runtime/usage.h"

#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

namespace convoy::runtime {
namespace {

Seconds read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return Seconds(static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9);
}

// A line of /proc/self/status that is in kB.
Bytes read_status(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return Bytes(1024 * std::stoll(line.substr(key.size())));
  }
  return Bytes(0);
}

}  // namespace

Seconds process_cpu_time() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }
Seconds thread_cpu_time() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

Seconds messaging_cpu_time() {
  Seconds sum{0};
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", gone)) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    const bool is_first = task.path().filename() == std::to_string(::getpid());
    if (!is_first && !name.starts_with("ZMQbg")) continue;
    // Nanoseconds on a processor come first.
    if (double spent = 0; std::ifstream(task.path() / "schedstat") >> spent) {
      sum += Seconds(spent * 1e-9);
    }
  }
  return sum;
}

double steady_seconds() {
  return Seconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Bytes peak_memory() { return read_status("VmHWM:"); }
Bytes resident_memory() { return read_status("VmRSS:"); }

void forget_peak_memory() {
  ::malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";  // proc(5): resets the peak resident size
}

std::optional<double> temperature_c() {
  std::optional<double> warmest;
  std::error_code missing;
  for (const auto& zone : std::filesystem::directory_iterator("/sys/class/thermal", missing)) {
    if (!zone.path().filename().string().starts_with("thermal_zone")) continue;
    // In thousandths of a degree; a zone that is off cannot be read.
    if (double thousandths = 0; std::ifstream(zone.path() / "temp") >> thousandths) {
      warmest = std::max(warmest.value_or(-273.15), thousandths / 1000);
    }
  }
  return warmest;
}

}  // namespace convoy::runtime
