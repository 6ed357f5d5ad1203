#include "cli/surroundings.h"

#include <algorithm>
#include <system_error>

#include "emulation/own_network.h"
#include "runtime/key_folder.h"

namespace convoy::cli {
namespace {

// Its path, or if it was replaced in the meantime the kernel's link to what still runs.
std::filesystem::path this_program() {
  const std::filesystem::path link = "/proc/self/exe";
  std::error_code problem;
  const auto file = std::filesystem::read_symlink(link, problem);
  return !problem && std::filesystem::exists(file, problem) ? file : link;
}

}  // namespace

void add_keys(CLI::App& command, std::string& keys) {
  keys = runtime::default_key_folder();
  command
      .add_option("--keys", keys,
                  "Folder of convoy keys, for devices with an address; none: no keys, which is "
                  "right for addresses of this host only")
      ->capture_default_str();
}

std::optional<std::filesystem::path> keys_of(const std::string& keys) {
  if (keys == "none") return std::nullopt;
  return keys;
}

void prepare_network(const fleet::Fleet& fleet) {
  if (!std::ranges::all_of(fleet.devices, &std::string::empty, &fleet::Device::address)) return;
  // Else links are paced in the workers, and the run says so.
  [[maybe_unused]] const auto entered = emulation::enter_own_network();
}

emulation::Surroundings surroundings(const std::string& keys) {
  return {.program = this_program(), .keys = keys_of(keys)};
}

}  // namespace convoy::cli
