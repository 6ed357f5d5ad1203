#include "plan/lattice.h"

#include <algorithm>
#include <unordered_map>

namespace convoy::plan {
namespace {

// A set of units as bits, that can be looked up.
class UnitSet {
 public:
  explicit UnitSet(std::size_t units) : words_((units + 63) / 64, 0) {}
  [[nodiscard]] bool has(UnitId unit) const {
    return words_[unit.index() / 64] >> unit.index() % 64 & 1;
  }
  [[nodiscard]] UnitSet with(UnitId unit) const {
    UnitSet more = *this;
    more.words_[unit.index() / 64] |= std::uint64_t{1} << unit.index() % 64;
    return more;
  }
  [[nodiscard]] bool has_all(const std::vector<UnitId>& units) const {
    return std::ranges::all_of(units, [&](UnitId unit) { return has(unit); });
  }
  friend bool operator==(const UnitSet&, const UnitSet&) = default;

  struct Hash {
    std::size_t operator()(const UnitSet& set) const {
      std::uint64_t hash = 0;
      for (const std::uint64_t word : set.words_) {
        hash = (hash ^ word) * 0x9E3779B97F4A7C15ULL;  // 2^64 / golden ratio
        hash ^= hash >> 32;
      }
      return hash;
    }
  };

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace

// By size: the covers of all ideals of one size are the ideals of the next.
std::optional<Lattice> Lattice::all(const Contraction& contraction, std::size_t most) {
  Lattice lattice;
  const std::size_t units = contraction.units.size();
  std::vector<UnitSet> layer = {UnitSet(units)};
  // Units that each ideal of the layer can grow by.
  std::vector<std::vector<UnitId>> open(1);
  for (const UnitId unit : contraction.units.ids()) {
    if (contraction.units[unit].predecessors.empty()) open[0].push_back(unit);
  }
  std::size_t ideals = 1;
  for (std::size_t size = 0; size < units; ++size) {
    std::unordered_map<UnitSet, Ideal, UnitSet::Hash> next;  // by its number in the next layer
    std::vector<UnitSet> next_layer;
    std::vector<std::vector<UnitId>> next_open;
    for (std::size_t i = 0; i < layer.size(); ++i) {
      lattice.first_cover_.push_back(lattice.covers_.size());
      for (const UnitId unit : open[i]) {
        const UnitSet grown = layer[i].with(unit);
        const auto [at, added] =
            next.emplace(grown, static_cast<Ideal>(ideals + next_layer.size()));
        lattice.covers_.push_back({unit, at->second});
        if (!added) continue;
        if (ideals + next_layer.size() >= most) return std::nullopt;
        std::vector<UnitId>& grows = next_open.emplace_back();
        std::ranges::copy_if(open[i], std::back_inserter(grows),
                             [&](UnitId other) { return other != unit; });
        for (const UnitId after : contraction.units[unit].successors) {
          if (grown.has_all(contraction.units[after].predecessors)) grows.push_back(after);
        }
        next_layer.push_back(grown);
      }
    }
    ideals += next_layer.size();
    layer = std::move(next_layer);
    open = std::move(next_open);
  }
  lattice.first_cover_.push_back(lattice.covers_.size());  // of the last ideal, which has none
  lattice.first_cover_.push_back(lattice.covers_.size());
  return lattice;
}

Lattice Lattice::along(const std::vector<UnitId>& order) {
  Lattice lattice;
  for (const UnitId unit : order) {
    lattice.first_cover_.push_back(lattice.covers_.size());
    lattice.covers_.push_back({unit, static_cast<Ideal>(lattice.first_cover_.size())});
  }
  lattice.first_cover_.push_back(lattice.covers_.size());
  lattice.first_cover_.push_back(lattice.covers_.size());
  return lattice;
}

}  // namespace convoy::plan
