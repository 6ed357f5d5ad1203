#include "runtime/ready_plan.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "foundation/file.h"
#include "foundation/json.h"

namespace convoy::runtime {
namespace {

constexpr double kMostPeriod_s = 1e9;

Result<StandbyIndex> parse_index(const nlohmann::json& json) {
  StandbyIndex index{.period = Seconds(json_member_number(json, "period_s", kMostPeriod_s))};
  for (const nlohmann::json& plan : json_list(json, "plans")) {
    StandbyIndex::Entry& entry = index.plans.emplace_back();
    entry.folder = json_text(plan, "folder");
    entry.period = Seconds(json_member_number(plan, "period_s", kMostPeriod_s));
    if (plan.contains("lost")) entry.lost = json_text(plan, "lost");
    if (plan.contains("alone")) entry.alone = json_text(plan, "alone");
    if (entry.folder != std::filesystem::path(entry.folder).filename() ||
        entry.folder.starts_with('.')) {
      return fail(ErrorKind::input, "\"{}\" is no name for a folder beside it", entry.folder);
    }
  }
  return index;
}

}  // namespace

std::string to_json(const StandbyIndex& index) {
  nlohmann::ordered_json plans = nlohmann::ordered_json::array();
  for (const StandbyIndex::Entry& entry : index.plans) {
    nlohmann::ordered_json& plan =
        plans.emplace_back(nlohmann::ordered_json{{"folder", entry.folder}});
    plan["period_s"] = entry.period.count();
    if (!entry.lost.empty()) plan["lost"] = entry.lost;
    if (!entry.alone.empty()) plan["alone"] = entry.alone;
  }
  nlohmann::ordered_json json = {{"period_s", index.period.count()}};
  json["plans"] = std::move(plans);
  return json.dump(2) + "\n";
}

Result<std::vector<ReadyPlan>> read_ready_plans(const std::filesystem::path& directory,
                                                const onnx::SplitMap& map) {
  std::vector<ReadyPlan> plans = {{directory, map}};
  const std::filesystem::path standby = directory / "standby";
  const std::filesystem::path file = standby / "standby.json";
  if (!std::filesystem::exists(file)) return plans;
  const auto index = read_file(file).and_then([&](const std::string& text) {
    return read_json(text, file.string(), parse_index);
  });
  if (!index) return std::unexpected(index.error());
  plans.front().period = index->period;
  for (const StandbyIndex::Entry& entry : index->plans) {
    ReadyPlan plan{.directory = standby / entry.folder,
                   .period = entry.period,
                   .in_advance = entry.alone.empty()};
    auto read = onnx::read_split_map(plan.directory);
    if (!read) return std::unexpected(std::move(read.error()));
    plan.map = *std::move(read);
    if (!entry.alone.empty()) {
      for (onnx::SubModel& part : plan.map.sub_models) onnx::assign(part, {entry.alone});
    }
    plans.push_back(std::move(plan));
  }
  std::ranges::sort(plans.begin() + 1, plans.end(), {}, [](const ReadyPlan& plan) {
    return std::tuple(!plan.in_advance, plan.period);
  });
  return plans;
}

}  // namespace convoy::runtime
