// Which weights lie on which device, and how fast others come there.
#pragma once

#include <optional>
#include <vector>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

using Holdings = ById<DeviceId, std::vector<WeightId>>;  // ascending

// What a placement needs on each of so many devices.
[[nodiscard]] Holdings weights_of(const CostGraph& graph, const Placement& placement,
                                  std::size_t devices);
[[nodiscard]] Holdings united(const Holdings& a, const Holdings& b);
// Of what is needed, the bytes that are not held.
[[nodiscard]] ById<DeviceId, Bytes> missing(const CostGraph& graph, const Holdings& needed,
                                            const Holdings& held);

// How fast weights can come to each device: from `home`, which has the model's file; without one,
// over the fastest link from any device that is present. Home itself needs none to come (0: no
// limit). fleet::kBlackOut where nothing can come, as to who is absent.
[[nodiscard]] ById<DeviceId, BytesPerSecond> inflow(const fleet::Fleet& fleet,
                                                    const ById<DeviceId, bool>& present,
                                                    std::optional<DeviceId> home);

// How long weights take to come at that rate: all at once where links are their own, one device
// after another on radios and a medium. None: never.
[[nodiscard]] std::optional<Seconds> move_time(const ById<DeviceId, Bytes>& bytes,
                                               const ById<DeviceId, BytesPerSecond>& rates,
                                               fleet::Contention contention);

}  // namespace convoy::plan
