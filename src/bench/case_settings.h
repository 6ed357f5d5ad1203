// How a test case wants its model run: convoy's own hyperparameters of a base model.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bench/algorithm_file.h"
#include "bench/test_case.h"
#include "fleet/devices_file.h"
#include "foundation/error.h"
#include "onnx/cut.h"

namespace convoy::bench {

// `partition`: how the model is divided. `automatic` is the best that convoy knows, `solver` the
// algorithm's own.
enum class Partitioning { none, points, memory, chain, automatic, solver };
[[nodiscard]] std::string_view name_of(Partitioning partitioning);

struct CaseSettings {
  Partitioning partitioning = Partitioning::automatic;
  std::string device;                  // who runs an undivided model; empty: the fastest
  onnx::CutMode mode = onnx::CutMode::exact;
  onnx::OptimizationLevel level = onnx::OptimizationLevel::extended;
  std::size_t in_flight = 0;           // requests at once; 0: the pipeline's choice
  std::size_t requests = 0;            // the test set is repeated to so many; 0: once
  std::optional<std::size_t> warm_up;  // answers that do not count for speed; none: a tenth
};

// Names of the hyperparameters above, as algorithm files spell them.
[[nodiscard]] const std::vector<std::string>& runtime_hyperparameters();

// Without `partition`: the algorithm's solver if it has one, points where the devices file has
// partition points, else automatic. Errors name the line of the hyperparameter: no such value, no
// such device.
[[nodiscard]] Result<CaseSettings> settings_of(const Algorithm& algorithm, const TestCase& test,
                                               const fleet::DevicesFile& devices);

}  // namespace convoy::bench
