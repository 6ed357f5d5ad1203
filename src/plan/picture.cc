#include "plan/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "foundation/markup.h"
#include "plan/timetable.h"

namespace convoy::plan {
namespace {

constexpr double kWidth = 900;
constexpr double kMargin = 16;
constexpr double kLabels = 170;  // to the left of the bars
constexpr double kShares = 76;   // to the right
constexpr double kRow = 28;
constexpr double kBar = 20;      // its height
constexpr double kLine = 18;     // of text
constexpr double kLetter = 6.3;  // its width
constexpr std::size_t kLongestLabel = 25;
constexpr std::size_t kMostTransferLanes = 64;
constexpr double kBars = kWidth - 2 * kMargin - kLabels - kShares;

constexpr const char* kStyle = R"(<style>
.plan{font:11px system-ui,sans-serif}
.plan text{fill:var(--ink)}.plan .faint{fill:var(--faint)}
.plan .title{font-size:14px;font-weight:600}.plan .limit{fill:var(--alarm);font-weight:600}
.plan .row{stroke:var(--edge);stroke-width:.5;opacity:.5}
.plan .bar{stroke:var(--edge);stroke-width:1}.plan .sends{stroke-dasharray:3 2}
.plan .loaded{stroke:var(--alarm);stroke-width:2}
.plan .end{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:5 3}
</style>)";

bool is_full(const Lane& lane, Seconds period) { return lane.busy >= period * (1 - 1e-6); }

// Without the links that are least busy, where there are very many.
std::size_t leave_out_idle_links(std::vector<Lane>& lanes) {
  std::vector<Seconds> busy;
  for (const Lane& lane : lanes) {
    if (lane.transfers) busy.push_back(lane.busy);
  }
  if (busy.size() <= kMostTransferLanes) return 0;
  std::ranges::sort(busy, std::greater());
  const Seconds least = busy[kMostTransferLanes - 1];
  return std::erase_if(lanes,
                       [&](const Lane& lane) { return lane.transfers && lane.busy < least; });
}

class Drawing {
 public:
  Drawing(const CostGraph& graph, const fleet::Fleet& fleet, const Plan& plan)
      : graph_(graph), fleet_(fleet), plan_(plan) {}

  std::string draw() {
    const Seconds period = plan_.figures.period;
    Timetable full = one_period(graph_, fleet_, plan_);
    Timetable alone = one_life(graph_, fleet_, plan_);
    std::string title = fmt::format("A full pipeline: one period of {}", to_text(period));
    if (period > Seconds(0)) title += fmt::format(" ({:.3g} results a second)", 1 / period.count());
    heading(title);
    rows(full, Limits::shown);
    heading(fmt::format("One request alone: {}", to_text(plan_.figures.latency)));
    rows(alone, Limits::none);
    legend();
    return fmt::format(
               "<svg class=\"plan\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} "
               "{1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
               "style=\"max-width:100%;height:auto\" "
               "role=\"img\">{2}{3}<title>Who is busy with what, when; figures are "
               "estimated</title>\n"
               "<rect width=\"100%\" height=\"100%\" fill=\"var(--paper)\"/>\n",
               kWidth, y_ + kMargin, drawing_colours("plan"), kStyle) +
           svg_ + "</svg>\n";
  }

 private:
  enum class Limits { shown, none };

  void text(double x, double y, std::string_view style, const std::string& of) {
    svg_ += fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", style, x, y,
                        escaped(of));
  }
  void heading(const std::string& title) {
    y_ += kLine * 1.4;
    text(kMargin, y_, "title", title);
    y_ += kLine * 0.6;
  }

  void rows(Timetable& table, Limits limits) {
    const std::size_t left_out = leave_out_idle_links(table.lanes);
    const double top = y_;
    for (const Lane& lane : table.lanes) row(lane, table.length, limits);
    if (left_out > 0) {
      y_ += kLine;
      text(kMargin, y_ - 4, "faint", fmt::format("and {} links that are busy for less", left_out));
    }
    // The axis, and where the period ends.
    for (int quarter = 0; quarter <= 4; ++quarter) {
      const double x = kMargin + kLabels + kBars * quarter / 4;
      const bool is_end = quarter == 4;
      svg_ += fmt::format(
          "<line class=\"{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>",
          is_end || quarter == 0 ? "end" : "row", x, x, top, y_ + 4);
      svg_ += fmt::format(
          "<text class=\"faint\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", x,
          y_ + 16, quarter == 0 ? "0" : to_text(table.length * quarter / 4));
    }
    y_ += kLine + 4;
  }

