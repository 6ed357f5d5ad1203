// The ideals of a contraction: the sets of units that a first few stages can have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plan/contraction.h"

namespace convoy::plan {

// An ideal (or downset) has all predecessors of its units. Ideals are numbered such that a subset
// comes before its supersets; 0 is the empty one, the last has all units.
class Lattice {
 public:
  using Ideal = std::uint32_t;
  // The ideal that has one unit more.
  struct Cover {
    UnitId unit;
    Ideal ideal = 0;
  };

  // All ideals; nothing if they are more than `most`.
  [[nodiscard]] static std::optional<Lattice> all(const Contraction& contraction, std::size_t most);
  // Those that stand at the beginning of `order`, a topological order of all units.
  [[nodiscard]] static Lattice along(const std::vector<UnitId>& order);

  [[nodiscard]] std::size_t size() const { return first_cover_.size() - 1; }
  [[nodiscard]] std::span<const Cover> covers(Ideal ideal) const {
    return std::span(covers_).subspan(first_cover_[ideal],
                                      first_cover_[ideal + 1] - first_cover_[ideal]);
  }

 private:
  std::vector<std::size_t> first_cover_;  // by ideal, and one behind
  std::vector<Cover> covers_;
};

}  // namespace convoy::plan
