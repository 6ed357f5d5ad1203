// What each device of a plan is told.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "messages.pb.h"
#include "runtime/ready_plan.h"
#include "runtime/route.h"
#include "runtime/worker_host.h"

namespace convoy::runtime {

struct RoutedPlan {
  ReadyPlan ready;
  Route route;
  std::vector<DeviceId> devices;  // as the route's

  [[nodiscard]] PeerId peer_of(DeviceId device) const;
};

// Errors: as route()'s; a device that is not in the fleet.
[[nodiscard]] Result<RoutedPlan> route_plan(ReadyPlan plan, const fleet::Fleet& fleet);

// A file that a device needs, for one of its stages.
struct PlanFile {
  std::filesystem::path path;
  std::string sha256;
  std::filesystem::path model;  // whose weights these are; empty: the file is a model
};
[[nodiscard]] std::vector<PlanFile> files_for(const RoutedPlan& plan, DeviceId device);

// Whether those workers can reach each other that send each other tensors. `reached`: all of the
// plan's devices.
[[nodiscard]] Result<void> check_reach(const RoutedPlan& plan, const fleet::Fleet& fleet,
                                       const ById<DeviceId, WorkerHost::Worker>& reached);

// What the device is to load, and whom it sends tensors.
[[nodiscard]] wire::Request setup_for(const RoutedPlan& plan, DeviceId device,
                                      const fleet::Fleet& fleet,
                                      const ById<DeviceId, WorkerHost::Worker>& reached);

}  // namespace convoy::runtime
