// Who sends which value to whom, by numbers.
#pragma once

#include <string>
#include <vector>

#include "foundation/error.h"
#include "foundation/id.h"
#include "onnx/cut.h"
#include "runtime/coordinator.h"
#include "runtime/parcel.h"
#include "runtime/stage.h"

namespace convoy::runtime {

// A split as a pipeline runs it. Peer i + 1 is devices[i].
struct Route {
  struct Stage {
    PeerId peer;
    std::size_t sub_model = 0;  // of the map; where devices take turns, each has a stage of its own
    StageSpec spec;
    std::vector<std::string> input_names;   // as in the spec; "": a trigger
    std::vector<std::string> output_names;  // as in the spec
  };
  std::vector<std::string> devices;  // in the order in which the map first names them
  std::vector<Stage> stages;         // in the order of the map's sub-models
  std::vector<CoordinatorSpec::Input> inputs;
  std::vector<CoordinatorSpec::Input> triggers;
  std::vector<ValueId> outputs;
};

// All peers that readers name, each once, ascending.
[[nodiscard]] std::vector<PeerId> peers_of(const std::vector<Reader>& readers);

// Errors: a sub-model without a device, a device that takes turns and runs another one, too, one that reads what no earlier one makes, an output of the
// model that none makes.
[[nodiscard]] Result<Route> route(const onnx::SplitMap& map);

}  // namespace convoy::runtime
