#include "runtime/stage.h"

#include <algorithm>
#include <utility>

namespace convoy::runtime {

Stage::Stage(StageSpec spec) : spec_(std::move(spec)) {}

void Stage::start(std::uint64_t epoch, std::uint64_t window) {
  epoch_ = epoch;
  window_ = window;
  gathered_.clear();
}

Stage::Gathered& Stage::gather(std::uint64_t number) {
  const auto [found, is_new] = gathered_.try_emplace(number);
  if (is_new) {
    found->second.inputs.resize(spec_.inputs.size());
    found->second.missing = spec_.inputs.size();
    // The coordinator never runs more than a window ahead of the oldest unanswered request.
    while (gathered_.rbegin()->first - gathered_.begin()->first >= window_) {
      gathered_.erase(gathered_.begin());
    }
  }
  return found->second;
}

bool Stage::has_ended(std::uint64_t request) const {
  return !gathered_.empty() && request < gathered_.rbegin()->first &&
         gathered_.rbegin()->first - request >= window_;
}

void Stage::cancel(std::uint64_t epoch, std::uint64_t request) {
  if (epoch != epoch_ || epoch_ == 0 || has_ended(request)) return;
  Gathered& gathered = gather(request);
  gathered.complete = true;
  gathered.cancelled = true;
  gathered.inputs.clear();
}

Stage::Step Stage::accept(const Parcel& parcel) {
  Step step;
  std::vector<std::pair<std::size_t, const Item*>> mine;
  for (const Item& item : parcel.items) {
    const auto input = std::ranges::find(spec_.inputs, item.value);
    if (input != spec_.inputs.end()) mine.emplace_back(input - spec_.inputs.begin(), &item);
  }
  if (mine.empty()) return step;

  if (parcel.epoch != epoch_ || epoch_ == 0 || has_ended(parcel.request)) {
    step.dropped = mine.size();
    return step;
  }
  Gathered& request = gather(parcel.request);
  for (const auto& [input, item] : mine) {
    if (request.complete || request.inputs[input]) {
      ++step.dropped;
      continue;
    }
    request.inputs[input] = item->tensor;
    --request.missing;
    if (parcel.failure && !request.failure) request.failure = parcel.failure;
  }
  step.keeps = step.dropped < mine.size();
  if (request.missing > 0 || request.complete) return step;

  request.complete = true;
  if (request.failure) {
    step.keeps = false;
    step.failed = true;
    step.deliveries = finish(parcel.epoch, parcel.request, std::unexpected(*request.failure));
  } else {
    step.job = Job{.stage = spec_.id, .epoch = parcel.epoch, .request = parcel.request};
    for (auto& input : request.inputs) step.job->inputs.push_back(std::move(*input));
  }
  request.inputs.clear();
  return step;
}

std::vector<Delivery> Stage::finish(std::uint64_t epoch, std::uint64_t request,
                                    Result<std::vector<engine::SharedTensor>> outputs) {
  std::vector<Delivery> deliveries;
  if (epoch != epoch_) return deliveries;
  const auto gathered = gathered_.find(request);
  if (gathered != gathered_.end() && gathered->second.cancelled) return deliveries;
  if (outputs && outputs->size() != spec_.outputs.size()) {
    outputs = fail(ErrorKind::failure, "a stage made {} values instead of {}", outputs->size(),
                   spec_.outputs.size());
  }
  for (std::size_t i = 0; i < spec_.outputs.size(); ++i) {
    for (const Reader& readers : spec_.outputs[i].readers) {
      const PeerId reader = readers.of(request);
      auto delivery = std::ranges::find(deliveries, reader, &Delivery::to);
      if (delivery == deliveries.end()) {
        deliveries.push_back({reader, {.epoch = epoch, .request = request}});
        delivery = std::prev(deliveries.end());
        if (!outputs) delivery->parcel.failure = outputs.error();
      }
      delivery->parcel.items.push_back(
          {spec_.outputs[i].value, outputs ? (*outputs)[i] : engine::SharedTensor{}});
    }
  }
  return deliveries;
}

}  // namespace convoy::runtime
