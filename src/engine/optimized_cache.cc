#include "engine/optimized_cache.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "engine/optimize.h"
#include "engine/session.h"
#include "foundation/file.h"
#include "foundation/sha256.h"

namespace convoy::engine {

Result<std::filesystem::path> optimized_model(const std::filesystem::path& model,
                                              onnx::OptimizationLevel level,
                                              const std::filesystem::path& cache) {
  const Result<std::string> sha256 = sha256_of(model);
  if (!sha256) return std::unexpected(sha256.error());
  const std::filesystem::path folder =
      cache / fmt::format("{}-{}-{}", *sha256, onnx::name_of(level), runtime_version());
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
