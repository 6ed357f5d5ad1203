// A device: the process behind `convoy worker`.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "foundation/error.h"
#include "foundation/units.h"
#include "runtime/fleet_status.h"
#include "runtime/link_pace.h"

namespace convoy::runtime {

struct WorkerOptions {
  std::string name;
  std::string listen;  // endpoint for the coordinator; endpoint.h
  // Whose coordinators it obeys; nothing: everybody's, which is refused where others than this
  // host's programs could connect. Not used over ipc.
  std::optional<std::filesystem::path> keys;
  std::filesystem::path cache;  // folder for sub-models, its only one to write in
  Bytes cache_limit{20'000'000'000};
  int threads = 1;
  double speed = 1.0;            // below 1: stretch computing to this share of each core
  // Links to other devices that are slow only because this worker makes them so: how slow, lines
  // say that come from `input` (link_lines.h).
  struct PacedLinks {
    int input = -1;
    Sharing sharing = Sharing::own_links;
  };
  PacedLinks paced{};
  int parent = 0;                // end when this process does; 0: never
  std::function<bool()> stop{};  // ends it, asked at least once a second
  // Is given what is known of it about once a second, by serve()'s thread.
  std::function<void(const FleetStatus&)> publish{};
  // One line each: who has it, who was refused and why, what was dropped in the end.
  std::function<void(std::string_view)> log = [](std::string_view) {};
};

// Serves one coordinator after another until told to exit. Loads sub-models, profiles models
// (profile::measure), computes, sends results on. It is one coordinator's until that one lets it go
// or its connection has been gone for two seconds. A key that is revoked in `keys` is cut off
// within a second.
[[nodiscard]] Result<void> serve(const WorkerOptions& options);

}  // namespace convoy::runtime
