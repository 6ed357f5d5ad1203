#include "engine/input_files.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "foundation/suggest.h"
#include "onnx/tensor.h"

namespace convoy::engine {
namespace {

namespace fs = std::filesystem;

// The N of "PREFIX_N".
std::optional<std::size_t> number_of(std::string_view stem, std::string_view prefix) {
  if (!stem.starts_with(prefix)) return std::nullopt;
  stem.remove_prefix(prefix.size());
  std::size_t number = 0;
  const char* const end = stem.data() + stem.size();
  const auto [stop, problem] = std::from_chars(stem.data(), end, number);
  if (problem != std::errc() || stop != end) return std::nullopt;
  return number;
}

Result<std::vector<fs::path>> tensor_files(const fs::path& path) {
  std::error_code problem;
  if (fs::is_regular_file(path, problem)) return std::vector{path};
  std::vector<fs::path> files;
  fs::directory_iterator entry(path, problem);
  for (; !problem && entry != fs::directory_iterator(); entry.increment(problem)) {
    const fs::path& file = entry->path();
    const bool is_tensor = file.extension() == ".pb" || file.extension() == ".npy";
    if (is_tensor && !number_of(file.stem().string(), "output_")) files.push_back(file);
  }
  if (problem) return fail(ErrorKind::input, "{}: {}", path.string(), problem.message());
  if (files.empty()) {
    return fail(ErrorKind::input, "{} has no input_0.pb, input_0.npy or NAME.npy", path.string());
  }
  std::ranges::sort(files);
  return files;
}

// The port that a file is for, by what is known of it.
const Port* port_for(const fs::path& file, const std::string& name_inside,
                     const std::vector<Port>& ports, bool is_only_file) {
  const std::string stem = file.stem().string();
  for (const std::string& name : {name_inside, stem}) {
    const auto port = std::ranges::find(ports, name, &Port::name);
    if (!name.empty() && port != ports.end()) return &*port;
  }
  const std::optional<std::size_t> number = number_of(stem, "input_");
  if (number && *number < ports.size()) return &ports[*number];
  const auto required = std::ranges::count_if(ports, &Port::required);
  return is_only_file && required == 1 ? &*std::ranges::find_if(ports, &Port::required) : nullptr;
}

}  // namespace

Result<NamedTensors> read_inputs(const fs::path& path, const std::vector<Port>& ports) {
  const Result<std::vector<fs::path>> files = tensor_files(path);
  if (!files) return std::unexpected(files.error());
  std::error_code ignored;
  const bool is_file = !fs::is_directory(path, ignored);
  NamedTensors inputs;
  for (const fs::path& file : *files) {
    // Files do not say themselves what they hold.
    const Port* const likely = port_for(file, "", ports, is_file);
    Result<onnx::NamedTensor> tensor =
        onnx::read_tensor(file, likely == nullptr ? "" : likely->type.container);
    if (!tensor) return std::unexpected(tensor.error());
    const Port* const port = port_for(file, tensor->name, ports, is_file);
    if (port == nullptr) {
      std::vector<std::string> names;
      for (const Port& known : ports) names.push_back(known.name);
      return fail(ErrorKind::input, "{} is for no input of the model{}", file.string(),
                  suggest(file.stem().string(), names));
    }
    if (!inputs.emplace(port->name, share(std::move(tensor->tensor))).second) {
      return fail(ErrorKind::input, "{}: another file is already for the input \"{}\"",
                  file.string(), port->name);
    }
  }
  for (const Port& port : ports) {
    if (port.required && !inputs.contains(port.name)) {
      return fail(ErrorKind::input, "{} has no file for the input \"{}\"", path.string(),
                  port.name);
    }
  }
  return inputs;
}

}  // namespace convoy::engine
