#include "bench/charts.h"

#include <algorithm>

#include "foundation/markup.h"

namespace convoy::bench {
namespace {

constexpr int kWidth = 760;
constexpr int kLabelWidth = 190;
constexpr int kRow = 30;
constexpr double kPeriodsShown = 8;

// Colours of both modes; requests take turns with the last six.
constexpr const char* kStyle = R"(<style>
.chart{font:13px system-ui,sans-serif;--ink:#1c2530;--faint:#8a94a0;--line:#d9dee4;--bar:#2f6fde;
--best:#12875a;--r0:#2f6fde;--r1:#e07b39;--r2:#12875a;--r3:#a44fc4;--r4:#c9a227;--r5:#3aa0a8}
@media(prefers-color-scheme:dark){.chart{--ink:#e6eaf0;--faint:#8592a2;--line:#39434f;--bar:#6a9bf4;
--best:#43c08c;--r0:#6a9bf4;--r1:#f0985c;--r2:#43c08c;--r3:#c583de;--r4:#e0c255;--r5:#63c6cd}}
.chart text{fill:var(--ink)}.chart .faint{fill:var(--faint)}
</style>)";

std::string opening(int height, const std::string& title) {
  return fmt::format(
      "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
      "width=\"100%\" role=\"img\" aria-label=\"{}\">{}<title>{}</title>\n",
      kWidth, height, escaped(title), kStyle, escaped(title));
}

std::string label(int y, const std::string& text) {
  return fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", kLabelWidth - 10, y,
                     escaped(text));
}

}  // namespace

std::string speed_chart(const std::vector<TestResult>& results) {
  double most = 0;
  for (const TestResult& result : results) {
    if (const Figure* fps = find(result.figures, "fps")) most = std::max(most, fps->value.value_or(0));
  }
  std::string svg = opening(static_cast<int>(results.size()) * kRow + 8, "Answers per second");
  constexpr double kLongest = kWidth - kLabelWidth - 120;
  for (int y = 4; const TestResult& result : results) {
    svg += label(y + 19, result.title);
    const Figure* fps = find(result.figures, "fps");
    if (fps != nullptr && fps->value) {
      const double length = std::max(1.0, *fps->value / most * kLongest);
      svg += fmt::format(
          "<rect x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" rx=\"3\" fill=\"var(--{})\"/>"
          "<text x=\"{:.1f}\" y=\"{}\">{} <tspan class=\"faint\">{}</tspan></text>\n",
          kLabelWidth, y + 3, length, kRow - 8, *fps->value == most ? "best" : "bar",
          kLabelWidth + length + 8, y + 19, to_text(*fps), name_of(fps->source));
    } else {
      svg += fmt::format("<text class=\"faint\" x=\"{}\" y=\"{}\">{}</text>\n", kLabelWidth, y + 19,
                         result.error ? "failed" : "not measured");
    }
    y += kRow;
  }
  return svg + "</svg>\n";
}

std::string timeline_chart(const TestResult& result) {
  const auto& busy = result.record.busy;
  if (busy.empty() || !result.record.map) return "";
  const double first = std::ranges::min(busy, {}, &runtime::BusyInterval::start_s).start_s;
  const double last = std::ranges::max(busy, {}, &runtime::BusyInterval::end_s).end_s;
  const double shown =
      std::min(last - first, kPeriodsShown * (result.period ? result.period->count() : last));
  if (shown <= 0) return "";
  const double from = first + (last - first - shown) * 0.6;
  const double scale = (kWidth - kLabelWidth - 10) / shown;
  const auto& stages = result.record.map->sub_models;
  const int height = static_cast<int>(stages.size()) * kRow + 24;
  std::string svg = opening(height, "Which device computed which request when");
  for (std::size_t stage = 0; stage < stages.size(); ++stage) {
    const int y = static_cast<int>(stage) * kRow;
    svg += label(y + 19, stages[stage].device);
    svg += fmt::format("<line x1=\"{0}\" x2=\"{1}\" y1=\"{2}\" y2=\"{2}\" stroke=\"var(--line)\"/>",
                       kLabelWidth, kWidth - 10, y + kRow - 2);
  }
  for (const runtime::BusyInterval& interval : busy) {
    const double start = std::max(interval.start_s, from);
    const double end = std::min(interval.end_s, from + shown);
    if (end <= start || interval.stage >= stages.size()) continue;
    svg += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" rx=\"2\" "
        "fill=\"var(--r{})\"><title>request {}: {} for {}</title></rect>\n",
        kLabelWidth + (start - from) * scale, static_cast<int>(interval.stage) * kRow + 4,
        std::max(0.5, (end - start) * scale - 0.5), kRow - 9, interval.request % 6,
        interval.request, escaped(stages[interval.stage].device),
        convoy::to_text(Seconds(interval.end_s - interval.start_s)));
  }
  svg += fmt::format(
      "<text class=\"faint\" x=\"{}\" y=\"{}\">0</text><text class=\"faint\" x=\"{}\" y=\"{}\" "
      "text-anchor=\"end\">{}</text>",
      kLabelWidth, height - 6, kWidth - 10, height - 6, convoy::to_text(Seconds(shown)));
  return svg + "</svg>\n";
}

std::string share_bar(double share, const std::string& label) {
  return fmt::format(
      "<span class=\"bar\"><span style=\"width:{:.1f}%\"></span></span> {}",
      100 * std::clamp(share, 0.0, 1.0), escaped(label));
}

}  // namespace convoy::bench
