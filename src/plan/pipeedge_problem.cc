#include "plan/pipeedge_problem.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "foundation/suggest.h"
#include "foundation/yaml.h"

namespace convoy::plan {
namespace {

constexpr double kBatch = 8;
constexpr double kElementBytes = 4;     // float32
constexpr double kMega = 1024 * 1024;   // of their MB and Mbit

Result<double> as_number(const Yaml& value, std::string_view what) {
  const Result<std::string> text = as_text(value, what);
  if (!text) return std::unexpected(text.error());
  double number = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, problem] = std::from_chars(text->data(), end, number);
  if (problem != std::errc() || stop != end || !std::isfinite(number) || number < 0) {
    return fail_at(value, "\"{}\" must be a number, not \"{}\"", what, *text);
  }
  return number;
}

Result<double> number_of(const Yaml& map, std::string_view key, std::string_view what) {
  return required(map, key, what).and_then([&](const Yaml* value) {
    return as_number(*value, key);
  });
}

// One number for each of `layers`.
Result<std::vector<double>> numbers_of(const Yaml& map, std::string_view key,
                                       std::string_view what, std::size_t layers) {
  const auto list = required(map, key, what).and_then([&](const Yaml* value) {
    return as_list(*value, key);
  });
  if (!list) return std::unexpected(list.error());
  if ((*list)->size() != layers) {
    return fail_at(*map.find(key), "\"{}\" has {} numbers for {} layers", key, (*list)->size(),
                   layers);
  }
  std::vector<double> numbers;
  for (const Yaml& item : **list) {
    const Result<double> number = as_number(item, key);
    if (!number) return std::unexpected(number.error());
    numbers.push_back(*number);
  }
  return numbers;
}

Result<const Yaml*> named(const Yaml& file, const std::string& name, std::string_view what) {
  if (const Yaml* found = file.find(name)) return found;
  std::vector<std::string> known;
  for (const auto& [key, value] : file.entries) known.push_back(key);
  return fail_at(file, "has no {} \"{}\"{}", what, name, suggest(name, known));
}

Bytes batch_of(double elements) {
  return Bytes(std::llround(elements * kElementBytes * kBatch));
}

// The layers as a chain of nodes, each with weights of its own.
Result<CostGraph> read_chain(const Yaml& model, const std::string& name) {
  const auto layers = number_of(model, "layers", name);
  if (!layers) return std::unexpected(layers.error());
  const auto count = static_cast<std::size_t>(*layers);
  const auto memory = numbers_of(model, "mem_MB", name, count);
  if (!memory) return std::unexpected(memory.error());
  const auto made = numbers_of(model, "parameters_out", name, count);
  if (!made) return std::unexpected(made.error());
  const auto input = number_of(model, "parameters_in", name);
  if (!input) return std::unexpected(input.error());

  CostGraph graph;
  graph.values.push_back({.name = "input",
                          .bytes = batch_of(*input),
                          .producer = std::nullopt,
                          .consumers = {}});
  for (std::size_t layer = 0; layer < count; ++layer) {
    const ValueId read(layer);
    const NodeId node(layer);
    const WeightId weights =
        graph.weights.push_back(Bytes(std::llround((*memory)[layer] * kMega)));
    graph.values[read].consumers.push_back(node);
    const ValueId value = graph.values.push_back({.name = fmt::format("out {}", layer + 1),
                                                  .bytes = batch_of((*made)[layer]),
                                                  .producer = node,
                                                  .consumers = {},
                                                  .is_output = layer + 1 == count});
    graph.nodes.push_back({.name = fmt::format("layer {}", layer + 1),
                           .reads = {read},
                           .writes = {value},
                           .weights = {weights}});
  }
  return graph;
}

// The profile of `model` for the batch of 8.
Result<std::vector<double>> read_times(const Yaml& type, const std::string& model,
                                       std::size_t layers) {
  const auto profiles = required(type, "model_profiles", "a device type")
                            .and_then([&](const Yaml* all) { return required(*all, model, "it"); })
                            .and_then([&](const Yaml* of) { return as_list(*of, model); });
  if (!profiles) return std::unexpected(profiles.error());
  for (const Yaml& profile : **profiles) {
    const auto batch = number_of(profile, "batch_size", "a profile");
    if (!batch) return std::unexpected(batch.error());
    if (*batch == kBatch) return numbers_of(profile, "time_s", "a profile", layers);
  }
  return fail_at(type, "has no profile of \"{}\" for a batch of {}", model, kBatch);
}

Result<void> add_boards(Problem& problem, std::vector<double>& rates, const Yaml& types,
                        const std::string& model, const BoardCount& boards) {
  const auto type = named(types, boards.type, "device type");
  if (!type) return std::unexpected(type.error());
  const auto rate = number_of(**type, "bw_Mbps", boards.type);
  if (!rate) return std::unexpected(rate.error());
  const auto memory = number_of(**type, "mem_MB", boards.type);
  if (!memory) return std::unexpected(memory.error());
  const auto times = read_times(**type, model, problem.graph.nodes.size());
  if (!times) return std::unexpected(times.error());
  ById<NodeId, Seconds> compute;
  for (const double time : *times) compute.push_back(Seconds(time));
  for (std::size_t i = 0; i < boards.count; ++i) {
    fleet::Device device;
    device.name = fmt::format("{} {}", boards.type, i + 1);
    device.type = boards.type;
    device.memory = Bytes(std::llround(*memory * kMega) - 1);  // strictly below
    problem.fleet.devices.push_back(std::move(device));
    problem.graph.compute.push_back(compute);
    problem.graph.stage_overhead.push_back(Seconds(0));
    problem.graph.runtime_memory.push_back(Bytes(0));
    rates.push_back(*rate * kMega / 8);
  }
  return {};
}

}  // namespace

Result<Problem> read_pipeedge(const std::filesystem::path& models,
                              const std::filesystem::path& device_types, const std::string& model,
                              const std::vector<BoardCount>& boards) {
  const Result<Yaml> model_file = read_yaml(models);
  if (!model_file) return std::unexpected(model_file.error());
  const Result<Yaml> type_file = read_yaml(device_types);
  if (!type_file) return std::unexpected(type_file.error());
  Problem problem;
  Result<CostGraph> chain = named(*model_file, model, "model").and_then([&](const Yaml* found) {
    return read_chain(*found, model);
  });
  if (!chain) return std::unexpected(chain.error());
  problem.graph = std::move(*chain);
  std::vector<double> rates;
  for (const BoardCount& count : boards) {
    if (const auto added = add_boards(problem, rates, *type_file, model, count); !added) {
      return std::unexpected(added.error());
    }
  }
  auto& links = problem.fleet.links;
  for (const double from : rates) {
    ById<DeviceId, fleet::Link> row;
    for (const double to : rates) row.push_back({.bandwidth = BytesPerSecond(std::min(from, to))});
    links.push_back(std::move(row));
  }
  return problem;
}

}  // namespace convoy::plan
