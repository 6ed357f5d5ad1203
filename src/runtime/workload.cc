#include "runtime/workload.h"

#include <iterator>
#include <ranges>
#include <utility>

#include "runtime/wire.h"

namespace convoy::runtime {
namespace {

// Older busy intervals are forgotten: 32 bytes each.
constexpr std::size_t kMostIntervals = 100'000;

}  // namespace

void Workload::replace(std::vector<StageSpec> stages, PeerId self) {
  self_ = self;
  stages_.clear();
  for (StageSpec& stage : stages) {
    const StageId id = stage.id;
    stages_.emplace(id, Running{.stage = Stage(std::move(stage))});
  }
}

void Workload::start(std::uint64_t epoch, std::uint64_t window) {
  for (Running& running : stages_ | std::views::values) {
    running.stage.start(epoch, window);
    running.requests = 0;
    running.busy = Seconds(0);
    running.sent = Bytes(0);
  }
  intervals_.clear();
}

Workload::Step Workload::accept(const Parcel& parcel) {
  Step all;
  for (auto& [id, running] : stages_) {
    Stage::Step step = running.stage.accept(parcel);
    all.dropped += step.dropped;
    if (step.keeps) all.keepers.push_back(id);
    if (step.failed) all.failed.push_back(id);
    if (step.job) all.jobs.push_back(*std::move(step.job));
    std::ranges::move(step.deliveries, std::back_inserter(all.deliveries));
  }
  return all;
}

void Workload::cancel(std::uint64_t epoch, std::uint64_t request) {
  for (Running& running : stages_ | std::views::values) running.stage.cancel(epoch, request);
}

std::vector<Delivery> Workload::finish(Computed computed) {
  const auto found = stages_.find(computed.stage);
  if (found == stages_.end()) return {};
  Running& running = found->second;
  std::vector<Delivery> deliveries =
      running.stage.finish(computed.epoch, computed.request, std::move(computed.outputs));
  if (deliveries.empty()) return deliveries;
  ++running.requests;
  running.busy += Seconds(computed.end_s - computed.start_s);
  for (const Delivery& delivery : deliveries) {
    if (delivery.to != kCoordinator && delivery.to != self_) {
      running.sent += bytes_of(delivery.parcel);
    }
  }
  intervals_.push_back({computed.stage, computed.request, computed.start_s, computed.end_s});
  if (intervals_.size() > kMostIntervals) intervals_.pop_front();
  return deliveries;
}

void Workload::report(wire::Figures& figures, bool with_intervals) const {
  for (const auto& [id, running] : stages_) {
    wire::StageReport& stage = *figures.add_stages();
    stage.set_stage(static_cast<std::uint32_t>(id.index()));
    stage.set_requests(running.requests);
    stage.set_busy_s(running.busy.count());
    stage.set_sent_bytes(static_cast<std::uint64_t>(running.sent.value()));
  }
  if (!with_intervals) return;
  for (const Interval& interval : intervals_) {
    figures.add_interval_stage(static_cast<std::uint32_t>(interval.stage.index()));
    figures.add_interval_request(interval.request);
    figures.add_interval_start_s(interval.start_s);
    figures.add_interval_end_s(interval.end_s);
  }
}

}  // namespace convoy::runtime
