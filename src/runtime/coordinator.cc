#include "runtime/coordinator.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace convoy::runtime {

Coordinator::Coordinator(CoordinatorSpec spec) : spec_(std::move(spec)) {}

Result<Coordinator::Submitted> Coordinator::submit(std::vector<engine::SharedTensor> inputs,
                                                   Time now) {
  assert(!full());
  if (inputs.size() > spec_.inputs.size()) {
    return fail(ErrorKind::input, "{} inputs were given, but the model has {}", inputs.size(),
                spec_.inputs.size());
  }
  inputs.resize(spec_.inputs.size());

  Submitted submitted{.request = first_ + requests_.size()};
  const auto send = [&](const CoordinatorSpec::Input& input, const engine::SharedTensor& tensor) {
    for (const Reader& readers : input.readers) {
      const PeerId reader = readers.of(submitted.request);
      auto delivery = std::ranges::find(submitted.deliveries, reader, &Delivery::to);
      if (delivery == submitted.deliveries.end()) {
        submitted.deliveries.push_back(
            {reader, {.epoch = spec_.epoch, .request = submitted.request}});
        delivery = std::prev(submitted.deliveries.end());
      }
      delivery->parcel.items.push_back({input.value, tensor});
    }
  };
  for (std::size_t i = 0; i < spec_.inputs.size(); ++i) send(spec_.inputs[i], inputs[i]);
  for (const CoordinatorSpec::Input& trigger : spec_.triggers) send(trigger, {});

  Pending pending{.submitted = now, .completed = now, .missing = spec_.outputs.size()};
  pending.outputs.resize(spec_.outputs.size());
  requests_.push_back(std::move(pending));
  return submitted;
}

std::size_t Coordinator::accept(const Parcel& parcel, Time now) {
  if (parcel.epoch != spec_.epoch || parcel.request < first_ ||
      parcel.request >= first_ + requests_.size()) {
    return parcel.items.size();
  }
  Pending& request = requests_[parcel.request - first_];
  std::size_t dropped = 0;
  for (const Item& item : parcel.items) {
    const auto output = std::ranges::find(spec_.outputs, item.value);
    const std::size_t index = output - spec_.outputs.begin();
    if (output == spec_.outputs.end() || request.outputs[index]) {
      ++dropped;
      continue;
    }
    request.outputs[index] = item.tensor;
    if (parcel.failure && !request.failure) request.failure = parcel.failure;
    if (--request.missing == 0) request.completed = now;
  }
  return dropped;
}

std::optional<Result<Answer>> Coordinator::next() {
  while (!requests_.empty() && requests_.front().missing == 0) {
    Pending done = std::move(requests_.front());
    requests_.pop_front();
    const std::uint64_t number = first_++;
    if (number < wanted_) continue;
    if (done.failure) {
      return std::unexpected(within(fmt::format("request {}", number), *std::move(done.failure)));
    }
    Answer answer{.request = number, .latency = done.completed - done.submitted};
    for (auto& output : done.outputs) answer.outputs.push_back(*std::move(output));
    return answer;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Coordinator::overdue(Time now) const {
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    if (requests_[i].missing == 0) continue;
    if (now - requests_[i].submitted <= spec_.request_timeout) return std::nullopt;
    return first_ + i;
  }
  return std::nullopt;
}

}  // namespace convoy::runtime
