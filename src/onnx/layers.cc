#include "onnx/layers.h"

#include <algorithm>
#include <ranges>
#include <set>
#include <utility>

namespace convoy::onnx {

namespace {

constexpr double kColumnGap = 24;
constexpr double kRowGap = 34;
constexpr double kBendWidth = 10;  // of an edge that passes a layer
constexpr int kSweeps = 12;

// Boxes and, behind them, the places where long edges pass the layers between.
class LayeredDrawing {
 public:
  LayeredDrawing(const std::vector<LayoutBox>& boxes, const std::vector<LayoutEdge>& edges)
      : boxes_(boxes), edges_(edges), up_(boxes.size()), down_(boxes.size()), rank_(boxes.size()) {
    for (const LayoutBox& box : boxes) width_.push_back(box.width);
  }

  Layout run() {
    turn_edges();
    rank_boxes();
    bend_edges();
    fill_layers();
    for (int sweep = 0; sweep < kSweeps; ++sweep) order_layers(sweep % 2 == 0);
    place_layers();
    return finish();
  }

 private:
  using Vertex = std::size_t;

  // Takes boxes in a topological order, the first that is ready; where a cycle leaves none, the first
  // of all, and turns the edges that come back to it.
  void turn_edges() {
    std::vector<std::size_t> waiting(boxes_.size());
    std::vector<std::vector<std::size_t>> leaving(boxes_.size());
    for (std::size_t i = 0; i < edges_.size(); ++i) {
      if (edges_[i].from == edges_[i].to) continue;
      ++waiting[edges_[i].to];
      leaving[edges_[i].from].push_back(i);
    }
    std::set<Vertex> ready;
    std::set<Vertex> left;
    for (Vertex box = 0; box < boxes_.size(); ++box) (waiting[box] == 0 ? ready : left).insert(box);
    std::vector<std::size_t> place(boxes_.size());
    while (!ready.empty() || !left.empty()) {
      std::set<Vertex>& from = ready.empty() ? left : ready;
      const Vertex box = *from.begin();
      from.erase(from.begin());
      place[box] = order_.size();
      order_.push_back(box);
      for (const std::size_t edge : leaving[box]) {
        const Vertex to = edges_[edge].to;
        if (--waiting[to] == 0 && left.erase(to) > 0) ready.insert(to);
      }
    }
    for (const LayoutEdge& edge : edges_) {
      turned_.push_back(place[edge.from] > place[edge.to]);
    }
  }

  Vertex upper(std::size_t edge) const { return turned_[edge] ? edges_[edge].to : edges_[edge].from; }
  Vertex lower(std::size_t edge) const { return turned_[edge] ? edges_[edge].from : edges_[edge].to; }

  void rank_boxes() {
    std::vector<std::vector<Vertex>> below(boxes_.size());
    std::vector<bool> has_above(boxes_.size());
    for (std::size_t i = 0; i < edges_.size(); ++i) {
      if (upper(i) == lower(i)) continue;
      below[upper(i)].push_back(lower(i));
      has_above[lower(i)] = true;
    }
    for (const Vertex box : order_) {
      for (const Vertex to : below[box]) rank_[to] = std::max(rank_[to], rank_[box] + 1);
    }
    // What only feeds others stands right above the first of them.
    for (Vertex box = 0; box < boxes_.size(); ++box) {
      if (has_above[box] || below[box].empty()) continue;
      const auto rank = [&](Vertex to) { return rank_[to]; };
      rank_[box] = std::ranges::min(below[box] | std::views::transform(rank)) - 1;
    }
  }

  void bend_edges() {
    for (std::size_t i = 0; i < edges_.size(); ++i) {
      std::vector<Vertex>& path = paths_.emplace_back();
      if (upper(i) == lower(i)) continue;
      path.push_back(upper(i));
      for (std::size_t rank = rank_[upper(i)] + 1; rank < rank_[lower(i)]; ++rank) {
        path.push_back(rank_.size());
        rank_.push_back(rank);
        width_.push_back(kBendWidth);
        up_.emplace_back();
        down_.emplace_back();
      }
      path.push_back(lower(i));
      for (std::size_t j = 1; j < path.size(); ++j) {
        down_[path[j - 1]].push_back(path[j]);
        up_[path[j]].push_back(path[j - 1]);
      }
    }
  }

  void fill_layers() {
    if (boxes_.empty()) return;
    layers_.resize(std::ranges::max(rank_) + 1);
    // Depth first, so that what belongs together starts side by side.
    std::vector<bool> seen(rank_.size());
    std::vector<Vertex> open(order_.rbegin(), order_.rend());
    while (!open.empty()) {
      const Vertex at = open.back();
      open.pop_back();
      if (seen[at]) continue;
      seen[at] = true;
      layers_[rank_[at]].push_back(at);
      open.insert(open.end(), down_[at].rbegin(), down_[at].rend());
    }
    x_.resize(rank_.size());
    for (const std::vector<Vertex>& layer : layers_) pack(layer);
  }

