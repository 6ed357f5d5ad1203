#include "runtime/gate.h"

#include <algorithm>
#include <utility>

namespace convoy::runtime {

bool Gate::trust(std::vector<NamedKey> coordinators) {
  if (coordinators == coordinators_) return false;
  coordinators_ = std::move(coordinators);
  return true;
}

bool Gate::admits(Side side, const std::string& key) const {
  return side == Side::control ? trusts(key) : std::ranges::contains(senders_, key);
}

bool Gate::trusts(const std::string& key) const {
  return std::ranges::contains(coordinators_, key, &NamedKey::key);
}

std::string Gate::name_of(const std::string& key) const {
  const auto found = std::ranges::find(coordinators_, key, &NamedKey::key);
  return found == coordinators_.end() ? "" : found->name;
}

}  // namespace convoy::runtime
