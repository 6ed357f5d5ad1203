#include "bench/plugin.h"

#include <dlfcn.h>

namespace convoy::bench {
namespace {

template <class T>
Result<std::shared_ptr<T>> load(const std::filesystem::path& object, const Parameters& parameters,
                                const char* symbol, const char* macro) {
  const std::filesystem::path path = std::filesystem::absolute(object);
  std::shared_ptr<void> library(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL), [](void* handle) {
    if (handle != nullptr) dlclose(handle);
  });
  if (library == nullptr) {
    return fail(ErrorKind::input, "the plug-in {} cannot be loaded: {}", object.string(),
                dlerror());
  }
  const auto version = reinterpret_cast<int (*)()>(dlsym(library.get(), "convoy_plugin_version"));
  if (version == nullptr) {
    return fail(ErrorKind::input, "{} is no plug-in: it lacks {}(...)", object.string(), macro);
  }
  if (version() != kPluginVersion) {
    return fail(ErrorKind::input,
                "the plug-in {} was made for version {} of convoy/plugin.h, this is {}; compile it "
                "anew",
                object.string(), version(), kPluginVersion);
  }
  const auto make = reinterpret_cast<T* (*)(const Parameters&)>(dlsym(library.get(), symbol));
  if (make == nullptr) {
    return fail(ErrorKind::input, "the plug-in {} does not export what is wanted here by {}(...)",
                object.string(), macro);
  }
  std::shared_ptr<T> made;
  return call_plugin(object.filename().string(), [&] {
           made = std::shared_ptr<T>(make(parameters), [library](T* plugin) { delete plugin; });
         }).transform([&] { return made; });
}

}  // namespace

Result<void> call_plugin(const std::string& what, const std::function<void()>& call) {
  try {
    call();
    return {};
  } catch (const HostError& error) {
    return std::unexpected(error.error());
  } catch (const std::exception& error) {
    return fail(ErrorKind::failure, "{}: {}", what, error.what());
  } catch (...) {
    return fail(ErrorKind::failure, "{}: threw something that is no std::exception", what);
  }
}

Result<std::shared_ptr<BaseModel>> load_base_model(const std::filesystem::path& object,
                                                   const Parameters& parameters) {
  return load<BaseModel>(object, parameters, "convoy_make_base_model", "CONVOY_BASE_MODEL");
}

Result<std::shared_ptr<Metric>> load_metric(const std::filesystem::path& object,
                                            const Parameters& parameters) {
  return load<Metric>(object, parameters, "convoy_make_metric", "CONVOY_METRIC");
}

Result<std::shared_ptr<Solver>> load_solver(const std::filesystem::path& object,
                                            const Parameters& parameters) {
  return load<Solver>(object, parameters, "convoy_make_solver", "CONVOY_SOLVER");
}

}  // namespace convoy::bench
