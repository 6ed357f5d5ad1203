#include "runtime/route.h"

#include <algorithm>
#include <map>
#include <optional>

namespace convoy::runtime {
namespace {

// Where a value comes from and who wants it.
struct Source {
  ValueId value;
  std::optional<std::size_t> stage;  // none: an input of the model
  std::vector<PeerId> readers;
};

void add_reader(Source& source, PeerId reader) {
  if (!std::ranges::contains(source.readers, reader)) source.readers.push_back(reader);
}

}  // namespace

Result<Route> route(const onnx::SplitMap& map) {
  Route route;
  std::map<std::string, Source> sources;
  std::size_t values = 0;
  for (const std::string& input : map.inputs) {
    sources.try_emplace(input, Source{.value = ValueId(values++)});
  }
  for (const onnx::SubModel& sub_model : map.sub_models) {
    if (sub_model.device.empty()) {
      return fail(ErrorKind::input, "map.json: {} has no device", sub_model.file);
    }
    auto device = std::ranges::find(route.devices, sub_model.device);
    if (device == route.devices.end()) {
      device = route.devices.insert(route.devices.end(), sub_model.device);
    }
    Route::Stage stage{
        .peer = PeerId(static_cast<std::size_t>(device - route.devices.begin()) + 1),
        .spec = {.id = StageId(route.stages.size())}};
    for (const std::string& input : sub_model.inputs) {
      const auto source = sources.find(input);
      if (source == sources.end()) {
        return fail(ErrorKind::input,
                    "map.json: {} reads \"{}\", which is no input of the model and no output of an "
                    "earlier sub-model",
                    sub_model.file, input);
      }
      add_reader(source->second, stage.peer);
      stage.spec.inputs.push_back(source->second.value);
      stage.input_names.push_back(input);
    }
    if (stage.spec.inputs.empty()) {  // it still has to be told of each request
      const ValueId trigger(values++);
      route.triggers.push_back({trigger, {stage.peer}});
      stage.spec.inputs.push_back(trigger);
      stage.input_names.emplace_back();
    }
    for (const std::string& output : sub_model.outputs) {
      const auto [source, is_new] =
          sources.try_emplace(output, Source{ValueId(values), route.stages.size()});
      if (is_new) ++values;
      // The first that makes a value hands it on. An input that is passed on is an output of the
      // model: only the coordinator wants it from here.
      const bool passed_on = !source->second.stage && std::ranges::contains(map.outputs, output);
      if (!is_new && !passed_on) continue;
      stage.spec.outputs.push_back({.value = source->second.value});
      stage.output_names.push_back(output);
    }
    route.stages.push_back(std::move(stage));
  }

  for (const std::string& output : map.outputs) {
    const auto source = sources.find(output);
    bool made = false;
    for (Route::Stage& stage : route.stages) {
      if (made || source == sources.end()) break;
      for (StageSpec::Output& candidate : stage.spec.outputs) {
        if (made || candidate.value != source->second.value) continue;
        candidate.readers.push_back(kCoordinator);
        made = true;
      }
    }
    if (!made) {
      return fail(ErrorKind::input, "map.json: no sub-model makes the model's output \"{}\"",
                  output);
    }
    route.outputs.push_back(source->second.value);
  }
  for (Route::Stage& stage : route.stages) {
    for (std::size_t i = 0; i < stage.spec.outputs.size(); ++i) {
      const Source& source = sources.at(stage.output_names[i]);
      if (source.stage != stage.spec.id.index()) continue;
      auto& readers = stage.spec.outputs[i].readers;
      readers.insert(readers.end(), source.readers.begin(), source.readers.end());
    }
  }
  for (const std::string& input : map.inputs) {
    const Source& source = sources.at(input);
    route.inputs.push_back({source.value, source.readers});
  }
  return route;
}

}  // namespace convoy::runtime
