// Written from evaluate.h alone: where the evaluator sums per stage, this walks single nodes,
// values and transfers. Slower on purpose, so that the two cannot share a mistake.
#include "plan/verify.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace convoy::plan {
namespace {

using Stage = std::size_t;

class Verifier {
 public:
  Verifier(const CostGraph& graph, const fleet::Fleet& fleet, const Plan& plan)
      : graph_(graph), fleet_(fleet), plan_(plan), readers_(graph.values.size()) {
    for (const NodeId node : graph.nodes.ids()) {
      for (const ValueId value : graph.nodes[node].reads) readers_[value].push_back(node);
    }
  }

  std::vector<std::string> run() {
    if (!run_placement().empty()) return wrong_;  // figures of no placement mean nothing
    check_ports();
    check_period_and_energy();
    check_latency();
    check_memory();
    check_bound();
    return wrong_;
  }
  std::vector<std::string> run_placement() {
    check_structure();
    if (wrong_.empty()) check_order();
    return wrong_;
  }

 private:
  template <class... Args>
  void wrong(fmt::format_string<Args...> format, Args&&... args) {
    wrong_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }
  // A millionth is far above rounding and far below what a mistake makes.
  void compare(std::string_view what, double claimed, double found, std::string_view unit) {
    if (!(std::abs(claimed - found) <= 1e-6 * std::max(std::abs(found), 1e-9))) {
      wrong("{} is said to be {} {}, but is {} {}", what, claimed, unit, found, unit);
    }
  }
  [[nodiscard]] const std::string& name(DeviceId device) const {
    return fleet_.devices[device].name;
  }
  // Who runs a stage, and for which part of all requests.
  [[nodiscard]] std::map<DeviceId, double> parts(Stage stage) const {
    const PlacedStage& placed = plan_.placement[stage];
    std::map<DeviceId, double> turns = {{placed.device, placed.turns}};
    for (const Replica& replica : placed.replicas) turns[replica.device] += replica.turns;
    double cycle = 0;
    for (const auto& [device, count] : turns) cycle += count;
    for (auto& [device, count] : turns) count /= cycle;
    return turns;
  }
  [[nodiscard]] bool runs(Stage stage, DeviceId device) const { return parts(stage).contains(device); }
  // Of a stage with replicas, the first of those that take longest.
  [[nodiscard]] DeviceId slowest(Stage stage) const {
    const PlacedStage& placed = plan_.placement[stage];
    DeviceId found = placed.device;
    for (const Replica& replica : placed.replicas) {
      if (compute(stage, replica.device) > compute(stage, found)) found = replica.device;
    }
    return found;
  }
  [[nodiscard]] bool made_in(Stage stage, ValueId value) const {
    const auto producer = graph_.values[value].producer;
    return producer && stage_.at(*producer) == stage;
  }
  [[nodiscard]] bool reads(Stage stage, ValueId value) const {
    return std::ranges::any_of(readers_[value],
                               [&](NodeId node) { return stage_.at(node) == stage; });
  }
  [[nodiscard]] bool reads_elsewhere(Stage stage, ValueId value) const {
    return std::ranges::any_of(readers_[value],
                               [&](NodeId node) { return stage_.at(node) != stage; });
  }
  [[nodiscard]] double seconds(ValueId value, DeviceId from, DeviceId to) const {
    const double rate = fleet_.links[from][to].bandwidth.value();
    return rate > 0 ? static_cast<double>(graph_.values[value].bytes.value()) / rate : 0;
  }
  // With multicast, of all transfers of a value only the slowest, and of equal ones the last, does.
  [[nodiscard]] bool occupies_sender(ValueId value, DeviceId from, DeviceId to) const {
    if (!fleet_.multicast) return true;
    return std::ranges::none_of(fleet_.devices.ids(), [&](DeviceId other) {
      return transfers_.contains({value, from, other}) &&
             std::pair(seconds(value, from, other), other) > std::pair(seconds(value, from, to), to);
    });
  }
  [[nodiscard]] double compute(Stage stage, DeviceId device) const {
    double sum = graph_.stage_overhead[device].count();
    for (const NodeId node : plan_.placement[stage].nodes) {
      sum += graph_.compute[device][node].count();
    }
    return sum;
  }

