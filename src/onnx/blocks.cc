#include "onnx/blocks.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "onnx/articulation.h"
#include "onnx/common_name.h"
#include "onnx/model_proto.h"

namespace convoy::onnx {

namespace {

// FNV-1a, 64 bits, with a last step that mixes (from MurmurHash3).
class Hash {
 public:
  Hash& add(std::string_view text) {
    for (const char c : text) step(static_cast<unsigned char>(c));
    return add(text.size());
  }
  Hash& add(std::uint64_t number) {
    for (int i = 0; i < 8; ++i) step(number >> (8 * i) & 0xff);
    return *this;
  }
  [[nodiscard]] std::uint64_t value() const {
    std::uint64_t mixed = state_;
    mixed = (mixed ^ mixed >> 33) * 0xff51afd7ed558ccdULL;
    mixed = (mixed ^ mixed >> 33) * 0xc4ceb9fe1a85ec53ULL;
    return mixed ^ mixed >> 33;
  }

 private:
  void step(std::uint64_t byte) { state_ = (state_ ^ byte) * 0x100000001b3ULL; }
  std::uint64_t state_ = 0xcbf29ce484222325ULL;
};

// What a node does, whatever it reads: bodies count with all that they do. Floats and tensors are
// weights of a kind: they count by their type and dimensions.
void add_operation(Hash& hash, const proto::NodeProto& node) {
  hash.add(node.domain()).add(node.op_type());
  const auto add_tensor = [&](const proto::TensorProto& tensor) {
    hash.add(static_cast<std::uint64_t>(tensor.data_type()));
    for (const std::int64_t dim : tensor.dims()) hash.add(static_cast<std::uint64_t>(dim));
  };
  std::map<std::string_view, const proto::AttributeProto*> attributes;  // in any order
  for (const auto& attribute : node.attribute()) attributes[attribute.name()] = &attribute;
  for (const auto& [name, attribute] : attributes) {
    hash.add(name).add(static_cast<std::uint64_t>(attribute->type()));
    hash.add(static_cast<std::uint64_t>(attribute->i())).add(attribute->s());
    for (const std::int64_t number : attribute->ints()) hash.add(static_cast<std::uint64_t>(number));
    for (const std::string& text : attribute->strings()) hash.add(text);
    if (attribute->has_t()) add_tensor(attribute->t());
  }
  // Bodies nest at most some 30 deep (protobuf's own limit on reading), so this may recurse.
  for_each_body(node, [&](const proto::GraphProto& body) {
    for (const proto::NodeProto& inner : body.node()) add_operation(hash, inner);
  });
}

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// A piece between separating values.
struct Segment {
  std::vector<NodeId> nodes;
  std::set<ValueId> entries;  // separating values that it reads
  std::set<ValueId> exits;    // and those that it makes
  std::uint64_t signature = 0;
};

// The graph in pieces: what remains connected without its separating values and without those left
// out. Seen without directions the pieces form trees, so a piece that hands on one value to another
// that reads no other is a link of a chain.
class Segments {
 public:
  Segments(const Model& model, const Graph& graph, const ById<ValueId, bool>& left_out)
      : source_(model.box().model.graph()), graph_(graph), copied_(copied_nodes(graph)),
        parent_(graph.nodes.size()), segment_of_(graph.nodes.size(), kNone),
        separates_(graph.values.size()), up_(graph.nodes.size()), down_(graph.nodes.size()) {
    for (const ValueId value : articulation_values(graph, left_out)) separates_[value] = true;
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
    connect(left_out);
    adopt(left_out);
    number();
    for (Segment& segment : segments_) sign(segment);
  }

  [[nodiscard]] const Segment& operator[](std::size_t segment) const { return segments_[segment]; }

