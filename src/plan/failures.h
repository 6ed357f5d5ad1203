// What a search has tried in vain.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace convoy::plan {

// States that could not be completed. A key says how a state can go on; loads, as many for each
// state of a key, say how busy what is shared already is. What failed fails with higher loads too.
class Failures {
 public:
  using Loads = std::vector<double>;

  void clear() { failed_.clear(); }
  [[nodiscard]] bool has(const std::string& key, const Loads& loads) const {
    const auto at = failed_.find(key);
    return at != failed_.end() && std::ranges::any_of(at->second, [&](const Loads& failed) {
             return std::ranges::equal(failed, loads, std::less_equal());
           });
  }
  void add(std::string key, Loads loads) {
    std::vector<Loads>& failures = failed_[std::move(key)];
    std::erase_if(failures, [&](const Loads& failed) {
      return std::ranges::equal(loads, failed, std::less_equal());
    });
    failures.push_back(std::move(loads));
  }

  // Numbers as parts of a key.
  template <class T>
  static void append(std::string& key, T number) {
    key.append(reinterpret_cast<const char*>(&number), sizeof(number));
  }

 private:
  std::unordered_map<std::string, std::vector<Loads>> failed_;
};

}  // namespace convoy::plan
