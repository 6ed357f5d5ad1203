// What travels between the devices of a running plan.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/shared_tensor.h"
#include "foundation/error.h"
#include "foundation/id.h"

namespace convoy::runtime {

// Who sends and receives: 0 is the coordinator, workers follow.
using PeerId = Id<struct PeerTag>;
inline constexpr PeerId kCoordinator{0};

// A value of one request. The tensor is undefined for an optional input that was left out, and in a
// parcel that carries a failure.
struct Item {
  ValueId value;
  engine::SharedTensor tensor;
};

// Values of one request, made together. With `failure` they could not be made: whoever waits for
// them passes the failure on instead of computing, so that every request comes to an end.
// An epoch is in force from one start of a plan to the next; no two pipelines ever use the same
// one, so that what an old one left in flight harms nobody.
struct Parcel {
  std::uint64_t epoch = 0;
  std::uint64_t request = 0;
  std::optional<Error> failure;
  std::vector<Item> items;
};

// A parcel and who gets it.
struct Delivery {
  PeerId to;
  Parcel parcel;
};

}  // namespace convoy::runtime
