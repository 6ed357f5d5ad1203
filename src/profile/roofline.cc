#include "profile/roofline.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/seen_types.h"
#include "engine/session.h"
#include "foundation/sha256.h"
#include "onnx/model.h"

namespace convoy::profile {
namespace {

// Of a worker without a model on x86-64 Linux (measured: 18 to 20 MB).
constexpr Bytes kRuntimeMemory{20'000'000};

Result<void> check_roofs(const fleet::Fleet& fleet) {
  std::vector<std::string> lacking;
  for (const fleet::Device& device : fleet.devices) {
    std::vector<std::string> keys;
    if (!device.flops) keys.emplace_back("flops");
    if (!device.memory_bandwidth) keys.emplace_back("memory_bandwidth");
    if (keys.empty()) continue;
    lacking.push_back(
        fmt::format("the device \"{}\" has no {}", device.name, fmt::join(keys, " and no ")));
  }
  if (lacking.empty()) return {};
  return fail(
      ErrorKind::input,
      "{}: estimates need both; convoy doctor --calibrate, run on a device, measures its own",
      fmt::join(lacking, "; "));
}

DeviceProfile estimate(const onnx::Graph& graph, const ById<NodeId, onnx::Work>& works,
                       const fleet::Device& device) {
  DeviceProfile profile{.device = device.name,
                        .source = Source::estimated,
                        .cores = device.cores,
                        .runtime_memory = kRuntimeMemory};
  const Roofs roofs{*device.flops, *device.memory_bandwidth};
  for (const NodeId id : graph.nodes.ids()) {
    const Seconds time = roofline(works[id], roofs);
    profile.nodes[graph.nodes[id].name] = time;
    profile.run += time;
  }
  return profile;
}

}  // namespace

Seconds roofline(const onnx::Work& work, const Roofs& roofs) {
  return std::max(Seconds(work.flops / roofs.flops.value()), work.moved / roofs.memory_bandwidth);
}

Result<Profile> estimate_fleet(const std::filesystem::path& file,
                               const engine::NamedTensors& inputs, const fleet::Fleet& fleet) {
  if (auto known = check_roofs(fleet); !known) return std::unexpected(known.error());
  Result<onnx::Model> model = onnx::read_model(file);
  if (!model) return std::unexpected(model.error());
  Result<onnx::Graph> graph = onnx::index_graph(*model);
  if (!graph) return within(file.string(), graph.error());
  if (auto seen = engine::see_types(*model, inputs, *graph); !seen) {
    return std::unexpected(seen.error());
  }
  const Result<std::string> sha256 = sha256_of(file);
  if (!sha256) return std::unexpected(sha256.error());

  Profile profile{.model_sha256 = *sha256, .runtime_version = engine::runtime_version()};
  for (const onnx::Value& value : graph->values) {
    if (value.weight && !value.is_input) continue;
    if (const auto bytes = onnx::bytes_of(value.type)) profile.values[value.name] = *bytes;
  }
  const ById<NodeId, onnx::Work> works = onnx::work_of(*model, *graph);
  for (const fleet::Device& device : fleet.devices) {
    profile.devices.push_back(estimate(*graph, works, device));
  }
  return profile;
}

}  // namespace convoy::profile
