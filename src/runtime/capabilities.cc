#include "runtime/capabilities.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <sstream>

#include "engine/session.h"
#include "foundation/version.h"
#include "runtime/wire.h"

namespace convoy::runtime {
namespace {

// In the words of /proc/cpuinfo, on x86-64 and on ARM.
constexpr std::array kInstructions = {"avx2",     "fma",      "avx512f", "avx512_vnni", "avx_vnni",
                                      "amx_int8", "amx_bf16", "asimd",   "asimddp",     "asimdhp",
                                      "i8mm",     "bf16",     "sve",     "sve2"};

std::vector<std::string> instructions() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("flags") && !line.starts_with("Features")) continue;
    std::istringstream words(line);
    std::vector<std::string> found;
    for (std::string word; words >> word;) {
      if (std::ranges::contains(kInstructions, word)) found.push_back(word);
    }
    return found;
  }
  return {};
}

int cores() {
  cpu_set_t mine;
  CPU_ZERO(&mine);
  return ::sched_getaffinity(0, sizeof mine, &mine) == 0 ? CPU_COUNT(&mine) : 1;
}

}  // namespace

Capabilities capabilities(int threads) {
  utsname system{};
  ::uname(&system);
  return {.convoy_version = std::string(kVersion),
          .runtime_version = engine::runtime_version(),
          .machine = system.machine,
          .instructions = instructions(),
          .providers = engine::providers(),
          .cores = cores(),
          .threads = threads,
          .memory = Bytes(::sysconf(_SC_PHYS_PAGES) * ::sysconf(_SC_PAGESIZE))};
}

Result<void> check_versions(std::uint32_t protocol, const std::string& convoy_version,
                            const std::string& runtime_version) {
  if (protocol != kProtocol) {
    return fail(ErrorKind::failure,
                "there is convoy {} (protocol {}), here is convoy {} (protocol {}); "
                "they must be of one version",
                convoy_version, protocol, kVersion, kProtocol);
  }
  if (runtime_version != engine::runtime_version()) {
    return fail(ErrorKind::failure,
                "there is ONNX Runtime {}, here is {}; answers are the same only "
                "under the same one",
                runtime_version, engine::runtime_version());
  }
  return {};
}

Result<void> check_device(const fleet::Device& device, const Capabilities& able) {
  if (device.cores != std::floor(device.cores)) {
    return fail(ErrorKind::input,
                "a real device cannot be held to {} cores; right would be a whole "
                "number up to {}",
                device.cores, able.threads);
  }
  if (device.cores > able.threads) {
    return fail(ErrorKind::input,
                "it computes with at most {} threads, but cores is {}; start its "
                "worker with --threads {} if it has them ({} cores), or say cores: {}",
                able.threads, device.cores, device.cores, able.cores, able.threads);
  }
  if (device.memory > able.memory) {
    return fail(ErrorKind::input, "it has {} of memory, but memory says {}", to_text(able.memory),
                to_text(device.memory));
  }
  return {};
}

wire::Welcome to_wire(const Capabilities& able, const std::string& name) {
  wire::Welcome welcome;
  welcome.set_protocol(kProtocol);
  welcome.set_convoy_version(able.convoy_version);
  welcome.set_runtime_version(able.runtime_version);
  welcome.set_name(name);
  welcome.set_machine(able.machine);
  welcome.mutable_instructions()->Add(able.instructions.begin(), able.instructions.end());
  welcome.mutable_providers()->Add(able.providers.begin(), able.providers.end());
  welcome.set_cores(static_cast<std::uint32_t>(able.cores));
  welcome.set_threads(static_cast<std::uint32_t>(able.threads));
  welcome.set_memory_bytes(static_cast<std::uint64_t>(able.memory.value()));
  return welcome;
}

Capabilities from_wire(const wire::Welcome& welcome) {
  return {.convoy_version = welcome.convoy_version(),
          .runtime_version = welcome.runtime_version(),
          .machine = welcome.machine(),
          .instructions = {welcome.instructions().begin(), welcome.instructions().end()},
          .providers = {welcome.providers().begin(), welcome.providers().end()},
          .cores = static_cast<int>(welcome.cores()),
          .threads = static_cast<int>(welcome.threads()),
          .memory = Bytes(static_cast<std::int64_t>(welcome.memory_bytes()))};
}

}  // namespace convoy::runtime
