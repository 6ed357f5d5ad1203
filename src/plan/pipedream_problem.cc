#include "plan/pipedream_problem.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <ranges>
#include <string_view>
#include <unordered_map>

#include "foundation/file.h"
#include "plan/published_graph.h"

namespace convoy::plan {
namespace {

constexpr std::string_view kBetween = " -- ";

// A number, or the sum of a list of numbers: "[1.0; 2.0]".
std::optional<double> sum_of(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  double sum = 0;
  for (const auto part : std::views::split(text, std::string_view("; "))) {
    const std::string_view digits(part);
    double number = 0;
    const auto [stop, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (problem != std::errc() || stop != digits.data() + digits.size() || number < 0 ||
        !std::isfinite(number)) {
      return std::nullopt;
    }
    sum += number;
  }
  return sum;
}

// What follows "key=" in a node's line, up to the next key.
std::optional<double> figure(std::string_view line, std::string_view key) {
  const std::size_t at = line.rfind(fmt::format("{}=", key));
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = line.substr(at + key.size() + 1);
  return sum_of(rest.substr(0, rest.find(", ")));
}

class Reader {
 public:
  explicit Reader(std::size_t devices) : devices_(devices) {}

  Result<CostGraph> read(const std::string& text, const std::string& file) {
    std::size_t number = 0;
    for (const auto part : std::views::split(text, '\n')) {
      ++number;
      const std::string_view line(part);
      if (line.empty()) continue;
      const Result<void> read = line.starts_with('\t') ? edge(line.substr(1)) : node(line);
      if (!read) return within(fmt::format("{}:{}", file, number), read.error());
    }
    if (nodes_.empty()) return fail(ErrorKind::input, "{}: has no nodes", file);
    Result<CostGraph> graph = graph_of(nodes_, edges_);
    if (!graph) return within(file, graph.error());
    return graph;
  }

 private:
  Result<void> node(std::string_view line) {
    const std::string name(line.substr(0, line.find(kBetween)));
    const auto time_ms = figure(line, "forward_compute_time");
    const auto made = figure(line, "activation_size");
    if (!time_ms || !made) {
      return fail(ErrorKind::input,
                  "a node needs numbers \"forward_compute_time=...\" and \"activation_size=...\"");
    }
    if (!position_.emplace(name, nodes_.size()).second) {
      return fail(ErrorKind::input, "node \"{}\" is listed twice", name);
    }
    nodes_.push_back({.name = name,
                      .made = Bytes(std::llround(*made)),
                      .compute = std::vector<Seconds>(devices_, Seconds(*time_ms / 1000))});
    return {};
  }
  Result<void> edge(std::string_view line) {
    const std::size_t between = line.find(kBetween);
    if (between == std::string_view::npos) {
      return fail(ErrorKind::input, "an edge is two names with \"{}\" between them", kBetween);
    }
    const auto from = position_.find(std::string(line.substr(0, between)));
    const auto to = position_.find(std::string(line.substr(between + kBetween.size())));
    if (from == position_.end() || to == position_.end()) {
      return fail(ErrorKind::input, "an edge names a node that is not listed above it");
    }
    edges_.emplace_back(from->second, to->second);
    return {};
  }

  std::size_t devices_;
  std::vector<PublishedNode> nodes_;
  std::vector<std::pair<std::size_t, std::size_t>> edges_;
  std::unordered_map<std::string, std::size_t> position_;
};

}  // namespace

Result<Problem> read_pipedream(const std::filesystem::path& file, std::size_t devices,
                               BytesPerSecond bandwidth) {
  const Result<std::string> text = read_file(file);
  if (!text) return std::unexpected(text.error());
  Result<CostGraph> graph = Reader(devices).read(*text, file.string());
  if (!graph) return std::unexpected(graph.error());
  Problem problem{.graph = *std::move(graph)};
  for (std::size_t i = 0; i < devices; ++i) {
    problem.fleet.devices.push_back({.name = fmt::format("device {}", i + 1), .transfer_load = 1});
  }
  problem.fleet.links = ById<DeviceId, ById<DeviceId, fleet::Link>>(
      devices, ById<DeviceId, fleet::Link>(devices, fleet::Link{.bandwidth = bandwidth}));
  return problem;
}

}  // namespace convoy::plan
