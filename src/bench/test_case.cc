#include "bench/test_case.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace convoy::bench {

std::optional<std::string> TestCase::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<Combination> combinations(const std::vector<Hyperparameter>& grid) {
  std::vector<Combination> done = {{}};
  for (const Hyperparameter& hyperparameter : grid) {
    std::vector<Combination> longer;
    for (const Combination& shorter : done) {
      for (const std::string& value : hyperparameter.values) {
        longer.push_back(shorter);
        longer.back().emplace_back(hyperparameter.name, value);
      }
    }
    done = std::move(longer);
  }
  return done;
}

std::vector<TestCase> test_cases(const std::vector<Algorithm>& algorithms) {
  std::vector<TestCase> cases;
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    for (Combination& parameters : combinations(algorithms[i].modules.front().hyperparameters)) {
      cases.push_back({.algorithm = i, .parameters = std::move(parameters)});
    }
  }
  return cases;
}

std::string title_of(const std::vector<Algorithm>& algorithms, const TestCase& test) {
  const Algorithm& algorithm = algorithms[test.algorithm];
  std::vector<std::string> telling;
  for (const Hyperparameter& hyperparameter : algorithm.modules.front().hyperparameters) {
    if (hyperparameter.values.size() > 1) {
      telling.push_back(
          fmt::format("{}={}", hyperparameter.name, *test.parameter(hyperparameter.name)));
    }
  }
  if (telling.empty()) return algorithm.name;
  return fmt::format("{} ({})", algorithm.name, fmt::join(telling, ", "));
}

}  // namespace convoy::bench
