#include "plan/front_search.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "plan/assignment.h"
#include "plan/bound.h"
#include "plan/device_kinds.h"
#include "plan/lattice.h"
#include "plan/local_search.h"
#include "plan/objective.h"
#include "plan/order_search.h"
#include "plan/orders.h"
#include "plan/stage_search.h"
#include "plan/two_devices.h"

namespace convoy::plan {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostIdeals = 20'000;
constexpr std::size_t kMostSets = 4096;
constexpr std::size_t kMostLabels = 400'000;  // some hundred bytes each
constexpr std::size_t kMostInOrder =
    2'000;                               // units, for searches that look at each pair of boundaries
constexpr std::size_t kMostDivided = 8;  // devices, each pair of which is tried
constexpr std::int64_t kMovesPerUnit = 200;
constexpr std::int64_t kMostMoves = 20'000;
constexpr int kMostFutileRounds = 6;

class Search {
 public:
  Search(Front& front, const CostGraph& graph, const fleet::Fleet& fleet,
         const SolveOptions& options)
      : front_(front),
        graph_(graph),
        fleet_(fleet),
        options_(options),
        begun_(Clock::now()),
        contraction_(contract(graph, fleet, PlanForm::contiguous, {}, FreeNodes::stay)),
        kinds_(kinds_of(graph, fleet, std::nullopt, kMostSets, Alike::in_all)) {}

  FrontSearch run(Reach reach) {
    begin(reach);
    const std::vector<UnitId> given = topological_order(contraction_, OrderRule::given, 0);
    if (kinds_.left_out.empty() && given.size() <= kMostInOrder) {
      result_.has_chain = improve_within(Lattice::along(given), reach == Reach::any ? 0.3 : 1);
      if (reach != Reach::chain) search_all(reach == Reach::any ? 0.6 : 1);
    }
    if (reach == Reach::any) wander();
    return result_;
  }

 private:
  [[nodiscard]] bool is_over(double part) const {
    return Clock::now() - begun_ >= part * options_.budget || options_.stop();
  }
  [[nodiscard]] std::function<bool()> over(double part) const {
    return [this, part] { return is_over(part); };
  }

  // What is quickly found: each device alone, contiguous plans of a short period, two devices in
  // turns.
  void begin(Reach reach) {
    for (const DeviceId device : fleet_.devices.ids()) front_.offer(alone_on(graph_, device));
    OrderSearch order =
        search_orders(graph_, fleet_, period_bound(graph_, fleet_), options_.seed, over(0.2));
    if (order.placement) front_.offer(*std::move(order.placement));
    if (reach != Reach::any) return;
    loose_ = contract(graph_, fleet_, PlanForm::any, {}, FreeNodes::stay);
    const std::size_t devices = std::min(fleet_.devices.size(), kMostDivided);
    for (std::size_t a = 0; a < devices; ++a) {
      for (std::size_t b = a + 1; b < devices && !is_over(0.2); ++b) {
        front_.offer(divided_in_turns(graph_, fleet_, loose_, DeviceId(a), DeviceId(b)));
      }
    }
  }

  // True: the front has the best of the lattice's plans.
  bool improve_within(const Lattice& lattice, double part) {
    StageSearch search(graph_, fleet_, contraction_, lattice, kinds_, front_);
    return search.run(kMostLabels, over(part));
  }

  void search_all(double part) {
    const std::optional<Lattice> lattice = Lattice::all(contraction_, kMostIdeals);
    if (lattice) result_.has_contiguous = improve_within(*lattice, part);
  }

  // From each point of the front, until nothing gets better.
  void wander() {
    const auto moves =
        std::min(kMostMoves, kMovesPerUnit * static_cast<std::int64_t>(loose_.units.size()));
    std::uint64_t seed = options_.seed;
    for (int futile = 0; futile < kMostFutileRounds && !is_over(1) && !meets_bound(); ++futile) {
      const std::vector<Front::Point> points = front_.points();
      if (points.empty()) return;
      const std::vector<double> before = points.front().values;
      for (const Front::Point& point : points) {
        search_nearby(graph_, fleet_, loose_, point.placement, front_,
                      {.moves = moves,
                       .hottest = futile % 2 == 0 ? 0.02 : 0.2,
                       .seed = ++seed,
                       .stop = over(1)});
      }
      if (front_.points().size() != points.size() || front_.points().front().values != before) {
        futile = -1;
      }
    }
  }
  [[nodiscard]] bool meets_bound() const {
    return front_.objectives().size() == 1 && !front_.points().empty() &&
           front_.points().front().values.front() <=
               objective_bound(graph_, fleet_, front_.objectives().front()) * (1 + 1e-9);
  }

  Front& front_;
  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const SolveOptions& options_;
  Clock::time_point begun_;
  Contraction contraction_;
  Contraction loose_;  // of placements that need not be contiguous; set where these are looked at
  DeviceKinds kinds_;
  FrontSearch result_;
};

}  // namespace

FrontSearch fill(Front& front, const CostGraph& graph, const fleet::Fleet& fleet, Reach reach,
                 const SolveOptions& options) {
  return Search(front, graph, fleet, options).run(reach);
}

}  // namespace convoy::plan
