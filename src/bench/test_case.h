// The test cases of a job: algorithms times the combinations of their hyperparameters.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/algorithm_file.h"

namespace convoy::bench {

// One combination: names and values, in the file's order.
using Combination = std::vector<std::pair<std::string, std::string>>;

struct TestCase {
  std::size_t algorithm = 0;  // in the list that the cases were made from
  Combination parameters;

  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

// The product of all values; the last hyperparameter varies fastest. One empty combination when
// there are none.
[[nodiscard]] std::vector<Combination> combinations(const std::vector<Hyperparameter>& grid);

[[nodiscard]] std::vector<TestCase> test_cases(const std::vector<Algorithm>& algorithms);

// "automatic", or "automatic (level=all, requests=200)" with the parameters that tell the cases of
// this algorithm apart.
[[nodiscard]] std::string title_of(const std::vector<Algorithm>& algorithms, const TestCase& test);

}  // namespace convoy::bench
