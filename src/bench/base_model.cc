#include "bench/base_model.h"

#include "bench/classification.h"
#include "bench/compiler.h"
#include "bench/plugin.h"
#include "foundation/cache_folder.h"

namespace convoy::bench {
namespace {

Result<std::filesystem::path> object_of(const ModuleSource& source) {
  if (source.kind == ModuleSource::Kind::shared_object) return source.file;
  return compile_plugin(source.file, cache_folder() / "plugins");
}

}  // namespace

const std::vector<std::string>& builtin_base_models() {
  static const std::vector<std::string> names = {"Classification"};
  return names;
}

Result<std::shared_ptr<BaseModel>> make_base_model(const ModuleSource& source,
                                                   const Parameters& parameters) {
  if (source.kind == ModuleSource::Kind::builtin) {
    std::shared_ptr<BaseModel> made;
    return call_plugin(source.name, [&] {
             made = std::make_shared<Classification>(parameters);
           }).transform([&] { return made; });
  }
  return object_of(source).and_then(
      [&](const std::filesystem::path& object) { return load_base_model(object, parameters); });
}

Result<std::shared_ptr<Metric>> make_metric(const ModuleSource& source) {
  return object_of(source).and_then(
      [](const std::filesystem::path& object) { return load_metric(object, {}); });
}

Result<std::shared_ptr<Solver>> make_solver(const ModuleSource& source) {
  return object_of(source).and_then(
      [](const std::filesystem::path& object) { return load_solver(object, {}); });
}

}  // namespace convoy::bench
