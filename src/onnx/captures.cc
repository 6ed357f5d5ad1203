#include "onnx/captures.h"

#include <unordered_map>
#include <unordered_set>

namespace convoy::onnx {

namespace {

// Bodies nest at most some 30 deep (protobuf's own limit on reading), so this may recurse.
class Walk {
 public:
  void into_bodies_of(const proto::NodeProto& node) {
    for_each_body(node, [&](const proto::GraphProto& body) { enter(body); });
  }

  BodyNames names;

 private:
  void enter(const proto::GraphProto& body) {
    std::unordered_set<std::string> own;
    const auto define = [&](const std::string& name) {
      if (!name.empty() && own.insert(name).second) ++defined_[name];
    };
    for (const auto& input : body.input()) define(input.name());
    for (const auto& weight : body.initializer()) define(weight.name());
    for (const auto& weight : body.sparse_initializer()) define(weight.values().name());
    for (const auto& node : body.node()) {
      for (const std::string& output : node.output()) {
        define(output);
        if (!output.empty()) names.made.push_back(output);
      }
    }
    for (const auto& node : body.node()) {
      for (const std::string& input : node.input()) read(input);
      into_bodies_of(node);
    }
    for (const auto& output : body.output()) read(output.name());
    for (const std::string& name : own) --defined_[name];
  }

  void read(const std::string& name) {
    if (name.empty()) return;
    const auto defined = defined_.find(name);
    if (defined != defined_.end() && defined->second > 0) return;
    if (captured_.insert(name).second) names.captured.push_back(name);
  }

  std::unordered_map<std::string, int> defined_;  // by how many of the bodies around this point
  std::unordered_set<std::string> captured_;
};

}  // namespace

BodyNames names_of_bodies(const proto::NodeProto& node) {
  Walk walk;
  walk.into_bodies_of(node);
  return std::move(walk.names);
}

}  // namespace convoy::onnx
