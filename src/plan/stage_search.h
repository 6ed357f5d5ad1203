// Contiguous plans that are best in latency, energy or two objectives at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fleet/fleet.h"
#include "plan/contraction.h"
#include "plan/cost_graph.h"
#include "plan/device_kinds.h"
#include "plan/front.h"
#include "plan/lattice.h"
#include "plan/plan.h"
#include "plan/stage_builder.h"

namespace convoy::plan {

// Partial plans (labels) grow by whole stages, from one ideal of the lattice to a larger one. Of
// those that have done the same with the same kinds of devices, one is dropped where another is no
// worse in all that the rest can depend on; and where the least that a label can still lead to is
// no better than what is known. So labels of resource-constrained shortest paths work (Desrochers
// and Soumis, INFOR 26(3), 1988); here the resources are devices, their memory, and the objectives
// themselves.
//
// Whole plans are counted by evaluate(). Partial ones are counted exactly, too, but where several
// earlier stages still have something to send over a shared radio or medium, with multicast, and
// with Device::transfer_load; there they only bound what they lead to, and are not compared.
class StageSearch {
 public:
  // The contraction must have been made with FreeNodes::stay, and the kinds with Alike::in_all.
  StageSearch(const CostGraph& graph, const fleet::Fleet& fleet, const Contraction& contraction,
              const Lattice& lattice, const DeviceKinds& kinds, Front& front);
  StageSearch(const StageSearch&) = delete;
  StageSearch& operator=(const StageSearch&) = delete;

  // Adds to the front what is better than what it has. True: it has all that is best of the plans
  // that the lattice allows. False: stopped, or there would have been more than `most_labels`.
  [[nodiscard]] bool run(std::size_t most_labels, const std::function<bool()>& stop);

 private:
  // A stage that others may still read from, in seconds: when it ends, and how long its radio is
  // occupied in a period, and until when by the one request.
  struct Open {
    std::uint32_t kind = 0;  // of its device
    double end = 0;
    double radio = 0;
    double radio_free = 0;
  };
  struct Crossing {
    NetId net;
    std::uint32_t open = 0;  // index of its sender
  };
  struct Label {
    std::size_t parent = 0;
    std::size_t used = 0;
    std::uint32_t kind = 0;     // of its last stage
    bool is_bound = false;      // its times may be shorter than they will turn out
    std::vector<UnitId> units;  // of its last stage
    std::vector<Open> open;     // in the order of their stages
    std::vector<Crossing> crossing;
    double latest = 0;       // end of any stage
    double period = 0;       // of what is settled
    double medium = 0;       // busy in a period
    double medium_free = 0;  // by the one request
    double active = 0;       // joules above idling
    double idle = 0;         // watts of the devices used
  };
  // What is left to do after an ideal, at least.
  struct Rest {
    double path = 0;     // seconds of the longest path
    double work = 0;     // seconds of all units
    double largest = 0;  // seconds of one unit
    double energy = 0;   // joules of all units
  };
  // The same after all ideals, by devices that are not in a set.
  struct Rests {
    std::vector<Rest> rests;   // by ideal
    std::vector<double> tail;  // by unit: the longest path from it on, seconds
    double overhead = 0;       // seconds of one more stage
    double overhead_energy = 0;
  };

  [[nodiscard]] const Rests& rests_without(std::size_t used);
  void expand(Lattice::Ideal from);
  void grow(Lattice::Ideal from, Lattice::Ideal ideal);
  void visit(Lattice::Ideal from, Lattice::Ideal to);
  [[nodiscard]] Label extended(std::size_t parent, std::uint32_t kind) const;
  [[nodiscard]] bool is_promising(const Label& label, Lattice::Ideal ideal);
  [[nodiscard]] bool is_no_worse(const Label& a, const Label& b) const;
  void keep(Label label, Lattice::Ideal ideal);
  void offer(const Label& label);

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const Contraction& contraction_;
  const Lattice& lattice_;
  const DeviceKinds& kinds_;
  Front& front_;
  StageBuilder builder_;
  KindLinks links_;
  bool wants_latency_;
  bool wants_loads_;
  bool is_exact_;                       // whether labels may be compared at all
  std::vector<double> least_latency_;   // by kind: of a link from it, seconds
  std::map<std::size_t, Rests> rests_;  // by the set that is used

  std::vector<Label> labels_;  // of all ideals; the first is the empty plan
  // By ideal and, of its labels that are not dropped, by what must be the same to compare them.
  std::vector<std::map<std::string, std::vector<std::size_t>>> standing_;
  std::vector<std::uint32_t> seen_;  // by ideal: in which enumeration
  std::uint32_t enumeration_ = 0;
  ById<UnitId, char> done_;  // in the ideal that stages begin at
  ById<UnitId, char> in_stage_;
  std::size_t most_labels_ = 0;
  std::function<bool()> stop_;
};

}  // namespace convoy::plan