  void row(const Lane& lane, Seconds length, Limits limits) {
    const bool limiting = limits == Limits::shown && is_full(lane, plan_.figures.period);
    text(kMargin, y_ + kRow / 2 + 4,
         limiting         ? "limit"
         : lane.transfers ? "faint"
                          : "name",
         shortened(lane.name, kLongestLabel));
    for (const Bar& bar : lane.bars) {
      if (length > Seconds(0)) add(bar, lane, length, limiting);
    }
    const double right = kMargin + kLabels + kBars;
    svg_ += fmt::format(
        "<line class=\"row\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
        kMargin + kLabels, right, y_ + kRow, y_ + kRow);
    if (limits == Limits::shown && length > Seconds(0)) {
      const double idle = std::max(0.0, 100 * (1 - lane.busy / length));
      text(right + 10, y_ + kRow / 2 + 4, limiting ? "limit" : "faint",
           limiting ? "the limit" : fmt::format("{:.0f} % idle", idle));
    }
    y_ += kRow;
  }

  void add(const Bar& bar, const Lane& lane, Seconds length, bool limiting) {
    const double x = kMargin + kLabels + kBars * (bar.start / length);
    const double width = std::max(0.5, kBars * ((bar.end - bar.start) / length));
    const std::string stage = bar.stage ? fmt::format("{}", bar.stage->index() + 1) : "";
    std::string told = lane.name + " " + bar.what;
    if (bar.stage) {
      told = lane.transfers ? fmt::format("results of stage {} {}", stage, bar.what)
                            : fmt::format("{} computes stage {}", lane.name, stage);
    }
    told += fmt::format(", {}", to_text(bar.end - bar.start));
    if (bar.age > 0)
      told += fmt::format(", of {} request{} before", bar.age, bar.age > 1 ? "s" : "");
    svg_ += fmt::format(
        "<g><title>{}</title><rect class=\"bar{}{}\" x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" "
        "height=\"{:.0f}\" rx=\"2\" fill=\"{}\"/>",
        escaped(told), lane.transfers ? " sends" : "", limiting ? " loaded" : "", x,
        y_ + (kRow - kBar) / 2, width, kBar,
        bar.stage ? drawing_colour(bar.stage->index()) : "var(--edge)");
    const std::string name = lane.transfers ? stage : "stage " + stage;
    const std::string age = bar.age > 0 ? fmt::format(", request −{}", bar.age) : "";
    for (const std::string& label : std::array{name + age, name, stage}) {
      if (!bar.stage || kLetter * static_cast<double>(letters(label)) + 6 > width) continue;
      svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                          x + width / 2, y_ + kRow / 2 + 4, label);
      break;
    }
    svg_ += "</g>\n";
  }

  void legend() {
    y_ += kLine * 0.6;
    for (std::size_t stage = 0; stage < plan_.placement.size(); ++stage) {
      const std::vector<NodeId>& nodes = plan_.placement[stage].nodes;
      std::string who;
      for (const Runner& runner : runners_of(plan_.placement[stage])) {
        who += (who.empty() ? "" : " and ") + fleet_.devices[runner.device].name;
      }
      svg_ += fmt::format(
          "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"12\" height=\"12\" rx=\"2\" "
          "fill=\"{}\"/>",
          kMargin, y_, drawing_colour(stage));
      const auto name = [&](NodeId node) { return shortened(graph_.nodes[node].name, 40); };
      const std::string which = nodes.size() == 1
                                    ? name(nodes.front())
                                    : fmt::format("{} nodes from {} to {}", nodes.size(),
                                                  name(nodes.front()), name(nodes.back()));
      text(kMargin + 20, y_ + 10, "name",
           fmt::format("stage {}: {}, {}", stage + 1, shortened(who, 40), which));
      y_ += kLine;
    }
    text(kMargin, y_ + 10, "faint",
         "Estimated by the planner. Dashed: transfers. \"request −1\": of the request before the "
         "newest.");
    y_ += kLine;
  }

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const Plan& plan_;
  std::string svg_;
  double y_ = 0;
};

}  // namespace

std::string picture_of(const CostGraph& graph, const fleet::Fleet& fleet, const Plan& plan) {
  return Drawing(graph, fleet, plan).draw();
}

std::string picture_page(const CostGraph& graph, const fleet::Fleet& fleet, const Plan& plan) {
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>A plan</title>"
         "<style>:root{color-scheme:light dark}body{margin:20px}</style></head><body>\n" +
         picture_of(graph, fleet, plan) + "</body></html>\n";
}

}  // namespace convoy::plan
