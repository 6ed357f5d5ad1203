// Fleets that change as options of convoy plan: standby plans, and plans over time.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "fleet/devices_file.h"
#include "foundation/error.h"
#include "plan/over_time.h"
#include "plan/standby.h"

namespace convoy::cli {

struct MovingFleetArguments {
  bool standby = false;
  bool over_time = false;
  std::string home;     // of a device; empty: none
  std::string setup;    // a duration; empty: none
  std::string horizon;  // a duration; empty: what the traces and events say
};

void add_moving_fleet_options(CLI::App& command, MovingFleetArguments& arguments);

// Options without effect, and what is wrong with the others. `name`: of the devices' file, or
// empty.
[[nodiscard]] Result<void> check_moving_fleet(const MovingFleetArguments& arguments,
                                              const std::string& name,
                                              const fleet::DevicesFile& devices);

// Nothing where they were not asked for.
[[nodiscard]] Result<std::optional<plan::StandbyPlans>> standby_plans(
    const MovingFleetArguments& arguments, const plan::CostGraph& graph, const fleet::Fleet& fleet,
    const plan::Placement& in_force, const plan::SolveOptions& options);

[[nodiscard]] Result<plan::OverTime> plan_over_time(const MovingFleetArguments& arguments,
                                                    const plan::CostGraph& graph,
                                                    const fleet::DevicesFile& devices,
                                                    const plan::SolveOptions& options);

}  // namespace convoy::cli