  // Segments that hand one value from one to the next, as long as can be.
  [[nodiscard]] std::vector<std::vector<std::size_t>> chains() const {
    std::vector<std::size_t> next(segments_.size(), kNone);
    std::vector<bool> follows(segments_.size());
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      if (segments_[i].exits.size() != 1) continue;
      const ValueId exit = *segments_[i].exits.begin();
      std::set<std::size_t> readers;
      for (const NodeId consumer : graph_.values[exit].consumers) {
        if (!copied_[consumer]) readers.insert(segment_of_[consumer]);
      }
      if (readers.size() != 1 || segments_[*readers.begin()].entries.size() != 1) continue;
      next[i] = *readers.begin();
      follows[next[i]] = true;
    }
    std::vector<std::vector<std::size_t>> chains;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      if (follows[i] || next[i] == kNone) continue;
      for (std::size_t at = i; at != kNone; at = next[at]) {
        if (at == i) chains.emplace_back();
        chains.back().push_back(at);
      }
    }
    return chains;
  }

 private:
  std::size_t find(NodeId node) {
    std::size_t at = node.index();
    while (parent_[at] != at) at = parent_[at] = parent_[parent_[at]];
    return at;
  }

  bool is_placed(ValueId value) const {
    const auto producer = graph_.values[value].producer;
    return producer && !copied_[*producer];
  }

  void connect(const ById<ValueId, bool>& left_out) {
    for (const ValueId id : graph_.values.ids()) {
      if (!is_placed(id) || separates_[id] || left_out[id]) continue;
      for (const NodeId consumer : graph_.values[id].consumers) {
        if (!copied_[consumer]) parent_[find(consumer)] = find(*graph_.values[id].producer);
      }
    }
  }

  // Pieces that hang on nothing that separates, or make nothing but what is left out, are no links of
  // a chain, such as shape arithmetic. They go where they are read, if that is one place, else to where
  // they come from.
  void adopt(const ById<ValueId, bool>& left_out) {
    std::set<std::size_t> linked;
    std::set<std::size_t> making;
    for (const ValueId id : graph_.values.ids()) {
      if (!is_placed(id) || left_out[id]) continue;
      making.insert(find(*graph_.values[id].producer));
      if (!separates_[id]) continue;
      linked.insert(find(*graph_.values[id].producer));
      for (const NodeId consumer : graph_.values[id].consumers) linked.insert(find(consumer));
    }
    if (linked.empty()) return;
    std::map<std::size_t, std::vector<NodeId>> loose;
    for (const NodeId node : graph_.nodes.ids()) {
      if (copied_[node]) continue;
      const std::size_t root = find(node);
      if (!linked.contains(root) || !making.contains(root)) loose[root].push_back(node);
    }
    std::vector<std::pair<NodeId, std::size_t>> order;  // by their last node
    for (const auto& [root, nodes] : loose) order.emplace_back(nodes.back(), root);
    std::ranges::sort(order, std::greater());
    for (const auto& [last, root] : order) {
      std::set<std::size_t> readers;
      std::set<std::size_t> makers;
      for (const NodeId node : loose[root]) {
        for (const ValueId value : graph_.nodes[node].writes) {
          if (!left_out[value]) continue;
          for (const NodeId consumer : graph_.values[value].consumers) {
            if (!copied_[consumer]) readers.insert(find(consumer));
          }
        }
        for (const ValueId value : graph_.nodes[node].reads) {
          if (is_placed(value)) makers.insert(find(*graph_.values[value].producer));
        }
      }
      readers.erase(root);
      makers.erase(root);
      const std::set<std::size_t>& home = readers.size() == 1 ? readers : makers;
      if (home.size() == 1) parent_[root] = *home.begin();
    }
  }

  void number() {
    std::unordered_map<std::size_t, std::size_t> known;
    for (const NodeId node : graph_.nodes.ids()) {
      if (copied_[node]) continue;
      const auto [place, is_new] = known.try_emplace(find(node), segments_.size());
      if (is_new) segments_.emplace_back();
      segment_of_[node] = place->second;
      Segment& segment = segments_[place->second];
      segment.nodes.push_back(node);
      for (const ValueId value : graph_.nodes[node].reads) {
        if (separates_[value]) segment.entries.insert(value);
      }
      for (const ValueId value : graph_.nodes[node].writes) {
        if (separates_[value]) segment.exits.insert(value);
      }
    }
  }

