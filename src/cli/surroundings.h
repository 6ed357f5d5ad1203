// What commands need to start workers and to reach those of other hosts.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "emulation/local_host.h"
#include "fleet/fleet.h"

namespace convoy::cli {

// --keys DIR|none, with the user's own folder as its default.
void add_keys(CLI::App& command, std::string& keys);
// The folder; nothing for "none".
[[nodiscard]] std::optional<std::filesystem::path> keys_of(const std::string& keys);

// For who is not root, a network of his own where this machine lets him have one and the fleet has
// no real devices. Before anything starts threads.
void prepare_network(const fleet::Fleet& fleet);

// This program, and those keys.
[[nodiscard]] emulation::Surroundings surroundings(const std::string& keys);

}  // namespace convoy::cli
