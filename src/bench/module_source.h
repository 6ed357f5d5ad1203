// Where the code of a base model or a metric comes from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/spelled.h"
#include "foundation/error.h"

namespace convoy::bench {

struct ModuleSource {
  enum class Kind { builtin, cpp_file, shared_object };
  Kind kind = Kind::builtin;
  std::string name;
  std::filesystem::path file;  // unless builtin
};

// What `url` names: a C++ file or a shared object; not given, or Ianvs' own Python file of a name
// that convoy has builtin (a note says so): the builtin. Errors, with place: no builtin of that
// name, a Python file without builtin, no such file, another kind of file.
[[nodiscard]] Result<ModuleSource> find_module(const std::string& name, const std::string& place,
                                               const Spelled& url,
                                               const std::vector<std::string>& builtin,
                                               std::vector<std::string>& notes);

}  // namespace convoy::bench
