#include "runtime/setup.h"

#include <algorithm>
#include <utility>

#include "onnx/cut.h"

namespace convoy::runtime {
namespace {

constexpr std::uint32_t kMostThreads = 1024;
constexpr int kMostTurns = 4096;

Result<void> add_peer(SetupSpec& spec, const wire::Peer& peer) {
  const PeerId id(peer.peer());
  if (std::ranges::contains(spec.peers, id, &PeerSpec::id) || id == spec.self ||
      id == kCoordinator) {
    return fail(ErrorKind::failure, "peer {} is there already", peer.peer());
  }
  spec.peers.push_back(
      {.id = id, .name = peer.name(), .endpoint = peer.endpoint(), .key = peer.key()});
  return {};
}

Result<void> add_stage(SetupSpec& spec, const wire::StageSetup& stage) {
  const StageId id(stage.stage());
  if (std::ranges::contains(spec.stages, id, &StageSpec::id) || stage.inputs().empty()) {
    return fail(ErrorKind::failure, "stage {} is there already, or reads nothing", stage.stage());
  }
  const auto level = onnx::parse_level(stage.level());
  if (!level) return std::unexpected(level.error());
  StageSpec made{.id = id};
  StageModel model{.stage = id, .files = from_wire(stage.model()), .level = *level};
  for (const wire::ReadValue& input : stage.inputs()) {
    made.inputs.push_back(ValueId(input.value()));
    model.inputs.push_back(input.name());
  }
  for (const wire::WrittenValue& output : stage.outputs()) {
    StageSpec::Output to{.value = ValueId(output.value())};
    if (std::cmp_greater(output.readers_size(), spec.peers.size() + 2)) {
      return fail(ErrorKind::failure, "stage {} has more readers than there are peers",
                  stage.stage());
    }
    for (const wire::Reader& readers : output.readers()) {
      if (readers.turns().empty() || readers.turns_size() > kMostTurns) {
        return fail(ErrorKind::failure, "stage {} has {} readers that take turns", stage.stage(),
                    readers.turns_size());
      }
      std::vector<PeerId> turns;
      for (const std::uint32_t number : readers.turns()) {
        const PeerId reader(number);
        if (reader != kCoordinator && reader != spec.self &&
            !std::ranges::contains(spec.peers, reader, &PeerSpec::id)) {
          return fail(ErrorKind::failure, "stage {} is read by {}, which is no peer",
                      stage.stage(), number);
        }
        turns.push_back(reader);
      }
      to.readers.emplace_back(std::move(turns));
    }
    made.outputs.push_back(std::move(to));
    model.outputs.push_back(output.name());
  }
  spec.stages.push_back(std::move(made));
  spec.models.push_back(std::move(model));
  return {};
}

}  // namespace

Result<SetupSpec> decode(const wire::Setup& setup) {
  if (setup.stages_size() > kMostStages || setup.peers_size() > kMostPeers ||
      setup.threads() > kMostThreads) {
    return fail(ErrorKind::failure, "{} stages with {} peers on {} threads are too many",
                setup.stages_size(), setup.peers_size(), setup.threads());
  }
  SetupSpec spec{
      .self = PeerId(setup.self()),
      .threads = static_cast<int>(setup.threads())};
  for (const wire::Peer& peer : setup.peers()) {
    if (auto added = add_peer(spec, peer); !added) return std::unexpected(added.error());
  }
  for (const wire::StageSetup& stage : setup.stages()) {
    if (auto added = add_stage(spec, stage); !added) return std::unexpected(added.error());
  }
  return spec;
}

Result<void> check(const wire::Start& start) {
  if (start.epoch() != 0 && start.window() > 0 && start.window() <= kMostWindow) return {};
  return fail(ErrorKind::failure,
              "epoch {} with a window of {} requests cannot start; right would be 1 "
              "to {}",
              start.epoch(), start.window(), kMostWindow);
}

ModelFiles from_wire(const wire::ModelFiles& files) {
  return {files.sha256(), files.data_file(), files.data_sha256()};
}

wire::ModelFiles to_wire(const ModelFiles& files) {
  wire::ModelFiles message;
  message.set_sha256(files.sha256);
  message.set_data_file(files.data_file);
  message.set_data_sha256(files.data_sha256);
  return message;
}

}  // namespace convoy::runtime