  // Nodes that compute the same from the same get the same number, then those whose results are used
  // for the same; a segment is known by all its nodes' numbers. (One round of Weisfeiler and Leman's
  // refinement along the edges and one against them.)
  void sign(Segment& segment) {
    const std::size_t own = segment_of_[segment.nodes.front()];
    std::set<ValueId> inputs;
    std::set<ValueId> outputs;
    for (const NodeId node : segment.nodes) {
      for (const ValueId value : graph_.nodes[node].reads) {
        if (graph_.values[value].is_input) inputs.insert(value);
      }
      for (const ValueId value : graph_.nodes[node].writes) {
        if (graph_.values[value].is_output) outputs.insert(value);
      }
    }
    // The first block of a model may read the model's input, and the last may make its output.
    const bool from_input = segment.entries.empty() && inputs.size() == 1;
    const bool to_output = segment.exits.empty() && outputs.size() == 1;
    for (const NodeId node : segment.nodes) {
      const auto& source = source_.node(static_cast<int>(graph_.position[node]));
      Hash hash;
      add_operation(hash, source);
      std::set<ValueId> named;
      for (const std::string& name : source.input()) {
        const auto value = name.empty() ? std::nullopt : graph_.find(name);
        hash.add(value ? origin(*value, own, from_input) : 0);
        if (value) named.insert(*value);
      }
      for (const ValueId value : graph_.nodes[node].reads) {
        if (!named.contains(value)) hash.add(origin(value, own, from_input));
      }
      up_[node] = hash.value();
    }
    std::vector<std::uint64_t> numbers;
    for (std::size_t i = segment.nodes.size(); i-- > 0;) {
      const NodeId node = segment.nodes[i];
      Hash hash;
      hash.add(up_[node]);
      for (const ValueId id : graph_.nodes[node].writes) {
        const Value& value = graph_.values[id];
        std::uint64_t users = 0;
        for (const NodeId consumer : value.consumers) {
          if (segment_of_[consumer] == own) users += down_[consumer];
        }
        const bool leaves = separates_[id] || (to_output && value.is_output);
        hash.add(users).add(leaves ? 2 : value.is_output ? 1 : 0);
      }
      numbers.push_back(down_[node] = hash.value());
    }
    std::ranges::sort(numbers);
    Hash hash;
    for (const std::uint64_t number : numbers) hash.add(number);
    segment.signature = hash.value();
  }

  // Where a value comes from, as seen from a segment.
  std::uint64_t origin(ValueId id, std::size_t own, bool from_input) const {
    const Value& value = graph_.values[id];
    if (separates_[id] || (value.is_input && from_input)) return Hash().add("entry").value();
    if (value.is_input) return Hash().add("input").value();
    if (!value.producer || copied_[*value.producer]) {
      return Hash().add("weight").add(to_text(value.type)).value();
    }
    if (segment_of_[*value.producer] != own) return Hash().add("beside").value();
    const std::vector<ValueId>& writes = graph_.nodes[*value.producer].writes;
    const auto place = static_cast<std::uint64_t>(std::ranges::find(writes, id) - writes.begin());
    return Hash().add(up_[*value.producer]).add(place).value();
  }

  const proto::GraphProto& source_;
  const Graph& graph_;
  const ById<NodeId, bool> copied_;
  std::vector<std::size_t> parent_;
  ById<NodeId, std::size_t> segment_of_;
  ById<ValueId, bool> separates_;
  ById<NodeId, std::uint64_t> up_;
  ById<NodeId, std::uint64_t> down_;
  std::vector<Segment> segments_;
};

// `length` segments of a chain from `start` in which each is as the one `period` before it.
struct Repeat {
  std::size_t start = 0;
  std::size_t length = 0;
  std::size_t period = 1;
  std::size_t nodes = 0;  // of all whole periods
};

