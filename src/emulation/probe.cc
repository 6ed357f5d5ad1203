#include <unistd.h>

#include "emulation/control_group.h"
#include "emulation/leftovers.h"
#include "emulation/local_host.h"
#include "emulation/virtual_network.h"

namespace convoy::emulation {
namespace {

Result<void> try_quota(const std::string& name) {
  const auto controller = find_controller("cpu");
  if (!controller) return std::unexpected(controller.error());
  const auto group = ControlGroup::create(*controller, name);
  if (!group) return std::unexpected(group.error());
  const auto child = group->create_child("device");
  if (!child) return std::unexpected(child.error());
  return child->set_cores(0.5);
}

Result<void> try_memory_limit(const std::string& name) {
  const auto controller = find_controller("memory");
  if (!controller) return std::unexpected(controller.error());
  const auto group = ControlGroup::create(*controller, name);
  if (!group) return std::unexpected(group.error());
  const auto child = group->create_child("device");
  if (!child) return std::unexpected(child.error());
  return child->set_memory(Bytes(100'000'000));
}

}  // namespace

Capabilities probe() {
  remove_leftovers();
  const std::string name = fmt::format("convoy-{}-p", ::getpid());
  Capabilities able;
  const auto note = [&](bool& can, const std::string& what, const Result<void>& tried) {
    can = tried.has_value();
    if (!tried) able.reasons.push_back(what + ": " + tried.error().message);
  };
  note(able.cpu_quota, "no CPU quota", try_quota(name));
  note(able.memory_limit, "no memory limit", try_memory_limit(name));
  note(able.shaped_network, "no shaped network", try_network(name));
  return able;
}

}  // namespace convoy::emulation
