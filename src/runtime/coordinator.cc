#include "runtime/coordinator.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "foundation/clock.h"

namespace convoy::runtime {

Coordinator::Coordinator(CoordinatorSpec spec, Seconds request_timeout)
    : spec_(std::move(spec)), request_timeout_(request_timeout) {}

void Coordinator::await_outputs(Pending& request) const {
  request.outputs.assign(spec_.outputs.size(), std::nullopt);
  request.missing = spec_.outputs.size();
  request.failure.reset();
}

void Coordinator::end(Pending& request, Time now) {
  request.missing = 0;
  request.completed = now;
  request.inputs.clear();
}

void Coordinator::add_deliveries(std::uint64_t request,
                                 const std::vector<engine::SharedTensor>& inputs,
                                 std::vector<Delivery>& deliveries) const {
  const auto begin = static_cast<std::ptrdiff_t>(deliveries.size());
  const auto send = [&](const CoordinatorSpec::Input& input, const engine::SharedTensor& tensor) {
    for (const Reader& readers : input.readers) {
      const PeerId reader = readers.of(request);
      auto delivery = std::ranges::find(deliveries.begin() + begin, deliveries.end(), reader,
                                        &Delivery::to);
      if (delivery == deliveries.end()) {
        deliveries.push_back({reader, {.epoch = spec_.epoch, .request = request}});
        delivery = std::prev(deliveries.end());
      }
      delivery->parcel.items.push_back({input.value, tensor});
    }
  };
  for (std::size_t i = 0; i < spec_.inputs.size(); ++i) send(spec_.inputs[i], inputs[i]);
  for (const CoordinatorSpec::Input& trigger : spec_.triggers) send(trigger, {});
}

Result<Coordinator::Submitted> Coordinator::submit(std::vector<engine::SharedTensor> inputs,
                                                   Time now) {
  assert(!full());
  if (inputs.size() > spec_.inputs.size()) {
    return fail(ErrorKind::input, "{} inputs were given, but the model has {}", inputs.size(),
                spec_.inputs.size());
  }
  inputs.resize(spec_.inputs.size());

  Submitted submitted{.request = first_ + requests_.size()};
  if (spec_.epoch != 0) add_deliveries(submitted.request, inputs, submitted.deliveries);
  Pending pending{.submitted = now, .completed = now, .inputs = std::move(inputs)};
  await_outputs(pending);
  requests_.push_back(std::move(pending));
  return submitted;
}

std::size_t Coordinator::accept(const Parcel& parcel, Time now) {
  if (spec_.epoch == 0 || parcel.epoch != spec_.epoch || parcel.request < first_ ||
      parcel.request >= first_ + requests_.size()) {
    return parcel.items.size();
  }
  Pending& request = requests_[parcel.request - first_];
  std::size_t dropped = 0;
  for (const Item& item : parcel.items) {
    const auto output = std::ranges::find(spec_.outputs, item.value);
    const std::size_t index = output - spec_.outputs.begin();
    if (output == spec_.outputs.end() || request.missing == 0 || request.outputs[index]) {
      ++dropped;
      continue;
    }
    request.outputs[index] = item.tensor;
    if (parcel.failure && !request.failure) request.failure = parcel.failure;
    if (--request.missing > 0) continue;
    end(request, now);
    answered_ += request.failure ? 0 : 1;
  }
  return dropped;
}

std::uint64_t Coordinator::unanswered() const {
  const auto oldest =
      std::ranges::find_if(requests_, [](const Pending& request) { return request.missing > 0; });
  return static_cast<std::uint64_t>(requests_.end() - oldest);
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

std::vector<Delivery> Coordinator::resume(CoordinatorSpec spec) {
  assert(spec.inputs.size() == spec_.inputs.size() && spec.outputs.size() == spec_.outputs.size());
  spec_ = std::move(spec);
  std::vector<Delivery> deliveries;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    if (requests_[i].missing == 0) continue;
    await_outputs(requests_[i]);
    add_deliveries(first_ + i, requests_[i].inputs, deliveries);
  }
  return deliveries;
}

std::vector<std::uint64_t> Coordinator::expire(Time now, const std::string& why) {
  std::vector<std::uint64_t> expired;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    if (now - requests_[i].submitted <= request_timeout_) break;
    if (requests_[i].missing == 0) continue;
    requests_[i].failure = Error{ErrorKind::lost, why};
    end(requests_[i], now);
    expired.push_back(first_ + i);
  }
  return expired;
}

std::optional<Coordinator::Time> Coordinator::deadline() const {
  for (const Pending& request : requests_) {
    if (request.missing == 0) continue;
    return later(request.submitted, request_timeout_);
  }
  return std::nullopt;
}

std::vector<std::uint64_t> Coordinator::forget() {
  std::vector<std::uint64_t> forgotten;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    if (requests_[i].missing > 0) forgotten.push_back(first_ + i);
    end(requests_[i], requests_[i].completed);
  }
  wanted_ = first_ + requests_.size();
  return forgotten;
}

}  // namespace convoy::runtime
