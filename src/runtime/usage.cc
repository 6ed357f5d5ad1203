#include "runtime/usage.h"

#include <malloc.h>
#include <time.h>

#include <chrono>
#include <fstream>
#include <string>

namespace convoy::runtime {
namespace {

Seconds read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return Seconds(static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9);
}

}  // namespace

Seconds process_cpu_time() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }
Seconds thread_cpu_time() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

double steady_seconds() {
  return Seconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Bytes peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return Bytes(1024 * std::stoll(line.substr(6)));
  }
  return Bytes(0);
}

void forget_peak_memory() {
  ::malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";  // proc(5): resets the peak resident size
}

}  // namespace convoy::runtime
