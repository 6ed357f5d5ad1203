// The base model that an algorithm file names, ready to be called.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/module_source.h"
#include "convoy/plugin.h"
#include "foundation/error.h"

namespace convoy::bench {

[[nodiscard]] const std::vector<std::string>& builtin_base_models();

// Builtin, compiled on first use, or loaded. The plug-in stays loaded as long as the model lives.
[[nodiscard]] Result<std::shared_ptr<BaseModel>> make_base_model(const ModuleSource& source,
                                                                 const Parameters& parameters);

// Likewise a metric of the user's own; the source is not builtin.
[[nodiscard]] Result<std::shared_ptr<Metric>> make_metric(const ModuleSource& source);

// Likewise a solver.
[[nodiscard]] Result<std::shared_ptr<Solver>> make_solver(const ModuleSource& source);

}  // namespace convoy::bench