// Places in a chain that repeat, the largest first, none overlapping.
std::vector<Repeat> repeats_of(const std::vector<std::uint64_t>& chain,
                               const std::vector<std::size_t>& sizes) {
  constexpr std::size_t kLongestPeriod = 500;  // bounds the time
  constexpr std::size_t kFewestNodes = 3;      // of a block that stands but twice or thrice
  constexpr std::size_t kManyBlocks = 4;
  std::vector<std::size_t> nodes_before(chain.size() + 1);
  for (std::size_t i = 0; i < chain.size(); ++i) nodes_before[i + 1] = nodes_before[i] + sizes[i];

  const auto less = [](const Repeat& a, const Repeat& b) {
    return std::tuple(a.nodes, b.period, b.start) < std::tuple(b.nodes, a.period, a.start);
  };
  std::vector<Repeat> heap;
  const auto offer = [&](std::size_t start, std::size_t length, std::size_t period) {
    const std::size_t blocks = length / period;
    if (blocks < 2) return;
    const std::size_t each = nodes_before[start + period] - nodes_before[start];
    if (blocks < kManyBlocks && each < kFewestNodes) return;
    heap.push_back({start, length, period, each * blocks});
    std::ranges::push_heap(heap, less);
  };
  for (std::size_t period = 1; period <= std::min(kLongestPeriod, chain.size() / 2); ++period) {
    for (std::size_t i = 0; i + period < chain.size();) {
      const std::size_t start = i;
      while (i + period < chain.size() && chain[i] == chain[i + period]) ++i;
      offer(start, i - start + period, period);
      ++i;
    }
  }
  std::vector<Repeat> chosen;
  std::vector<bool> taken(chain.size());
  while (!heap.empty()) {
    std::ranges::pop_heap(heap, less);
    const Repeat best = heap.back();
    heap.pop_back();
    const auto begin = taken.begin() + static_cast<std::ptrdiff_t>(best.start);
    const auto end = begin + static_cast<std::ptrdiff_t>(best.length);
    if (std::find(begin, end, true) == end) {
      std::fill(begin, end, true);
      chosen.push_back(best);
      continue;
    }
    // What the larger ones leave of it.
    for (auto at = std::find(begin, end, false); at != end;) {
      const auto stop = std::find(at, end, true);
      offer(static_cast<std::size_t>(at - taken.begin()), static_cast<std::size_t>(stop - at),
            best.period);
      at = std::find(stop, end, false);
    }
  }
  return chosen;
}

class RunBuilder {
 public:
  RunBuilder(const Graph& graph, const Segments& segments)
      : graph_(graph), segments_(segments), copied_(copied_nodes(graph)) {}

  BlockRun build(const std::vector<std::size_t>& chain, const Repeat& repeat) const {
    const std::size_t count = repeat.length / repeat.period;
    BlockRun run;
    // Where a block begins is told by the names, if by anything.
    for (std::size_t shift = 0; shift <= repeat.length % repeat.period; ++shift) {
      BlockRun shifted = blocks_at(chain, repeat.start + shift, repeat.period, count);
      if (name_by(shifted, &RunBuilder::node_names) || name_by(shifted, &RunBuilder::value_names)) {
        run = std::move(shifted);
        break;
      }
      if (shift == 0) run = std::move(shifted);
    }
    for (Block& block : run.blocks) {
      if (block.name.empty()) block.name = borders(block);
    }
    run.weights = weights_of(run.blocks.front());
    return run;
  }

 private:
  using Names = std::vector<std::string_view> (RunBuilder::*)(const Block&) const;

  BlockRun blocks_at(const std::vector<std::size_t>& chain, std::size_t start, std::size_t period,
                     std::size_t count) const {
    BlockRun run;
    for (std::size_t i = 0; i < count; ++i) {
      Block& block = run.blocks.emplace_back();
      for (std::size_t j = 0; j < period; ++j) {
        const Segment& segment = segments_[chain[start + i * period + j]];
        block.nodes.insert(block.nodes.end(), segment.nodes.begin(), segment.nodes.end());
      }
      std::ranges::sort(block.nodes);
    }
    return run;
  }

  // Gives each block a name of its own, or none of them any.
  bool name_by(BlockRun& run, Names names) const {
    std::set<std::string> given;
    for (Block& block : run.blocks) {
      block.name = common_name((this->*names)(block));
      if (!block.name.empty() && given.insert(block.name).second) continue;
      for (Block& named : run.blocks) named.name.clear();
      return false;
    }
    return true;
  }

  std::vector<std::string_view> node_names(const Block& block) const {
    std::vector<std::string_view> names;
    for (const NodeId node : block.nodes) {
      if (!graph_.nodes[node].name.empty()) names.push_back(graph_.nodes[node].name);
    }
    return names;
  }

  std::vector<std::string_view> value_names(const Block& block) const {
    std::vector<std::string_view> names;
    for (const NodeId node : block.nodes) {
      for (const ValueId value : graph_.nodes[node].writes) names.push_back(graph_.values[value].name);
    }
    return names;
  }

