// Published planning problems as arguments of convoy plan.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "plan/problem.h"

namespace convoy::cli {

struct ProblemArguments {
  std::string format;               // msr, pipedream, pipeedge; empty: a model is planned
  std::size_t count = 0;            // pipedream: of devices
  std::string bandwidth;            // pipedream: of each link
  std::string types;                // pipeedge: device_types.yml
  std::string model;                // pipeedge: a name in models.yml
  std::vector<std::string> boards;  // pipeedge: TYPE=N
};

// Errors name the option that is missing or wrong.
[[nodiscard]] Result<plan::Problem> read_problem(const std::string& file,
                                                 const ProblemArguments& arguments);

}  // namespace convoy::cli
