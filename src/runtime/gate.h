// Who may speak to a worker.
#pragma once

#include <string>
#include <vector>

#include "runtime/keys.h"

namespace convoy::runtime {

// Trusted keys at the control socket; at the data socket the coordinator that has the worker and
// the peers that it named. No sockets, no files.
class Gate {
 public:
  enum class Side { control, data };

  // Who may be a coordinator. Whether anything changed.
  bool trust(std::vector<NamedKey> coordinators);
  // Who sends tensors: the coordinator and its workers.
  void expect(std::vector<std::string> senders) { senders_ = std::move(senders); }

  [[nodiscard]] bool admits(Side side, const std::string& key) const;
  [[nodiscard]] bool trusts(const std::string& key) const;
  [[nodiscard]] const std::vector<NamedKey>& trusted() const { return coordinators_; }
  // The name of a trusted key.
  [[nodiscard]] std::string name_of(const std::string& key) const;

 private:
  std::vector<NamedKey> coordinators_;
  std::vector<std::string> senders_;
};

}  // namespace convoy::runtime
