// What a convoy that crashed left behind on this machine.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "foundation/error.h"

namespace convoy::emulation {

// Everything that one host object makes carries one name: "convoy-PID-N" is the name of its folder,
// its control groups and (with more behind) its network namespaces.
struct RunName {
  std::string name;
  std::filesystem::path folder;  // where runs keep sockets and models; exists, ours alone
};

// A name that is nobody else's.
[[nodiscard]] Result<RunName> claim_run_name();

// The process in "convoy-PID-..." or (a bridge) "cvPID-...".
[[nodiscard]] std::optional<int> process_of(std::string_view name);

// Removes folders, control groups, network namespaces and bridges of processes that are gone, and
// ends their workers: those that could not see it, being stopped. In the cache, what they have not
// written to its end for an hour. What it may not remove stays.
void remove_leftovers();

}  // namespace convoy::emulation
