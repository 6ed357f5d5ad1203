#include "engine/named_run.h"

#include <utility>

namespace convoy::engine {

Result<std::vector<SharedTensor>> in_order(const std::vector<Port>& ports,
                                           const NamedTensors& tensors) {
  std::vector<SharedTensor> ordered;
  for (const Port& port : ports) {
    const auto tensor = tensors.find(port.name);
    if (tensor != tensors.end()) {
      ordered.push_back(tensor->second);
    } else if (port.required) {
      return fail(ErrorKind::input, "input \"{}\" is missing", port.name);
    } else {
      ordered.emplace_back();
    }
  }
  return ordered;
}

NamedTensors by_name(const std::vector<Port>& ports, const std::vector<SharedTensor>& tensors) {
  NamedTensors named;
  for (auto tensor = tensors.begin(); const Port& port : ports) {
    if (port.required && tensor != tensors.end()) named.emplace(port.name, *tensor++);
  }
  return named;
}

Result<NamedTensors> run_file(const std::filesystem::path& model, const SessionOptions& options,
                              const NamedTensors& inputs) {
  Result<Session> session = Session::load(model, options);
  if (!session) return std::unexpected(session.error());
  const Result<std::vector<SharedTensor>> ordered = in_order(session->inputs(), inputs);
  if (!ordered) return within(model.string(), ordered.error());
  Result<std::vector<SharedTensor>> outputs = session->run(*ordered);
  if (!outputs) return within(model.string(), outputs.error());
  NamedTensors named;
  for (std::size_t i = 0; i < outputs->size(); ++i) {
    named.emplace(session->outputs()[i].name, share(copy((*outputs)[i])));
  }
  return named;
}

}  // namespace convoy::engine
