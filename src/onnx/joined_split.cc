#include "onnx/joined_split.h"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "onnx/model_proto.h"

namespace convoy::onnx {

namespace {

// Collects what the sub-models have; of what several have, the first stands.
class Joiner {
 public:
  explicit Joiner(const SplitMap& map)
      : inputs_(map.inputs.begin(), map.inputs.end()),
        outputs_(map.outputs.begin(), map.outputs.end()), box_(std::make_unique<ModelProtoBox>()) {}

  void add(proto::ModelProto& part, std::size_t number) {
    proto::ModelProto& whole = box_->model;
    if (number == 0) {
      whole.set_ir_version(part.ir_version());
      *whole.mutable_metadata_props() = part.metadata_props();
      whole.set_producer_name(part.producer_name());
      whole.set_producer_version(part.producer_version());
    }
    for (const auto& opset : part.opset_import()) {
      if (opsets_.insert(opset.domain()).second) *whole.add_opset_import() = opset;
    }
    for (auto& function : *part.mutable_functions()) {
      if (functions_.emplace(function.domain(), function.name()).second) {
        whole.add_functions()->Swap(&function);
      }
    }
    add(*part.mutable_graph(), PartId(number));
  }

  Model take() { return Model(std::move(box_)); }
  // Of each node, by its place in the model.
  const std::vector<PartId>& part_of() const { return part_of_; }

 private:
  void add(proto::GraphProto& part, PartId number) {
    proto::GraphProto& graph = *box_->model.mutable_graph();
    for (auto& weight : *part.mutable_initializer()) {
      if (weights_.insert(weight.name()).second) graph.add_initializer()->Swap(&weight);
    }
    for (auto& weight : *part.mutable_sparse_initializer()) {
      if (weights_.insert(weight.values().name()).second) {
        graph.add_sparse_initializer()->Swap(&weight);
      }
    }
    for (auto& node : *part.mutable_node()) {
      bool known = false;
      for (const std::string& output : node.output()) {
        known = known || (!output.empty() && !made_.insert(output).second);
      }
      if (known) continue;
      graph.add_node()->Swap(&node);
      part_of_.push_back(number);
    }
    for (const auto& value : part.value_info()) *graph.add_value_info() = value;
    for (const auto& input : part.input()) {
      if (inputs_.erase(input.name()) > 0) *graph.add_input() = input;
    }
    for (const auto& output : part.output()) {
      if (outputs_.erase(output.name()) > 0) {
        *graph.add_output() = output;
      } else {
        *graph.add_value_info() = output;  // it crosses
      }
    }
  }

  std::set<std::string> inputs_;   // still missing
  std::set<std::string> outputs_;
  std::set<std::string> opsets_;
  std::set<std::pair<std::string, std::string>> functions_;
  std::set<std::string> weights_;
  std::set<std::string> made_;
  std::vector<PartId> part_of_;
  std::unique_ptr<ModelProtoBox> box_;
};

}  // namespace

Result<JoinedSplit> join_split(const std::filesystem::path& directory) {
  Result<SplitMap> map = read_split_map(directory);
  if (!map) return std::unexpected(map.error());
  Joiner joiner(*map);
  for (std::size_t i = 0; i < map->sub_models.size(); ++i) {
    Result<Model> part = read_model(directory / map->sub_models[i].file);
    if (!part) return std::unexpected(part.error());
    joiner.add(part->box().model, i);
  }
  Model model = joiner.take();
  Result<Graph> graph = index_graph(model);
  if (!graph) return within(directory.string(), graph.error());
  Partition partition{.parts = map->sub_models.size(), .part_of = {}};
  for (const std::size_t position : graph->position) {
    partition.part_of.push_back(joiner.part_of()[position]);
  }
  return JoinedSplit{.map = *std::move(map),
                     .model = std::move(model),
                     .graph = *std::move(graph),
                     .partition = std::move(partition)};
}

}  // namespace convoy::onnx
