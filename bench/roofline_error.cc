// How far the roofline estimate is from what ONNX Runtime takes here, with one thread:
//   roofline_error [--dim NAME=N]... MODEL.onnx...
// A --dim counts for the models that have a dimension of that name. Prints, as Markdown, this
// machine's calibrated figures and for each model: a run as the sum of its nodes, measured and
// estimated; the relative error of a node's estimate, where nodes weigh as much as they take
// (median, 90th percentile); the correlation of nodes' times; and what a cut into two equal halves
// of the model's order loses when the estimate chooses it, against the best one by the measured
// times.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <filesystem>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "engine/named_run.h"
#include "engine/optimized_cache.h"
#include "engine/sample.h"
#include "foundation/cache_folder.h"
#include "good.h"
#include "onnx/graph.h"
#include "onnx/model.h"
#include "profile/calibrate.h"
#include "profile/measure.h"
#include "profile/roofline.h"

namespace {

using namespace convoy;

// One node, in seconds.
struct Pair {
  double measured = 0;
  double estimated = 0;
};
using Pairs = std::vector<Pair>;  // in the model's order

double sum_of(const Pairs& pairs, double Pair::* what) {
  return std::accumulate(pairs.begin(), pairs.end(), 0.0,
                         [&](double sum, const Pair& pair) { return sum + pair.*what; });
}

// The relative error that a share of the measured time does not exceed.
double error_quantile(const Pairs& pairs, double share) {
  std::vector<std::pair<double, double>> errors;  // with their weights
  for (const Pair& pair : pairs) {
    if (pair.measured <= 0) continue;
    errors.emplace_back(std::abs(pair.estimated - pair.measured) / pair.measured, pair.measured);
  }
  std::ranges::sort(errors);
  double left = share * sum_of(pairs, &Pair::measured);
  for (const auto& [error, weight] : errors) {
    left -= weight;
    if (left <= 0) return error;
  }
  return errors.empty() ? 0 : errors.back().first;
}

double correlation(const Pairs& pairs) {
  const auto size = static_cast<double>(pairs.size());
  const double x = sum_of(pairs, &Pair::measured) / size;
  const double y = sum_of(pairs, &Pair::estimated) / size;
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (const Pair& pair : pairs) {
    xx += (pair.measured - x) * (pair.measured - x);
    yy += (pair.estimated - y) * (pair.estimated - y);
    xy += (pair.measured - x) * (pair.estimated - y);
  }
  return xy / std::sqrt(xx * yy);
}

// The longer half, by the measured times, of the cut that halves `what` best.
double longer_half(const Pairs& pairs, double Pair::* what) {
  const double all = sum_of(pairs, what);
  const double all_measured = sum_of(pairs, &Pair::measured);
  double before = 0;
  double measured = 0;
  double best = all;
  double longer = all_measured;
  for (const Pair& pair : pairs) {
    before += pair.*what;
    measured += pair.measured;
    if (const double half = std::max(before, all - before); half < best) {
      best = half;
      longer = std::max(measured, all_measured - measured);
    }
  }
  return longer;
}

Pairs pairs_of(const std::filesystem::path& file, const onnx::Graph& graph,
               const std::vector<engine::SharedTensor>& inputs, const fleet::Fleet& fleet) {
  const auto costs =
      good(profile::measure_nodes(file, inputs, {.threads = 1, .budget = Seconds(5)}));
  const auto named = engine::by_name(engine::inputs_of(graph), inputs);
  const auto estimate = good(profile::estimate_fleet(file, named, fleet)).devices.front();
  Pairs pairs;
  for (const onnx::Node& node : graph.nodes) {
    const auto time = costs.nodes.find(node.name);
    if (time == costs.nodes.end()) continue;  // a constant
    pairs.push_back({time->second.count(), estimate.nodes.at(node.name).count()});
  }
  return pairs;
}

void print_row(const std::filesystem::path& model, const std::map<std::string, std::int64_t>& dims,
               const fleet::Fleet& fleet) {
  const auto file =
      good(engine::optimized_model(model, onnx::OptimizationLevel::extended, cache_folder()));
  const onnx::Graph graph = good(onnx::index_graph(good(onnx::read_model(file))));
  const std::vector<engine::Port> ports = engine::inputs_of(graph);
  std::map<std::string, std::int64_t> known;
  for (const engine::Port& port : ports) {
    for (const onnx::Dimension& dim : port.type.dims.value_or(std::vector<onnx::Dimension>())) {
      if (const auto size = dims.find(dim.symbol); size != dims.end()) known.insert(*size);
    }
  }
  const Pairs pairs =
      pairs_of(file, graph, good(engine::sample_inputs(ports, known, engine::kSampleSeed)), fleet);
  const double measured = sum_of(pairs, &Pair::measured);
  const double estimated = sum_of(pairs, &Pair::estimated);
  const double loss =
      longer_half(pairs, &Pair::estimated) / longer_half(pairs, &Pair::measured) - 1;
  fmt::print("| {} | {} | {} | {} | {:.2f} | {:.0f} % | {:.0f} % | {:.3f} | {:.1f} % |\n",
             model.stem().string(), pairs.size(), to_text(Seconds(measured)),
             to_text(Seconds(estimated)), estimated / measured, 100 * error_quantile(pairs, 0.5),
             100 * error_quantile(pairs, 0.9), correlation(pairs), 100 * loss);
}

void run(const std::vector<std::string>& arguments) {
  std::map<std::string, std::int64_t> dims;
  std::vector<std::filesystem::path> models;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] != "--dim") {
      models.emplace_back(arguments[i]);
    } else if (const std::string dim = i + 1 < arguments.size() ? arguments[++i] : "";
               dim.contains('=')) {
      dims[dim.substr(0, dim.find('='))] = std::stoll(dim.substr(dim.find('=') + 1));
    }
  }
  if (models.empty()) {
    throw std::invalid_argument("usage: roofline_error [--dim NAME=N]... MODEL.onnx...");
  }
  const profile::Roofs roofs = good(profile::calibrate(/*threads=*/1));
  fleet::Fleet fleet;
  fleet.devices.push_back(
      {.name = "here", .flops = roofs.flops, .memory_bandwidth = roofs.memory_bandwidth});
  fmt::print("Calibrated with one thread: {:.3g} GFLOP/s, {:.3g} GB/s (measured).\n\n",
             roofs.flops.value() / 1e9, roofs.memory_bandwidth.value() / 1e9);
  fmt::print(
      "| model | nodes | measured | estimated | ratio | median error | 90th percentile | "
      "correlation | loss of the halves |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
  for (const auto& model : models) print_row(model, dims, fleet);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run({argv + 1, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "roofline_error: {}\n", error.what());
    return 1;
  }
}
