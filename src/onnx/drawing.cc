#include "onnx/drawing.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "foundation/markup.h"
#include "onnx/boxes.h"
#include "onnx/layers.h"

namespace convoy::onnx {

namespace {

constexpr double kMargin = 16;
constexpr double kLine = 16;            // height of a line of text
constexpr double kTitleLetter = 8.2;    // width, at 13 px bold
constexpr double kDetailLetter = 6.1;   // at 11 px
constexpr std::size_t kLongestText = 56;
constexpr std::size_t kListedNames = 12;  // in a tooltip

constexpr const char* kStyle = R"(<style>
.graph{font:11px system-ui,sans-serif}
.graph text{fill:var(--ink)}.graph .faint{fill:var(--faint)}
.graph .title{font-size:13px;font-weight:600}
.graph .box{stroke:var(--edge);stroke-width:1}.graph .value{fill:var(--paper)}
.graph .crossing{stroke:var(--ink);stroke-width:1.5}
.graph .edge{fill:none;stroke:var(--edge);stroke-width:1.3}.graph .shape{stroke-dasharray:3 3}
.graph .tip{fill:var(--edge)}
</style>)";

LayoutBox size_of(const Box& box) {
  double width = static_cast<double>(letters(box.title)) * kTitleLetter;
  for (const std::string& line : box.details) {
    width = std::max(width, static_cast<double>(letters(line)) * kDetailLetter);
  }
  return {.width = std::max(56.0, width + 20),
          .height = 12 + kLine * static_cast<double>(1 + box.details.size())};
}

std::string colour_of(PartId part) { return drawing_colour(part.index()); }

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kListedNames); ++i) {
    text += names[i] + "\n";
  }
  if (names.size() > kListedNames) text += fmt::format("… {} more", names.size() - kListedNames);
  return text;
}

std::string svg_of(const Box& box, const LayoutBox& size, Point at) {
  std::string svg = "<g>";
  if (!box.names.empty()) svg += fmt::format("<title>{}</title>", escaped(list_of(box.names)));
  const bool nodes = box.kind == BoxKind::nodes || box.kind == BoxKind::repeated;
  const auto rectangle = [&](double shift) {
    svg += fmt::format("<rect class=\"box{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
                       "height=\"{:.1f}\" rx=\"{}\"{}/>",
                       nodes ? "" : box.kind == BoxKind::port ? " value" : " value crossing",
                       at.x + shift, at.y + shift, size.width, size.height,
                       nodes ? 4 : static_cast<int>(size.height / 2 < 18 ? size.height / 2 : 18),
                       nodes ? fmt::format(" fill=\"{}\"", colour_of(box.part)) : "");
  };
  if (box.kind == BoxKind::repeated) {
    rectangle(6);
    rectangle(3);
  }
  rectangle(0);
  double y = at.y + 6 + kLine * 0.75;
  const auto line = [&](const std::string& text, std::string_view style) {
    svg += fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                       style, at.x + size.width / 2, y, escaped(text));
    y += kLine;
  };
  line(box.title, "title");
  for (const std::string& text : box.details) line(text, "faint");
  return svg + "</g>\n";
}

std::string tooltip_of(const Graph& graph, const BoxEdge& edge) {
  std::vector<std::string> lines;
  for (const ValueId id : edge.values) {
    const Value& value = graph.values[id];
    const std::optional<Bytes> bytes = bytes_of(value.type);
    lines.push_back(fmt::format("{}  {}{}", value.name, to_text(value.type),
                                bytes ? ", " + to_text(*bytes) : ""));
  }
  return list_of(lines);
}

// From box to box, straight through the layers that it passes, with a tip at its end.
std::string svg_of(const Graph& graph, const BoxEdge& edge, const std::vector<Point>& route) {
  if (route.empty()) return "";
  std::string path = fmt::format("M{:.1f} {:.1f}", route[0].x, route[0].y);
  for (std::size_t i = 1; i < route.size(); ++i) {
    const Point& from = route[i - 1];
    const Point& to = route[i];
    if (from.x == to.x) {
      path += fmt::format("V{:.1f}", to.y);
      continue;
    }
    const double middle = (from.y + to.y) / 2;
    path += fmt::format("C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", from.x, middle, to.x, middle,
                        to.x, to.y);
  }
  const Point end = route.back();
  const int back = end.y < route[route.size() - 2].y ? 7 : -7;  // an edge may run upwards
  return fmt::format("<g><title>{}</title><path class=\"edge{}\" d=\"{}\"/>"
                     "<path class=\"tip\" d=\"M{:.1f} {:.1f}l-3.5 {}h7z\"/></g>\n",
                     escaped(tooltip_of(graph, edge)), edge.only_shapes ? " shape" : "", path,
                     end.x, end.y, back);
}

}  // namespace

std::string draw(const Model& model, const Graph& graph, const Partition& partition,
                 std::span<const std::string> part_names) {
  BoxGraph drawn = boxes_of(model, graph, partition);
  std::vector<LayoutBox> sizes;
  for (Box& box : drawn.boxes) {
    box.title = shortened(box.title, kLongestText);
    for (std::string& line : box.details) line = shortened(line, kLongestText);
    sizes.push_back(size_of(box));
  }
  std::vector<LayoutEdge> ends;
  for (const BoxEdge& edge : drawn.edges) ends.push_back({.from = edge.from, .to = edge.to});
  Layout layout = layered(sizes, ends);

  double width = layout.width;
  for (const std::string& name : part_names) {
    width = std::max(width, 24 + static_cast<double>(letters(name)) * kDetailLetter);
  }
  const double top = kMargin + (part_names.empty() ? 0 : kLine * static_cast<double>(part_names.size() + 1));
  const double left = kMargin + (width - layout.width) / 2;
  const double whole_width = width + 2 * kMargin + 6;
  const double whole_height = top + layout.height + kMargin + 6;
  std::string svg = fmt::format(
      "<svg class=\"graph\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "width=\"{0:.0f}\" height=\"{1:.0f}\" style=\"max-width:100%;height:auto\" role=\"img\">{2}"
      "<title>The model{3}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"var(--paper)\"/>\n",
      whole_width, whole_height, drawing_colours("graph") + kStyle,
      part_names.empty() ? "" : " and its parts");
  for (std::size_t i = 0; i < part_names.size(); ++i) {
    const double y = kMargin + kLine * static_cast<double>(i);
    svg += fmt::format("<rect class=\"box\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"12\" height=\"12\" rx=\"2\" "
                       "fill=\"{}\"/><text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                       kMargin, y, colour_of(PartId(i)), kMargin + 20, y + 10, escaped(part_names[i]));
  }
  for (std::size_t i = 0; i < drawn.edges.size(); ++i) {
    std::vector<Point> route = layout.routes[i];
    for (Point& point : route) point = {point.x + left, point.y + top};
    svg += svg_of(graph, drawn.edges[i], route);
  }
  for (std::size_t i = 0; i < drawn.boxes.size(); ++i) {
    const Point corner = layout.corners[i];
    svg += svg_of(drawn.boxes[i], sizes[i], {corner.x + left, corner.y + top});
  }
  return svg + "</svg>\n";
}

}  // namespace convoy::onnx