  std::string borders(const Block& block) const {
    std::string_view from;
    std::string_view to;
    const auto inside = [&](NodeId node) { return std::ranges::binary_search(block.nodes, node); };
    for (const NodeId node : block.nodes) {
      for (const ValueId id : graph_.nodes[node].reads) {
        const Value& value = graph_.values[id];
        const bool fed = value.producer ? !copied_[*value.producer] && !inside(*value.producer)
                                        : value.is_input;
        if (fed && from.empty()) from = value.name;
      }
      for (const ValueId id : graph_.nodes[node].writes) {
        const Value& value = graph_.values[id];
        if (value.is_output || !std::ranges::all_of(value.consumers, inside)) to = value.name;
      }
    }
    return fmt::format("{} … {}", from, to);
  }

  // Those that only copied nodes read included.
  Bytes weights_of(const Block& block) const {
    std::set<WeightId> weights;
    std::set<NodeId> seen;
    std::vector<NodeId> open = block.nodes;
    while (!open.empty()) {
      const NodeId node = open.back();
      open.pop_back();
      for (const ValueId id : graph_.nodes[node].reads) {
        const Value& value = graph_.values[id];
        if (value.weight) weights.insert(*value.weight);
        if (value.producer && copied_[*value.producer] && seen.insert(*value.producer).second) {
          open.push_back(*value.producer);
        }
      }
    }
    Bytes sum{0};
    for (const WeightId weight : weights) sum += graph_.weights[weight].bytes;
    return sum;
  }

  const Graph& graph_;
  const Segments& segments_;
  const ById<NodeId, bool> copied_;
};

// Adds runs of which no node is in one yet.
void add_runs(const Model& model, const Graph& graph, const ById<ValueId, bool>& left_out,
              ById<NodeId, bool>& known, std::vector<BlockRun>& runs) {
  const Segments segments(model, graph, left_out);
  const RunBuilder builder(graph, segments);
  for (const std::vector<std::size_t>& chain : segments.chains()) {
    std::vector<std::uint64_t> signatures;
    std::vector<std::size_t> sizes;
    for (const std::size_t segment : chain) {
      const std::vector<NodeId>& nodes = segments[segment].nodes;
      const bool used = std::ranges::any_of(nodes, [&](NodeId node) { return bool(known[node]); });
      // Like no other, then.
      signatures.push_back(used ? Hash().add(segment).value() : segments[segment].signature);
      sizes.push_back(nodes.size());
    }
    for (const Repeat& repeat : repeats_of(signatures, sizes)) {
      runs.push_back(builder.build(chain, repeat));
      for (const Block& block : runs.back().blocks) {
        for (const NodeId node : block.nodes) known[node] = true;
      }
    }
  }
}

}  // namespace

std::vector<BlockRun> repeated_blocks(const Model& model, const Graph& graph) {
  // More readers than the stream of a layer has; so many read a mask, or an encoder's result.
  constexpr std::size_t kManyReaders = 5;
  std::vector<BlockRun> runs;
  ById<NodeId, bool> known(graph.nodes.size());
  ById<ValueId, bool> left_out = shape_values(graph);
  add_runs(model, graph, left_out, known, runs);
  bool others = false;
  for (const ValueId value : graph.values.ids()) {
    if (left_out[value] || graph.values[value].consumers.size() < kManyReaders) continue;
    others = left_out[value] = true;
  }
  if (others) add_runs(model, graph, left_out, known, runs);
  std::ranges::sort(runs, {}, [](const BlockRun& run) { return run.blocks.front().nodes.front(); });
  return runs;
}

std::string to_text(const BlockRun& run) {
  const std::size_t nodes = run.blocks.front().nodes.size();
  return fmt::format("{} blocks of {} node{}{}: {} {} {}", run.blocks.size(), nodes,
                     nodes == 1 ? "" : "s",
                     run.weights > Bytes(0) ? fmt::format(", {} of weights each", to_text(run.weights))
                                            : "",
                     run.blocks.front().name, run.blocks.size() > 2 ? "…" : "and",
                     run.blocks.back().name);
}

}  // namespace convoy::onnx
