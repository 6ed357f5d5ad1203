// What commands need to start workers and to reach those of other hosts.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "emulation/local_host.h"

namespace convoy::cli {

// --keys DIR|none, with the user's own folder as its default.
void add_keys(CLI::App& command, std::string& keys);
// The folder; nothing for "none".
[[nodiscard]] std::optional<std::filesystem::path> keys_of(const std::string& keys);

// This program, and those keys.
[[nodiscard]] emulation::Surroundings surroundings(const std::string& keys);

}  // namespace convoy::cli
