#include "runtime/route.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace convoy::runtime {
namespace {

// Where a value comes from and who wants it.
struct Source {
  ValueId value;
  std::optional<std::size_t> sub_model;  // none: an input of the model
  std::vector<Reader> readers;
};

void add_reader(Source& source, const Reader& reader) {
  if (!std::ranges::contains(source.readers, reader)) source.readers.push_back(reader);
}

// The peers of a sub-model, in their turns; devices that the route does not have yet join it.
std::vector<PeerId> turns_of(const onnx::SubModel& sub_model, Route& route) {
  std::vector<std::string> names = sub_model.turns;
  if (names.empty()) names = {sub_model.device};
  std::vector<PeerId> turns;
  for (const std::string& name : names) {
    auto device = std::ranges::find(route.devices, name);
    if (device == route.devices.end()) device = route.devices.insert(device, name);
    turns.emplace_back(static_cast<std::size_t>(device - route.devices.begin()) + 1);
  }
  return turns;
}

Result<void> check_turns(const onnx::SplitMap& map) {
  for (const onnx::SubModel& sub_model : map.sub_models) {
    if (sub_model.device.empty()) {
      return fail(ErrorKind::input, "map.json: {} has no device", sub_model.file);
    }
    for (const std::string& name : sub_model.turns) {
      for (const onnx::SubModel& other : map.sub_models) {
        const bool runs = other.device == name || std::ranges::contains(other.turns, name);
        if (&other == &sub_model || !runs) continue;
        return fail(ErrorKind::input,
                    "map.json: device {} takes turns at {} and runs {}, too; it may only have one",
                    name, sub_model.file, other.file);
      }
    }
  }
  return {};
}

}  // namespace

std::vector<PeerId> peers_of(const std::vector<Reader>& readers) {
  std::set<PeerId> peers;
  for (const Reader& reader : readers) peers.insert(reader.turns().begin(), reader.turns().end());
  return {peers.begin(), peers.end()};
}

Result<Route> route(const onnx::SplitMap& map) {
  if (auto fit = check_turns(map); !fit) return std::unexpected(fit.error());
  Route route;
  std::map<std::string, Source> sources;
  std::size_t values = 0;
  for (const std::string& input : map.inputs) {
    sources.try_emplace(input, Source{.value = ValueId(values++)});
  }
  for (std::size_t number = 0; number < map.sub_models.size(); ++number) {
    const onnx::SubModel& sub_model = map.sub_models[number];
    const Reader reader(turns_of(sub_model, route));
    Route::Stage stage{.sub_model = number};
    for (const std::string& input : sub_model.inputs) {
      const auto source = sources.find(input);
      if (source == sources.end()) {
        return fail(ErrorKind::input,
                    "map.json: {} reads \"{}\", which is no input of the model and no output of an "
                    "earlier sub-model",
                    sub_model.file, input);
      }
      add_reader(source->second, reader);
      stage.spec.inputs.push_back(source->second.value);
      stage.input_names.push_back(input);
    }
    if (stage.spec.inputs.empty()) {  // it still has to be told of each request
      const ValueId trigger(values++);
      route.triggers.push_back({trigger, {reader}});
      stage.spec.inputs.push_back(trigger);
      stage.input_names.emplace_back();
    }
    for (const std::string& output : sub_model.outputs) {
      const auto [source, is_new] =
          sources.try_emplace(output, Source{ValueId(values), number});
      if (is_new) ++values;
      // The first that makes a value hands it on. An input that is passed on is an output of the
      // model: only the coordinator wants it from here.
      const bool passed_on = !source->second.sub_model && std::ranges::contains(map.outputs, output);
      if (!is_new && !passed_on) continue;
      stage.spec.outputs.push_back({.value = source->second.value});
      stage.output_names.push_back(output);
    }
    for (const PeerId peer : peers_of({reader})) {
      stage.peer = peer;
      stage.spec.id = StageId(route.stages.size());
      route.stages.push_back(stage);
    }
  }

  for (const std::string& output : map.outputs) {
    const auto source = sources.find(output);
    std::optional<std::size_t> made;  // by the first sub-model that has it
    for (Route::Stage& stage : route.stages) {
      if (source == sources.end() || made.value_or(stage.sub_model) != stage.sub_model) break;
      const auto candidate = std::ranges::find(stage.spec.outputs, source->second.value,
                                               &StageSpec::Output::value);
      if (candidate == stage.spec.outputs.end()) continue;
      candidate->readers.emplace_back(kCoordinator);
      made = stage.sub_model;
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
      if (source.sub_model != stage.sub_model) continue;
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
