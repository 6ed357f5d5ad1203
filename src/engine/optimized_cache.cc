#include "engine/optimized_cache.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "engine/optimize.h"
#include "engine/session.h"
#include "foundation/file.h"
#include "foundation/sha256.h"
#include "onnx/model.h"

namespace convoy::engine {
namespace {

// Files of weights are large, so their contents are not read for this.
Result<std::string> key_of(const std::filesystem::path& file, onnx::OptimizationLevel level) {
  const Result<std::string> sha256 = sha256_of(file);
  if (!sha256) return sha256;
  const Result<onnx::Model> model = onnx::read_model(file);
  if (!model) return std::unexpected(model.error());
  std::string data;
  for (const std::filesystem::path& weights : model->data_files()) {
    std::error_code ignored;
    data += fmt::format("{} {} {}\n", weights.string(), std::filesystem::file_size(weights, ignored),
                        std::filesystem::last_write_time(weights, ignored).time_since_epoch().count());
  }
  if (!data.empty()) data = "-" + sha256_of_text(data);
  return fmt::format("{}{}-{}-{}", *sha256, data, onnx::name_of(level), runtime_version());
}

}  // namespace

Result<std::filesystem::path> optimized_model(const std::filesystem::path& model,
                                              onnx::OptimizationLevel level,
                                              const std::filesystem::path& cache) {
  const Result<std::string> key = key_of(model, level);
  if (!key) return std::unexpected(key.error());
  const std::filesystem::path folder = cache / *key;
  std::filesystem::path file = folder / "model.onnx";
  std::error_code problem;
  if (std::filesystem::exists(file, problem)) return file;

  // The folder appears whole, with the weights that may stand beside the model.
  std::filesystem::create_directories(cache, problem);
  Aside aside(folder);
  std::filesystem::create_directory(aside.path(), problem);
  if (problem) {
    return fail(ErrorKind::failure, "cannot write to {}: {}", cache.string(), problem.message());
  }
  if (auto made = optimize(model, level, aside.path() / "model.onnx"); !made) {
    return std::unexpected(made.error());
  }
  const Result<void> committed = aside.commit();
  // Refused when another process was faster.
  if (!committed && !std::filesystem::exists(file, problem)) {
    return std::unexpected(committed.error());
  }
  return file;
}

}  // namespace convoy::engine