  void check_structure();
  void check_replicas(Stage stage);
  void check_order();
  void check_ports();
  void check_period_and_energy();
  void check_latency();
  void check_memory();
  [[nodiscard]] std::int64_t stage_memory(Stage stage) const;
  void check_bound();

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const Plan& plan_;
  ById<ValueId, std::vector<NodeId>> readers_;
  std::vector<std::string> wrong_;
  std::map<NodeId, Stage> stage_;
  // For which part of the requests, on average and at most.
  struct Share {
    double part = 1;
    double most = 1;
  };
  // (value, from, to): each value once a receiving device.
  std::map<std::tuple<ValueId, DeviceId, DeviceId>, Share> transfers_;
};

void Verifier::check_structure() {
  const Figures& figures = plan_.figures;
  if (figures.stages.size() != plan_.placement.size()) {
    wrong("the plan has {} stages, but figures for {}", plan_.placement.size(),
          figures.stages.size());
  }
  if (figures.memory.size() != fleet_.devices.size() ||
      figures.busy.size() != fleet_.devices.size()) {
    wrong("the plan's figures are not those of a fleet of {} devices", fleet_.devices.size());
  }
  for (Stage stage = 0; stage < plan_.placement.size(); ++stage) {
    const PlacedStage& placed = plan_.placement[stage];
    if (placed.device.index() >= fleet_.devices.size()) {
      wrong("stage {} is on device number {}, and the fleet has {}", stage + 1,
            placed.device.index(), fleet_.devices.size());
    }
    check_replicas(stage);
    if (placed.nodes.empty()) wrong("stage {} has no node", stage + 1);
    for (std::size_t i = 0; i < placed.nodes.size(); ++i) {
      const NodeId node = placed.nodes[i];
      if (node.index() >= graph_.nodes.size()) {
        wrong("stage {} has node number {}, and the graph has {}", stage + 1, node.index(),
              graph_.nodes.size());
        continue;
      }
      if (i > 0 && !(placed.nodes[i - 1] < node)) {
        wrong("stage {} does not list its nodes in ascending order", stage + 1);
      }
      const auto [at, added] = stage_.emplace(node, stage);
      if (!added) {
        wrong("node \"{}\" is in stage {} and in stage {}", graph_.nodes[node].name,
              at->second + 1, stage + 1);
      }
    }
  }
  std::map<GroupId, NodeId> first_of;
  for (const NodeId node : graph_.nodes.ids()) {
    if (!stage_.contains(node)) {
      wrong("node \"{}\" is in no stage", graph_.nodes[node].name);
      continue;
    }
    if (!graph_.nodes[node].group) continue;
    const NodeId first = first_of.emplace(*graph_.nodes[node].group, node).first->second;
    if (parts(stage_.at(node)) != parts(stage_.at(first))) {
      wrong("nodes \"{}\" and \"{}\" are of one group, and on two devices",
            graph_.nodes[first].name, graph_.nodes[node].name);
    }
  }
}

void Verifier::check_replicas(Stage stage) {
  const PlacedStage& placed = plan_.placement[stage];
  if (placed.replicas.empty()) return;
  if (placed.turns < 1 ||
      std::ranges::any_of(placed.replicas, [](const Replica& one) { return one.turns < 1; })) {
    wrong("a device of stage {} never has its turn", stage + 1);
  }
  std::set<DeviceId> devices = {placed.device};
  for (const auto& [device, turns] : placed.replicas) {
    if (device.index() >= fleet_.devices.size()) {
      wrong("stage {} is on device number {}, and the fleet has {}", stage + 1, device.index(),
            fleet_.devices.size());
    }
    if (!devices.insert(device).second) wrong("stage {} has a device twice", stage + 1);
  }
  for (Stage other = 0; other < plan_.placement.size(); ++other) {
    if (other == stage) continue;
    for (const DeviceId device : devices) {
      if (runs(other, device)) {
        wrong("device number {} has replicas of stage {} and runs stage {}, too", device.index(),
              stage + 1, other + 1);
      }
    }
  }
}

void Verifier::check_order() {
  for (const NodeId node : graph_.nodes.ids()) {
    for (const ValueId value : graph_.nodes[node].reads) {
      const auto producer = graph_.values[value].producer;
      if (!producer) continue;
      const Stage from = stage_.at(*producer);
      const Stage to = stage_.at(node);
      if (from > to) {
        wrong("stage {} reads \"{}\", which the later stage {} makes", to + 1,
              graph_.values[value].name, from + 1);
      }
      if (from == to) continue;
      for (const auto& [sender, sends] : parts(from)) {
        for (const auto& [receiver, receives] : parts(to)) {
          if (sender == receiver) continue;
          transfers_.insert_or_assign({value, sender, receiver},
                                      Share{sends * receives, std::min(sends, receives)});
        }
      }
    }
  }
}

void Verifier::check_ports() {
  for (Stage stage = 0; stage < plan_.placement.size(); ++stage) {
    std::set<ValueId> inputs;
    std::set<ValueId> outputs;
    for (const ValueId value : graph_.values.ids()) {
      if (made_in(stage, value)) {
        if (reads_elsewhere(stage, value) || graph_.values[value].is_output) outputs.insert(value);
      } else if (reads(stage, value)) {
        inputs.insert(value);
      }
    }
    const StageFigures& figures = plan_.figures.stages[stage];
    if (inputs != std::set(figures.inputs.begin(), figures.inputs.end())) {
      wrong("the inputs of stage {} are not what it reads", stage + 1);
    }
    if (outputs != std::set(figures.outputs.begin(), figures.outputs.end())) {
      wrong("the outputs of stage {} are not what others need of it", stage + 1);
    }
    double send = 0;
    double sent = 0;
    for (const auto& [transfer, share] : transfers_) {
      const auto& [value, from, to] = transfer;
      if (!made_in(stage, value)) continue;
      if (!occupies_sender(value, from, to)) continue;
      send += share.part * seconds(value, from, to);
      sent += share.part * static_cast<double>(graph_.values[value].bytes.value());
    }
    double computes = 0;
    for (const auto& [device, part] : parts(stage)) computes += part * compute(stage, device);
    const std::string of_stage = fmt::format("of stage {}", stage + 1);
    compare("compute time " + of_stage, figures.compute.count(), computes, "s");
    compare("sending time " + of_stage, figures.send.count(), send, "s");
    compare("bytes sent " + of_stage, static_cast<double>(figures.sent.value()),
            std::round(sent), "B");
  }
}

void Verifier::check_period_and_energy() {
  std::map<DeviceId, double> busy;
  for (Stage stage = 0; stage < plan_.placement.size(); ++stage) {
    for (const auto& [device, part] : parts(stage)) busy[device] += part * compute(stage, device);
  }
  for (const auto& [transfer, share] : transfers_) {
    const auto& [value, from, to] = transfer;
    const double time = seconds(value, from, to);
    if (occupies_sender(value, from, to)) busy[from] += fleet_.devices[from].transfer_load * time;
    busy[to] += fleet_.devices[to].transfer_load * time;
  }
  double period = 0;
  for (const DeviceId id : fleet_.devices.ids()) {
    const double found = busy.contains(id) ? busy[id] : 0;
    compare("busy time of " + name(id), plan_.figures.busy[id].count(), found, "s");
    period = std::max(period, found);
  }
  for (const DeviceId a : fleet_.devices.ids()) {
    for (const DeviceId b : fleet_.devices.ids()) {
      // What shares a resource with a transfer from a to b; for radio, with anything of a.
      double load = 0;
      for (const auto& [transfer, share] : transfers_) {
        const auto& [value, from, to] = transfer;
        const bool sends = occupies_sender(value, from, to);
        const bool shares = (fleet_.contention == fleet::Contention::medium && sends) ||
                            (fleet_.contention == fleet::Contention::radio &&
                             ((from == a && sends) || to == a)) ||
                            (from == a && to == b);
        const bool own_link = fleet_.contention == fleet::Contention::link;
        if (shares) load += (own_link ? share.most : share.part) * seconds(value, from, to);
      }
      period = std::max(period, load);
    }
  }
  compare("period", plan_.figures.period.count(), period, "s");
  double energy = 0;
  for (const auto& [id, time] : busy) {
    const auto& power = fleet_.devices[id].power;
    if (power) energy += power->busy.value() * time + power->idle.value() * (period - time);
  }
  compare("energy", plan_.figures.energy.value(), energy, "J");
}

void Verifier::check_latency() {
  const bool radio = fleet_.contention == fleet::Contention::radio;
  const bool medium = fleet_.contention == fleet::Contention::medium;
  std::map<DeviceId, double> device_free;
  std::map<std::pair<std::size_t, std::size_t>, double> link_free;
  std::map<std::pair<Stage, DeviceId>, double> there;
  double latency = 0;
  for (Stage stage = 0; stage < plan_.placement.size(); ++stage) {
    const DeviceId here = slowest(stage);
    double start = device_free[here];
    for (const auto& [from_to, time] : there) {
      const auto& [from, to] = from_to;
      if (to != here) continue;
      for (const auto& [transfer, share] : transfers_) {
        const ValueId value = std::get<0>(transfer);
        if (made_in(from, value) && reads(stage, value)) start = std::max(start, time);
      }
    }
    const double end = start + compute(stage, here);
    device_free[here] = end;
    latency = std::max(latency, end);
    std::set<DeviceId> served;
    for (Stage later = stage + 1; later < plan_.placement.size(); ++later) {
      const DeviceId to = slowest(later);
      bool any = false;
      double time = 0;
      for (const auto& [transfer, share] : transfers_) {
        const auto& [value, from, receiver] = transfer;
        if (from != here || receiver != to || !made_in(stage, value)) continue;
        time += seconds(value, from, to);
        any = any || reads(later, value);
      }
      if (!any || !served.insert(to).second) continue;
      // The keys of what the message occupies: a pair, two radios, or the medium.
      std::vector<std::pair<std::size_t, std::size_t>> keys = {{here.index(), to.index()}};
      if (radio) keys = {{here.index(), 0}, {to.index(), 0}};
      if (medium) keys = {{0, 0}};
      double begin = end;
      for (const auto& key : keys) begin = std::max(begin, link_free[key]);
      for (const auto& key : keys) link_free[key] = begin + time;
      there[{stage, to}] = begin + time + fleet_.links[here][to].latency.count();
    }
  }
  compare("latency", plan_.figures.latency.count(), latency, "s");
}

// Node by node: what must be there while it runs.
std::int64_t Verifier::stage_memory(Stage stage) const {
  const std::vector<NodeId>& nodes = plan_.placement[stage].nodes;
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  std::map<NodeId, std::int64_t> live;  // while each node runs
  for (const NodeId node : nodes) live[node] = graph_.nodes[node].workspace.value();
  for (const ValueId value : graph_.values.ids()) {
    const CostValue& of = graph_.values[value];
    if (!made_in(stage, value)) {
      if (reads(stage, value)) inputs += of.bytes.value();
      continue;
    }
    const bool is_output = of.is_output || reads_elsewhere(stage, value);
    if (is_output) outputs += of.bytes.value();
    NodeId last = *of.producer;
    for (const NodeId reader : readers_[value]) last = std::max(last, reader);
    for (auto at = live.find(*of.producer); at != live.end(); ++at) {
      if (is_output || at->first <= last) at->second += of.bytes.value();
    }
  }
  std::int64_t peak = 0;
  for (const auto& [node, bytes] : live) peak = std::max(peak, bytes);
  return inputs + peak + inputs + outputs;
}

void Verifier::check_memory() {
  for (const DeviceId id : fleet_.devices.ids()) {
    std::set<WeightId> weights;
    std::int64_t needed = 0;
    bool used = false;
    for (Stage stage = 0; stage < plan_.placement.size(); ++stage) {
      if (!runs(stage, id)) continue;
      used = true;
      needed += stage_memory(stage);
      for (const NodeId node : plan_.placement[stage].nodes) {
        weights.insert(graph_.nodes[node].weights.begin(), graph_.nodes[node].weights.end());
      }
    }
    if (used) needed += graph_.runtime_memory[id].value();
    for (const WeightId weight : weights) needed += graph_.weights[weight].value();
    compare("memory of " + name(id), static_cast<double>(plan_.figures.memory[id].value()),
            static_cast<double>(needed), "B");
    const std::int64_t limit = fleet_.devices[id].memory.value();
    if (limit > 0 && needed > limit) {
      wrong("{} needs {} of memory and has {}", name(id), to_text(Bytes(needed)),
            to_text(Bytes(limit)));
    }
  }
}

void Verifier::check_bound() {
  if (!plan_.bound) {
    if (plan_.proven) wrong("the plan is called proven, but has no bound");
    return;
  }
  const double bound = *plan_.bound;
  const Figures& figures = plan_.figures;
  const double reached = plan_.objective == Objective::latency  ? figures.latency.count()
                         : plan_.objective == Objective::energy ? figures.energy.value()
                                                                : figures.period.count();
  const std::string_view unit = plan_.objective == Objective::energy ? "J" : "s";
  if (bound > reached * (1 + 1e-6)) {
    wrong("the bound of {} {} is above the {} {} that the plan reaches", bound, unit, reached, unit);
  }
  std::set<DeviceId> devices;
  bool is_contiguous = true;
  for (const PlacedStage& stage : plan_.placement) {
    is_contiguous = is_contiguous && stage.replicas.empty() && devices.insert(stage.device).second;
  }
  if (is_contiguous && plan_.contiguous_bound &&
      *plan_.contiguous_bound > reached * (1 + 1e-6)) {
    wrong("the bound of {} {} for contiguous plans is above the {} {} that this one reaches",
          *plan_.contiguous_bound, unit, reached, unit);
  }
  if (plan_.proven && bound < reached * (1 - 1e-6)) {
    wrong("the plan is called proven, but its bound of {} {} is below its {} {}", bound, unit,
          reached, unit);
  }
}

}  // namespace

std::vector<std::string> verify(const CostGraph& graph, const fleet::Fleet& fleet,
                                const Plan& plan) {
  return Verifier(graph, fleet, plan).run();
}

std::vector<std::string> verify_placement(const CostGraph& graph, const fleet::Fleet& fleet,
                                          const Placement& placement) {
  Plan plan;
  plan.placement = placement;
  plan.figures.stages.resize(placement.size());
  plan.figures.memory.resize(fleet.devices.size());
  plan.figures.busy.resize(fleet.devices.size());
  return Verifier(graph, fleet, plan).run_placement();
}

}  // namespace convoy::plan
