#include "onnx/functions.h"

#include <map>
#include <tuple>
#include <vector>

namespace convoy::onnx {

namespace {

using FunctionKey = std::tuple<std::string, std::string, std::string>;  // domain, name, overload

// Bodies nest at most some 30 deep (protobuf's own limit on reading), so this may recurse.
void add_calls(const proto::NodeProto& node, const std::map<FunctionKey, std::size_t>& functions,
               std::vector<std::size_t>& calls) {
  const auto called = functions.find({node.domain(), node.op_type(), node.overload()});
  if (called != functions.end()) calls.push_back(called->second);
  for_each_body(node, [&](const proto::GraphProto& body) {
    for (const auto& inner : body.node()) add_calls(inner, functions, calls);
  });
}

}  // namespace

Result<void> check_functions(const proto::ModelProto& model) {
  std::map<FunctionKey, std::size_t> functions;
  for (const auto& function : model.functions()) {
    functions.emplace(FunctionKey(function.domain(), function.name(), function.overload()),
                      functions.size());
  }
  std::vector<std::vector<std::size_t>> callers(functions.size());
  std::vector<std::size_t> open_calls(functions.size());
  for (const auto& function : model.functions()) {
    const std::size_t caller =
        functions.at({function.domain(), function.name(), function.overload()});
    std::vector<std::size_t> calls;
    for (const auto& node : function.node()) add_calls(node, functions, calls);
    for (const std::size_t called : calls) callers[called].push_back(caller);
    open_calls[caller] += calls.size();
  }
  // Functions whose calls all end, found from those that call nothing.
  std::vector<std::size_t> ending;
  for (std::size_t i = 0; i < open_calls.size(); ++i) {
    if (open_calls[i] == 0) ending.push_back(i);
  }
  for (std::size_t done = 0; done < ending.size(); ++done) {
    for (const std::size_t caller : callers[ending[done]]) {
      if (--open_calls[caller] == 0) ending.push_back(caller);
    }
  }
  for (const auto& [key, index] : functions) {
    if (open_calls[index] == 0) continue;
    return fail(ErrorKind::input, "the local function \"{}\" calls itself, or one that does",
                std::get<1>(key));
  }
  return {};
}

}  // namespace convoy::onnx
