#include "runtime/intake.h"

#include <algorithm>
#include <utility>

namespace convoy::runtime {

void Intake::clear() {
  kept_.clear();
  counts_.clear();
  told_.clear();
}

void Intake::start(std::uint64_t window) {
  while (!kept_.empty()) end(kept_.begin()->first);
  window_ = window;
  newest_ = 0;
}

void Intake::see(std::uint64_t request) {
  newest_ = std::max(newest_, request);
  while (!kept_.empty() && kept_.begin()->first < newest_ &&
         newest_ - kept_.begin()->first >= window_) {
    end(kept_.begin()->first);
  }
}

void Intake::take(const std::string& route, Bytes bytes, std::uint64_t request,
                  std::vector<StageId> keepers) {
  counts_[route].received += bytes;
  Kept kept{route, bytes, std::move(keepers)};
  if (kept.keepers.empty()) return consume(kept);
  kept_.emplace(request, std::move(kept));
}

void Intake::consume(const Kept& kept) { counts_.at(kept.route).consumed += kept.bytes; }

void Intake::end(std::uint64_t request, StageId stage) {
  const auto [begin, end] = kept_.equal_range(request);
  for (auto each = begin; each != end;) {
    std::erase(each->second.keepers, stage);
    if (each->second.keepers.empty()) {
      consume(each->second);
      each = kept_.erase(each);
    } else {
      ++each;
    }
  }
}

void Intake::end(std::uint64_t request) {
  const auto [begin, end] = kept_.equal_range(request);
  for (auto each = begin; each != end; ++each) consume(each->second);
  kept_.erase(begin, end);
}

void Intake::remind() {
  std::erase_if(told_,
                [](const auto& told) { return told.second.consumed < told.second.received; });
}

std::map<std::string, Flow::Receipt> Intake::take_receipts() {
  std::map<std::string, Flow::Receipt> changed;
  for (const auto& [route, counts] : counts_) {
    if (Flow::Receipt& told = told_[route]; told != counts) {
      told = counts;
      changed.emplace(route, counts);
    }
  }
  return changed;
}

}  // namespace convoy::runtime
