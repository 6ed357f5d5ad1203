#include "runtime/workload.h"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

#include "runtime/wire.h"

namespace convoy::runtime {
namespace {

// Older busy intervals are forgotten: 48 bytes each.
constexpr std::size_t kMostIntervals = 20'000;

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
    running.waiting.clear();
  }
  sent_.clear();
}

Workload::Step Workload::accept(const Parcel& parcel, double now_s) {
  Step all;
  for (auto& [id, running] : stages_) {
    Stage::Step step = running.stage.accept(parcel);
    all.dropped += step.dropped;
    if (step.keeps) all.keepers.push_back(id);
    if (step.failed) all.failed.push_back(id);
    if (step.job) {
      running.waiting.emplace(step.job->request, now_s);
      all.jobs.push_back(*std::move(step.job));
    }
    std::ranges::move(step.deliveries, std::back_inserter(all.deliveries));
  }
  return all;
}

void Workload::cancel(std::uint64_t epoch, std::uint64_t request) {
  for (Running& running : stages_ | std::views::values) {
    running.stage.cancel(epoch, request);
    running.waiting.erase(request);
  }
}

std::vector<Delivery> Workload::finish(Computed computed) {
  const auto found = stages_.find(computed.stage);
  if (found == stages_.end()) return {};
  Running& running = found->second;
  std::vector<Delivery> deliveries =
      running.stage.finish(computed.epoch, computed.request, std::move(computed.outputs));
  if (deliveries.empty()) return deliveries;
  const auto waited = running.waiting.extract(computed.request);
  ++running.requests;
  running.busy += Seconds(computed.end_s - computed.start_s);
  for (const Delivery& delivery : deliveries) {
    if (delivery.to == self_) continue;
    const Bytes bytes = bytes_of(delivery.parcel);
    sent_[delivery.to] += bytes;
    if (delivery.to != kCoordinator) running.sent += bytes;
  }
  intervals_.push_back({.stage = computed.stage,
                        .epoch = computed.epoch,
                        .request = computed.request,
                        .ready_s = waited.empty() ? computed.start_s : waited.mapped(),
                        .start_s = computed.start_s,
                        .end_s = computed.end_s});
  if (intervals_.size() > kMostIntervals) intervals_.pop_front();
  return deliveries;
}

void Workload::report(wire::Figures& figures, bool with_intervals, double after_s) const {
  for (const auto& [id, running] : stages_) {
    wire::StageReport& stage = *figures.add_stages();
    stage.set_stage(static_cast<std::uint32_t>(id.index()));
    stage.set_requests(running.requests);
    stage.set_busy_s(running.busy.count());
    stage.set_sent_bytes(static_cast<std::uint64_t>(running.sent.value()));
    stage.set_waiting(running.waiting.size());
  }
  for (const auto& [to, bytes] : sent_) {
    wire::LinkReport& link = *figures.add_links();
    link.set_to(static_cast<std::uint32_t>(to.index()));
    link.set_sent_bytes(static_cast<std::uint64_t>(bytes.value()));
  }
  if (!with_intervals) return;
  // They end one after the other.
  const auto first = std::ranges::upper_bound(intervals_, after_s, {}, &Interval::end_s);
  for (const Interval& interval : std::ranges::subrange(first, intervals_.end())) {
    figures.add_interval_stage(static_cast<std::uint32_t>(interval.stage.index()));
    figures.add_interval_epoch(interval.epoch);
    figures.add_interval_request(interval.request);
    figures.add_interval_ready_s(interval.ready_s);
    figures.add_interval_start_s(interval.start_s);
    figures.add_interval_end_s(interval.end_s);
  }
}

}  // namespace convoy::runtime
