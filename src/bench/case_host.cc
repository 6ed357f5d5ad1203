#include "bench/case_host.h"

#include <algorithm>
#include <chrono>
#include <exception>

#include "bench/float_tensor.h"
#include "bench/image_input.h"
#include "bench/plugin.h"
#include "bench/user_solver.h"
#include "bench/user_split.h"
#include "emulation/local_host.h"
#include "engine/sample.h"
#include "engine/verify.h"
#include "foundation/file.h"
#include "foundation/suggest.h"
#include "onnx/model.h"
#include "plan/marginal.h"
#include "plan/plan_file.h"
#include "plan/solve.h"

namespace convoy::bench {
namespace {

namespace fs = std::filesystem;

template <class T>
T or_throw(Result<T> result) {
  if (!result) throw HostError(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

constexpr Seconds kMarginalTime{2};

Result<plan::Solver> solver_of(const CaseContext& context) {
  switch (context.settings.partitioning) {
    case Partitioning::memory:
      return plan::solve_memory;
    case Partitioning::chain:
      return plan::solve_chain;
    case Partitioning::solver:
      return own_solver(*context.solver);
    default:
      return plan::solve_auto;
  }
}

}  // namespace

CaseHost::CaseHost(CaseContext context)
    : context_(std::move(context)), devices_(infos_of(context_.devices->fleet)) {}

CaseHost::~CaseHost() {
  pipeline_.reset();
  if (workers_) workers_->stop_all();
}

void CaseHost::check_stop() const {
  if (context_.stop()) throw HostError({ErrorKind::cancelled, "stopped"});
}

const CaseHost::Costed& CaseHost::costed(PreparedModel model) {
  for (const auto& known : costed_) {
    if (known->model.file == model.file) return *known;
  }
  check_stop();
  context_.progress("measuring the model on each device", 0, 0);
  const fleet::Fleet& fleet = context_.devices->fleet;
  const profile::Profile* profile =
      or_throw(context_.profiles->of(model, fleet, context_.devices_file, context_.stop));
  check_stop();
  auto planned = or_throw(profile::cost_graph(model.graph, *profile, fleet));
  costed_.push_back(std::make_unique<Costed>(std::move(model), std::move(planned)));
  return *costed_.back();
}

const CaseHost::Costed& CaseHost::costed(const fs::path& model) {
  for (const auto& known : costed_) {
    if (known->model.original == model && known->model.level == context_.settings.level) {
      return *known;
    }
  }
  context_.progress("preparing the model", 0, 0);
  return costed(or_throw(prepare(model, context_.settings.level)));
}

std::vector<NodeInfo> CaseHost::profile(const fs::path& model) {
  const Costed& known = costed(model);
  last_profiled_ = &known;
  const plan::CostGraph& costs = known.planned.costs;
  const auto names_of = [&](const std::vector<ValueId>& values) {
    std::vector<std::string> names;
    for (const ValueId value : values) names.push_back(costs.values[value].name);
    return names;
  };
  std::vector<NodeInfo> nodes;
  for (const NodeId id : costs.nodes.ids()) {
    const plan::CostNode& node = costs.nodes[id];
    NodeInfo info{.name = node.name,
                  .op = known.model.graph.nodes[known.planned.placed[id]].op,
                  .inputs = names_of(node.reads),
                  .outputs = names_of(node.writes)};
    for (const WeightId weight : node.weights) info.weight_bytes += costs.weights[weight].value();
    for (const DeviceId device : costs.compute.ids()) {
      info.seconds.push_back(costs.compute[device][id].count());
    }
    nodes.push_back(std::move(info));
  }
  return nodes;
}

std::int64_t CaseHost::value_bytes(const std::string& value) {
  if (last_profiled_ == nullptr) {
    throw HostError({ErrorKind::input, "value_bytes() asks before profile() was called"});
  }
  for (const plan::CostValue& known : last_profiled_->planned.costs.values) {
    if (known.name == value) return known.bytes.value();
  }
  throw HostError({ErrorKind::input, fmt::format("the model has no value \"{}\"", value)});
}

DeviceId CaseHost::device_named(const std::string& name) const {
  if (const auto device = context_.devices->fleet.find(name)) return *device;
  std::vector<std::string> names;
  for (const DeviceInfo& device : devices_) names.push_back(device.name);
  throw HostError({ErrorKind::input, fmt::format("{}: no device \"{}\"{}",
                                                 context_.devices_file.string(), name,
                                                 suggest(name, names))});
}

DeviceId CaseHost::fastest(const Costed& costed) const {
  const plan::CostGraph& costs = costed.planned.costs;
  const auto whole = [&](DeviceId device) {
    Seconds sum = costs.stage_overhead[device];
    for (const Seconds time : costs.compute[device]) sum += time;
    return sum;
  };
  return std::ranges::min(costs.compute.ids(), {}, whole);
}

PartitionResult CaseHost::realize(const Costed& costed, const onnx::Partition& partition,
                                  plan::Plan plan) {
  const fleet::Fleet& fleet = context_.devices->fleet;
  context_.progress("cutting and checking", 0, 0);
  const fs::path directory = context_.directory / "sub_models";
  const onnx::SplitMap map =
      or_throw(split(costed.model, partition, plan::names_in_turn(plan.placement, fleet),
                     context_.settings.mode, directory));
  if (costed.model.level != context_.settings.level) {
    record_.notes.push_back(fmt::format(
        "optimised at level {} instead of {}, which would fuse away values that the partition "
        "points name",
        onnx::name_of(costed.model.level), onnx::name_of(context_.settings.level)));
  }
  record_.plan = in_names(plan, costed.planned, costed.model.graph, fleet);
  or_throw(write_file(context_.directory / "plan.json", record_.plan->json));
  PartitionResult result{.models_dir = directory, .map_info = {}};
  for (const onnx::SubModel& sub_model : map.sub_models) {
    result.map_info[sub_model.file] = sub_model.device;
  }
  return result;
}

PartitionResult CaseHost::cut(const fs::path& model, const std::vector<int>& stage_of,
                              const std::vector<std::string>& device_of_stage) {
  const Costed& known = costed(model);
  if (stage_of.size() != known.planned.costs.nodes.size()) {
    throw HostError({ErrorKind::input,
                     fmt::format("cut() got stages for {} nodes; profile() has {}",
                                 stage_of.size(), known.planned.costs.nodes.size())});
  }
  plan::Placement placement;
  for (const std::string& name : device_of_stage) placement.push_back({device_named(name), {}});
  for (std::size_t i = 0; i < stage_of.size(); ++i) {
    if (stage_of[i] < 0 || static_cast<std::size_t>(stage_of[i]) >= placement.size()) {
      throw HostError({ErrorKind::input, fmt::format("cut() puts node {} into stage {} of {}", i,
                                                     stage_of[i], placement.size())});
    }
    placement[static_cast<std::size_t>(stage_of[i])].nodes.emplace_back(i);
  }
  plan::Plan plan =
      or_throw(plan::solve_points(known.planned.costs, context_.devices->fleet, placement));
  plan.solver = "plug-in";
  for (plan::Unused& unused : plan.unused) unused.why = "the plug-in leaves it out";
  return realize(known,
                 profile::partition_of(known.planned, known.model.graph.nodes.size(), placement),
                 std::move(plan));
}

PartitionResult CaseHost::partition(const fs::path& model) {
  const fleet::Fleet& fleet = context_.devices->fleet;
  if (context_.settings.partitioning == Partitioning::points) {
    context_.progress("preparing the model", 0, 0);
    auto points = or_throw(
        prepare_points(model, context_.settings.level, context_.devices->points));
    const Costed& known = costed(std::move(points.model));
    std::vector<DeviceId> devices;
    for (const fleet::PartitionPoint& point : context_.devices->points) {
      devices.push_back(point.device);
    }
    const plan::Placement placement =
        profile::placement_of(known.planned, points.partition, devices);
    return realize(known, points.partition,
                   or_throw(plan::solve_points(known.planned.costs, fleet, placement)));
  }
  const Costed& known = costed(model);
  check_stop();
  context_.progress("planning", 0, 0);
  const plan::Solver solver = or_throw(solver_of(context_));
  plan::SolveOptions options{.stop = context_.stop};
  plan::Plan plan = or_throw(solver(known.planned.costs, fleet, options));
  options.budget = kMarginalTime;
  plan.marginal = plan::marginal_values(known.planned.costs, fleet, plan, solver, options);
  const onnx::Partition partition =
      profile::partition_of(known.planned, known.model.graph.nodes.size(), plan.placement);
  return realize(known, partition, std::move(plan));
}

void CaseHost::load(const fs::path& model, const std::string& device) {
  const Costed& known = costed(model);
  const DeviceId chosen = device.empty() ? fastest(known) : device_named(device);
  const std::size_t nodes = known.model.graph.nodes.size();
  const onnx::Partition whole{.parts = 1, .part_of = ById<NodeId, PartId>(nodes)};
  const plan::Placement placement = profile::placement_of(known.planned, whole, {chosen});
  plan::Plan plan = or_throw(
      plan::solve_points(known.planned.costs, context_.devices->fleet, placement));
  plan.solver = "none";
  for (plan::Unused& unused : plan.unused) unused.why = "the model is not divided";
  const PartitionResult partition = realize(known, whole, std::move(plan));
  start(or_throw(onnx::read_split_map(partition.models_dir)), partition.models_dir);
}

void CaseHost::load(const PartitionResult& partition) {
  auto adopted =
      or_throw(adopt(partition, context_.model, context_.directory / "sub_models"));
  for (const onnx::SubModel& sub_model : adopted.map.sub_models) {
    (void)device_named(sub_model.device);
  }
  if (!record_.plan) {  // not cut by this host, so not checked yet
    const PreparedModel prepared = or_throw(prepare(context_.model, adopted.map.level));
    const auto verified = or_throw(
        engine::verify(context_.model, adopted.directory, prepared.sample, /*threads=*/1));
    record_.notes.push_back("the plug-in's own sub-models, on a sample against the whole model: " +
                            engine::to_text(verified.largest));
  }
  start(adopted.map, adopted.directory);
}

void CaseHost::start(const onnx::SplitMap& map, const fs::path& directory) {
  check_stop();
  context_.progress("starting the devices", 0, 0);
  const fleet::Fleet& fleet = context_.devices->fleet;
  pipeline_.reset();
  workers_ = or_throw(emulation::make_local_host(
      fleet, context_.surroundings, emulation::MemoryLimit::enforced,
      emulation::Enforcement::automatic, context_.devices->changes));
  pipeline_ = or_throw(runtime::Pipeline::start(
      {{directory, map}}, fleet, *workers_,
      {.in_flight = context_.settings.in_flight, .stop = context_.stop}));
  workers_->begin_changes();
  record_.map = map;
  record_.emulation = workers_->description();
  record_.in_flight = context_.settings.in_flight != 0 ? context_.settings.in_flight
                                                       : 2 * map.sub_models.size() + 2;
}

void CaseHost::infer(std::size_t count, const std::function<FloatTensor(std::size_t)>& input,
                     const std::function<void(std::size_t, const FloatTensor&)>& output) {
  if (!pipeline_) throw HostError({ErrorKind::input, "infer() asks before load() was called"});
  const auto graph = or_throw(onnx::read_model(context_.model).and_then(
      [](const onnx::Model& read) { return onnx::index_graph(read); }));
  const auto required = std::ranges::count_if(engine::inputs_of(graph), &engine::Port::required);
  if (required != 1) {
    throw HostError({ErrorKind::input,
                     fmt::format("the model has {} inputs; base models feed one", required)});
  }
  const auto begun = std::chrono::steady_clock::now();
  const Seconds before = record_.arrivals.empty() ? Seconds(0) : record_.arrivals.back().at;
  // A plug-in's exception must not pass through the pipeline: it waits here until that is done.
  std::exception_ptr thrown;
  std::vector<std::size_t> items(count, 1);
  const auto feed = [&](std::size_t i) -> Result<std::vector<engine::SharedTensor>> {
    try {
      const FloatTensor tensor = input(i);
      if (!tensor.shape.empty()) items[i] = static_cast<std::size_t>(tensor.shape.front());
      auto shared = to_shared(tensor);
      if (!shared) return std::unexpected(shared.error());
      return std::vector{std::move(*shared)};
    } catch (...) {
      thrown = std::current_exception();
      return fail(ErrorKind::failure, "the base model failed");
    }
  };
  std::size_t done = 0;
  const auto take = [&](const runtime::Answer& answer) {
    if (thrown) return;
    const std::size_t i = done++;
    record_.arrivals.push_back({.at = before + (std::chrono::steady_clock::now() - begun),
                                .latency = answer.latency,
                                .items = items[i]});
    context_.progress("running", done, count);
    try {
      output(i, or_throw(to_floats(answer.outputs.at(0), record_.map->outputs.at(0))));
    } catch (...) {
      thrown = std::current_exception();
    }
  };
  const auto stop = [&] { return thrown != nullptr || context_.stop(); };
  const Result<void> ran = runtime::run_all(*pipeline_, count, feed, take, stop);
  if (thrown) std::rethrow_exception(thrown);
  if (!ran) {
    check_stop();
    throw HostError(ran.error());
  }
}

FloatTensor CaseHost::image(const fs::path& file, const ImageOptions& options) {
  check_stop();
  return or_throw(image_input(file, options));
}

RunRecord CaseHost::finish() {
  if (pipeline_) {
    record_.stages = or_throw(pipeline_->report());
    record_.busy = or_throw(pipeline_->busy_intervals());
    record_.emulation = workers_->description();
    pipeline_.reset();
    workers_->stop_all();
  }
  return std::move(record_);
}

}  // namespace convoy::bench
