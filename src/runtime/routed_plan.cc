#include "runtime/routed_plan.h"

#include <algorithm>
#include <utility>

#include "foundation/suggest.h"
#include "runtime/greeting.h"
#include "runtime/setup.h"

namespace convoy::runtime {
namespace {

Result<DeviceId> find_device(const fleet::Fleet& fleet, const std::string& name) {
  if (const auto device = fleet.find(name)) return *device;
  std::vector<std::string> known;
  for (const fleet::Device& each : fleet.devices) known.push_back(each.name);
  return fail(ErrorKind::input, "map.json: device \"{}\" is not among the devices{}", name,
              suggest(name, known));
}

wire::Reader to_wire(const Reader& reader) {
  wire::Reader message;
  for (const PeerId turn : reader.turns()) {
    message.add_turns(static_cast<std::uint32_t>(turn.index()));
  }
  return message;
}

}  // namespace

PeerId RoutedPlan::peer_of(DeviceId device) const {
  return PeerId(static_cast<std::size_t>(std::ranges::find(devices, device) - devices.begin()) + 1);
}

Result<RoutedPlan> route_plan(ReadyPlan plan, const fleet::Fleet& fleet) {
  Result<Route> route = runtime::route(plan.map);
  if (!route) return std::unexpected(std::move(route.error()));
  RoutedPlan routed{.ready = std::move(plan), .route = *std::move(route)};
  for (const std::string& name : routed.route.devices) {
    const Result<DeviceId> device = find_device(fleet, name);
    if (!device) return std::unexpected(device.error());
    routed.devices.push_back(*device);
  }
  return routed;
}

std::vector<PlanFile> files_for(const RoutedPlan& plan, DeviceId device) {
  const PeerId peer = plan.peer_of(device);
  std::vector<PlanFile> files;
  for (const Route::Stage& stage : plan.route.stages) {
    if (stage.peer != peer) continue;
    const onnx::SubModel& part = plan.ready.map.sub_models[stage.sub_model];
    const std::filesystem::path model = plan.ready.directory / part.file;
    files.push_back({.path = model, .sha256 = part.sha256, .model = {}});
    if (!part.data_file.empty()) {
      files.push_back({.path = plan.ready.directory / part.data_file,
                       .sha256 = part.data_sha256,
                       .model = model});
    }
  }
  return files;
}

Result<void> check_reach(const RoutedPlan& plan, const fleet::Fleet& fleet,
                         const ById<DeviceId, WorkerHost::Worker>& reached) {
  for (const Route::Stage& stage : plan.route.stages) {
    for (const StageSpec::Output& output : stage.spec.outputs) {
      for (const PeerId reader : peers_of(output.readers)) {
        if (reader == kCoordinator || reader == stage.peer) continue;
        const DeviceId from = plan.devices[stage.peer.index() - 1];
        const DeviceId to = plan.devices[reader.index() - 1];
        const bool from_real = !fleet.devices[from].address.empty();
        if (reached[from].own.has_value() == reached[to].own.has_value() &&
            from_real == !fleet.devices[to].address.empty()) {
          continue;
        }
        return fail(ErrorKind::input,
                    "device {} would send tensors to device {}, but {} is emulated "
                    "here, where only this host reaches it; right would be a convoy worker of its "
                    "own and its address in devices.yaml",
                    fleet.devices[from].name, fleet.devices[to].name,
                    fleet.devices[from_real ? to : from].name);
      }
    }
  }
  return {};
}

wire::Request setup_for(const RoutedPlan& plan, DeviceId device, const fleet::Fleet& fleet,
                        const ById<DeviceId, WorkerHost::Worker>& reached) {
  const PeerId peer = plan.peer_of(device);
  wire::Request request;
  wire::Setup& setup = *request.mutable_setup();
  setup.set_self(static_cast<std::uint32_t>(peer.index()));
  setup.set_threads(threads_told(fleet.devices[device]));
  const onnx::OptimizationLevel level = plan.ready.map.mode == onnx::CutMode::exact
                                            ? onnx::OptimizationLevel::none
                                            : onnx::OptimizationLevel::all;
  std::vector<Reader> readers;
  for (const Route::Stage& from : plan.route.stages) {
    if (from.peer != peer) continue;
    wire::StageSetup& stage = *setup.add_stages();
    stage.set_stage(static_cast<std::uint32_t>(from.spec.id.index()));
    const onnx::SubModel& part = plan.ready.map.sub_models[from.sub_model];
    *stage.mutable_model() =
        runtime::to_wire(ModelFiles{part.sha256, part.data_file, part.data_sha256});
    stage.set_level(std::string(onnx::name_of(level)));
    for (std::size_t k = 0; k < from.spec.inputs.size(); ++k) {
      wire::ReadValue& input = *stage.add_inputs();
      input.set_value(static_cast<std::uint32_t>(from.spec.inputs[k].index()));
      input.set_name(from.input_names[k]);
    }
    for (std::size_t k = 0; k < from.spec.outputs.size(); ++k) {
      wire::WrittenValue& output = *stage.add_outputs();
      output.set_value(static_cast<std::uint32_t>(from.spec.outputs[k].value.index()));
      output.set_name(from.output_names[k]);
      for (const Reader& reader : from.spec.outputs[k].readers) {
        *output.add_readers() = to_wire(reader);
        readers.push_back(reader);
      }
    }
  }
  for (const PeerId reader : peers_of(readers)) {
    if (reader == kCoordinator || reader == peer) continue;
    const DeviceId to = plan.devices[reader.index() - 1];
    wire::Peer& entry = *setup.add_peers();
    entry.set_peer(static_cast<std::uint32_t>(reader.index()));
    entry.set_name(fleet.devices[to].name);
    entry.set_endpoint(reached[to].endpoint.data);
    entry.set_key(reached[to].server_key);
  }
  return request;
}

}  // namespace convoy::runtime
