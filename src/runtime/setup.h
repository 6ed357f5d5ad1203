// What a coordinator asks a worker to be, checked.
#pragma once

#include <string>
#include <vector>

#include "foundation/error.h"
#include "messages.pb.h"
#include "runtime/computer.h"
#include "runtime/stage.h"

namespace convoy::runtime {

struct PeerSpec {
  PeerId id;
  std::string name;
  std::string endpoint;  // of its data socket
  std::string key;       // empty: the link is not encrypted
};

struct SetupSpec {
  PeerId self;
  std::vector<StageSpec> stages;
  std::vector<StageModel> models;  // of the stages, in their order
  std::vector<PeerSpec> peers;
  int threads = 0;  // 0: as the worker was started
};

// No worker runs more stages, sends to more peers, or is more requests ahead.
inline constexpr int kMostStages = 10'000;
inline constexpr int kMostPeers = 1'000;
inline constexpr std::uint64_t kMostWindow = 1'000'000;

// Errors: a stage or a peer that is there twice, a stage that reads nothing, a reader that
// is no peer.
[[nodiscard]] Result<SetupSpec> decode(const wire::Setup& setup);
// Error: no epoch, or a window that is empty or absurd.
[[nodiscard]] Result<void> check(const wire::Start& start);

[[nodiscard]] ModelFiles from_wire(const wire::ModelFiles& files);
[[nodiscard]] wire::ModelFiles to_wire(const ModelFiles& files);

}  // namespace convoy::runtime
