#include "engine/verify.h"

#include <algorithm>
#include <ranges>
#include <set>
#include <utility>

#include "engine/named_run.h"
#include "engine/session.h"
#include "foundation/sha256.h"

namespace convoy::engine {
namespace {

// Drops values that no piece after `done` reads and that are no output of the whole.
void drop_read(NamedTensors& values, const onnx::SplitMap& map, std::size_t done) {
  std::set<std::string> needed(map.outputs.begin(), map.outputs.end());
  for (const onnx::SubModel& piece : map.sub_models | std::views::drop(done + 1)) {
    needed.insert(piece.inputs.begin(), piece.inputs.end());
  }
  std::erase_if(values, [&](const auto& value) { return !needed.contains(value.first); });
}

Result<NamedTensors> run_pieces(const std::filesystem::path& directory, const onnx::SplitMap& map,
                                const NamedTensors& inputs, int threads) {
  const auto level = map.mode == onnx::CutMode::exact ? onnx::OptimizationLevel::none
                                                      : onnx::OptimizationLevel::all;
  NamedTensors values = inputs;
  for (std::size_t i = 0; i < map.sub_models.size(); ++i) {
    const std::filesystem::path file = directory / map.sub_models[i].file;
    Result<NamedTensors> made = run_file(file, {.threads = threads, .level = level}, values);
    if (!made) return std::unexpected(made.error());
    drop_read(values, map, i);
    values.merge(*made);
  }
  return values;
}

}  // namespace

Result<Verification> verify(const std::filesystem::path& model,
                            const std::filesystem::path& directory, const NamedTensors& inputs,
                            int threads) {
  const Result<onnx::SplitMap> map = onnx::read_split_map(directory);
  if (!map) return std::unexpected(map.error());
  if (auto unchanged = check_split(directory, *map); !unchanged) {
    return std::unexpected(unchanged.error());
  }
  const Result<std::string> sha256 = sha256_of(model);
  if (!sha256) return std::unexpected(sha256.error());
  if (*sha256 != map->model_sha256) {
    return fail(ErrorKind::input,
                "{} is not the model that {} was made of (its sha256 is {}, not {}); split it again",
                model.string(), directory.string(), *sha256, map->model_sha256);
  }
  const Result<NamedTensors> whole =
      run_file(model, {.threads = threads, .level = map->level}, inputs);
  if (!whole) return std::unexpected(whole.error());
  const Result<NamedTensors> pieces = run_pieces(directory, *map, inputs, threads);
  if (!pieces) return std::unexpected(pieces.error());

  Verification verification;
  for (const std::string& name : map->outputs) {
    const auto a = whole->find(name);
    const auto b = pieces->find(name);
    if (a == whole->end() || b == pieces->end()) {
      return fail(ErrorKind::input, "{} does not give the output \"{}\" of map.json",
                  a == whole->end() ? model.string() : directory.string(), name);
    }
    const Difference difference = compare(a->second, b->second);
    verification.largest = larger(verification.largest, difference);
    verification.outputs.push_back({name, difference});
  }
  return verification;
}

}  // namespace convoy::engine