  // Places of a layer's boxes from left to right, around 0.
  void pack(const std::vector<Vertex>& layer) {
    double x = 0;
    for (const Vertex at : layer) {
      x_[at] = x + width_[at] / 2;
      x += width_[at] + kColumnGap;
    }
    for (const Vertex at : layer) x_[at] -= (x - kColumnGap) / 2;
  }

  double barycentre(Vertex at, const std::vector<std::vector<Vertex>>& neighbours) const {
    const std::vector<Vertex>& others = neighbours[at];
    if (others.empty()) return x_[at];
    double sum = 0;
    for (const Vertex other : others) sum += x_[other];
    return sum / static_cast<double>(others.size());
  }

  void order_layers(bool downwards) {
    const auto& neighbours = downwards ? up_ : down_;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      std::vector<Vertex>& layer = layers_[downwards ? i : layers_.size() - 1 - i];
      std::vector<std::pair<double, Vertex>> keyed;
      for (const Vertex at : layer) keyed.emplace_back(barycentre(at, neighbours), at);
      std::ranges::stable_sort(keyed, {}, &std::pair<double, Vertex>::first);
      for (std::size_t j = 0; j < layer.size(); ++j) layer[j] = keyed[j].second;
      pack(layer);
    }
  }

  void place_layers() {
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      const bool downwards = sweep % 2 == 0;
      for (std::size_t i = 0; i < layers_.size(); ++i) {
        spread(layers_[downwards ? i : layers_.size() - 1 - i], downwards ? up_ : down_);
      }
    }
  }

  // Moves the boxes of a layer to the barycentres of their neighbours, in the sense of least squares
  // with the order and the gaps kept (pool adjacent violators).
  void spread(const std::vector<Vertex>& layer, const std::vector<std::vector<Vertex>>& neighbours) {
    struct Pool {
      double sum;
      double count;
    };
    std::vector<Pool> pools;
    std::vector<double> offsets;
    double offset = 0;
    for (std::size_t i = 0; i < layer.size(); ++i) {
      if (i > 0) offset += (width_[layer[i - 1]] + width_[layer[i]]) / 2 + kColumnGap;
      offsets.push_back(offset);
      pools.push_back({barycentre(layer[i], neighbours) - offset, 1});
      while (pools.size() > 1) {
        const Pool& last = pools.back();
        Pool& before = pools[pools.size() - 2];
        if (before.sum / before.count <= last.sum / last.count) break;
        before.sum += last.sum;
        before.count += last.count;
        pools.pop_back();
      }
    }
    std::size_t i = 0;
    for (const Pool& pool : pools) {
      for (double left = pool.count; left > 0; --left, ++i) {
        x_[layer[i]] = pool.sum / pool.count + offsets[i];
      }
    }
  }

  Layout finish() const {
    Layout layout;
    double leftmost = 0;
    double rightmost = 0;
    for (Vertex at = 0; at < x_.size(); ++at) {
      leftmost = std::min(leftmost, x_[at] - width_[at] / 2);
      rightmost = std::max(rightmost, x_[at] + width_[at] / 2);
    }
    layout.width = rightmost - leftmost;
    layout.corners.resize(boxes_.size());
    std::vector<Point> middles(x_.size());
    std::vector<double> heights(x_.size());
    for (const std::vector<Vertex>& layer : layers_) {
      double height = 0;
      for (const Vertex at : layer) {
        if (at < boxes_.size()) height = std::max(height, boxes_[at].height);
      }
      for (const Vertex at : layer) {
        middles[at] = {x_[at] - leftmost, layout.height + height / 2};
        heights[at] = at < boxes_.size() ? boxes_[at].height : height;
        if (at >= boxes_.size()) continue;
        layout.corners[at] = {middles[at].x - width_[at] / 2,
                              middles[at].y - boxes_[at].height / 2};
      }
      layout.height += height + kRowGap;
    }
    layout.height = std::max(0.0, layout.height - kRowGap);
    for (std::size_t i = 0; i < edges_.size(); ++i) {
      std::vector<Point>& route = layout.routes.emplace_back();
      for (const Vertex at : paths_[i]) {
        const Point top{middles[at].x, middles[at].y - heights[at] / 2};
        const Point bottom{middles[at].x, middles[at].y + heights[at] / 2};
        if (at != paths_[i].front()) route.push_back(top);
        if (at != paths_[i].back()) route.push_back(bottom);
      }
      if (turned_[i]) std::ranges::reverse(route);
    }
    return layout;
  }

  const std::vector<LayoutBox>& boxes_;
  const std::vector<LayoutEdge>& edges_;
  std::vector<Vertex> order_;
  std::vector<bool> turned_;
  std::vector<std::vector<Vertex>> up_;
  std::vector<std::vector<Vertex>> down_;
  std::vector<std::size_t> rank_;
  std::vector<double> width_;
  std::vector<std::vector<Vertex>> paths_;
  std::vector<std::vector<Vertex>> layers_;
  std::vector<double> x_;
};

}  // namespace

Layout layered(const std::vector<LayoutBox>& boxes, const std::vector<LayoutEdge>& edges) {
  return LayeredDrawing(boxes, edges).run();
}

}  // namespace convoy::onnx
