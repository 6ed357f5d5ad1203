// An algorithm under test as Ianvs writes it: `algorithm:` in YAML.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/spelled.h"
#include "foundation/error.h"

namespace convoy::bench {

// A hyperparameter and the values that the grid goes through.
struct Hyperparameter {
  std::string name;
  std::vector<std::string> values;
  std::string place;  // "algorithm.yaml:21"
};

struct Module {
  std::string type;  // "basemodel", "solver"
  std::string name;  // "Classification"
  Spelled url;       // not given: builtin
  std::string place; // of the name
  std::vector<Hyperparameter> hyperparameters;  // in the file's order
};

struct Algorithm {
  std::string name;  // as the job names it
  std::filesystem::path file;
  std::string paradigm;
  Spelled model;     // initial_model_url
  Spelled devices;   // convoy's: this algorithm's own devices.yaml
  std::vector<Module> modules;   // the base model
  std::optional<Module> solver;  // the user's own, which decides who runs what
  std::vector<std::string> notes;
};

// Reads the files of `other_hyperparameters` too: their values are hyperparameters of one value
// each, before the module's own, which win. Errors: unknown keys, another paradigm than
// multiedgeinference, no base model or several, several solvers, a hyperparameter without values.
[[nodiscard]] Result<Algorithm> read_algorithm(const std::string& name,
                                               const std::filesystem::path& file);

}  // namespace convoy::bench
