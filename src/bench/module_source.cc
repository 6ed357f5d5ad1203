#include "bench/module_source.h"

#include <algorithm>
#include <array>

#include "bench/locate.h"
#include "foundation/suggest.h"

namespace convoy::bench {

Result<ModuleSource> find_module(const std::string& name, const std::string& place,
                                 const Spelled& url, const std::vector<std::string>& builtin,
                                 std::vector<std::string>& notes) {
  static constexpr std::array kCpp = {".cc", ".cpp", ".cxx"};
  const bool is_builtin = std::ranges::contains(builtin, name);
  if (!url.given()) {
    if (is_builtin) return ModuleSource{.name = name};
    return fail(ErrorKind::input,
                "{}: \"{}\" is not builtin{}; for your own give \"url\", a C++ file", place, name,
                suggest(name, builtin));
  }
  const std::string extension = std::filesystem::path(url.text).extension().string();
  if (extension == ".py") {
    if (!is_builtin) {
      return fail(ErrorKind::input,
                  "{}: \"{}\" is a Python file, which convoy cannot run, and \"{}\" is not builtin{}; "
                  "give a C++ file (docs/plugins.md)",
                  url.place, url.text, name, suggest(name, builtin));
    }
    notes.push_back(fmt::format("{}: \"{}\" is Python: convoy's own \"{}\" stands for it",
                                url.place, url.text, name));
    return ModuleSource{.name = name};
  }
  const bool is_cpp = std::ranges::contains(kCpp, extension);
  if (!is_cpp && extension != ".so") {
    return fail(ErrorKind::input,
                "{}: \"{}\" must be a C++ file (.cc, .cpp, .cxx) or a shared object (.so)",
                url.place, url.text);
  }
  const auto file = locate(url.text, url.file, url.place);
  if (!file) return std::unexpected(file.error());
  return ModuleSource{
      .kind = is_cpp ? ModuleSource::Kind::cpp_file : ModuleSource::Kind::shared_object,
      .name = name,
      .file = *file};
}

}  // namespace convoy::bench
