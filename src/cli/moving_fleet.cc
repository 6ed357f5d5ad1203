#include "cli/moving_fleet.h"

#include <algorithm>
#include <vector>

#include "foundation/suggest.h"

namespace convoy::cli {
namespace {

constexpr Seconds kMostHorizon{24 * 3600};
constexpr double kMostIntervals = 2000;

Result<std::optional<DeviceId>> home_of(const MovingFleetArguments& arguments,
                                        const fleet::Fleet& fleet) {
  if (arguments.home.empty()) return std::nullopt;
  if (const auto found = fleet.find(arguments.home)) return found;
  std::vector<std::string> names;
  for (const fleet::Device& device : fleet.devices) names.push_back(device.name);
  return fail(ErrorKind::input, "--home: no device is called \"{}\"{}", arguments.home,
              suggest(arguments.home, names));
}

Result<Seconds> horizon_of(const MovingFleetArguments& arguments,
                           const fleet::FleetChanges& changes) {
  if (arguments.horizon.empty()) return std::min(fleet::duration_of(changes), kMostHorizon);
  const Result<Seconds> horizon = parse_duration(arguments.horizon, "s");
  if (!horizon) return within("--horizon", horizon.error());
  if (*horizon > Seconds(0) && *horizon <= kMostHorizon) return horizon;
  return fail(ErrorKind::input, "--horizon must be above 0 and at most {}", to_text(kMostHorizon));
}

Result<Seconds> setup_of(const MovingFleetArguments& arguments) {
  if (arguments.setup.empty()) return Seconds(0);
  const Result<Seconds> setup = parse_duration(arguments.setup, "s");
  return setup ? setup : within("--setup", setup.error());
}

}  // namespace

void add_moving_fleet_options(CLI::App& command, MovingFleetArguments& arguments) {
  command.add_flag("--standby", arguments.standby,
                   "Also plan for the loss of each device, and what to store where in advance");
  command.add_flag("--over-time", arguments.over_time,
                   "Plan for the traces and events of devices.yaml: which plan is in force when");
  command.add_option("--home", arguments.home,
                     "The device that has the model's file and sends the weights; without it any "
                     "device sends them");
  command.add_option(
      "--setup", arguments.setup,
      "What each switch takes with --over-time beside moving weights and filling the "
      "pipeline, such as \"0.5 s\" for loading models; without it nothing");
  command.add_option(
      "--horizon", arguments.horizon,
      "How long to plan for with --over-time, such as \"10 min\"; without it as long "
      "as the longest trace and a minute longer than the last event");
}

Result<void> check_moving_fleet(const MovingFleetArguments& arguments, const std::string& name,
                                const fleet::DevicesFile& devices) {
  if (!arguments.over_time && !(arguments.setup.empty() && arguments.horizon.empty())) {
    return fail(ErrorKind::input, "--setup and --horizon are for --over-time");
  }
  if (!arguments.over_time && !arguments.standby && !arguments.home.empty()) {
    return fail(ErrorKind::input, "--home is for --standby and --over-time");
  }
  if (arguments.over_time && devices.changes.empty()) {
    return fail(ErrorKind::input,
                "{}: it has neither traces nor events, which --over-time plans for", name);
  }
  if (const auto home = home_of(arguments, devices.fleet); !home) {
    return std::unexpected(home.error());
  }
  if (const auto setup = setup_of(arguments); !setup) return std::unexpected(setup.error());
  if (!arguments.over_time) return {};
  return horizon_of(arguments, devices.changes).transform([](Seconds) {});
}

Result<std::optional<plan::StandbyPlans>> standby_plans(const MovingFleetArguments& arguments,
                                                        const plan::CostGraph& graph,
                                                        const fleet::Fleet& fleet,
                                                        const plan::Placement& in_force,
                                                        const plan::SolveOptions& options) {
  if (!arguments.standby) return std::nullopt;
  const auto home = home_of(arguments, fleet);
  if (!home) return std::unexpected(home.error());
  return plan::standby_plans(graph, fleet, in_force, {.solve = options, .home = *home});
}

Result<plan::OverTime> plan_over_time(const MovingFleetArguments& arguments,
                                      const plan::CostGraph& graph,
                                      const fleet::DevicesFile& devices,
                                      const plan::SolveOptions& options) {
  const auto home = home_of(arguments, devices.fleet);
  if (!home) return std::unexpected(home.error());
  const Result<Seconds> horizon = horizon_of(arguments, devices.changes);
  if (!horizon) return std::unexpected(horizon.error());
  const Result<Seconds> setup = setup_of(arguments);
  if (!setup) return std::unexpected(setup.error());
  fleet::IntervalOptions intervals{.horizon = *horizon};
  intervals.shortest = std::max(intervals.shortest, *horizon / kMostIntervals);
  plan::OverTimeOptions over_time{.solve = options, .outlook = {.home = *home, .setup = *setup}};
  over_time.outlook.step = std::max(over_time.outlook.step, *horizon / kMostIntervals);
  return plan::plan_over_time(
      graph, fleet::fleet_over_time(devices.fleet, devices.changes, intervals), over_time);
}

}  // namespace convoy::cli
