// Any bytes as what coordinators, workers and ZeroMQ's connections say: understood, or refused. The
// first byte says to whom, the next how the rest falls into parts.
#include <array>
#include <map>
#include <string_view>

#include "messages.pb.h"
#include "runtime/capabilities.h"
#include "runtime/flow.h"
#include "runtime/setup.h"
#include "runtime/stage.h"
#include "runtime/wire.h"
#include "runtime/zap.h"

namespace {

using namespace convoy;
using namespace convoy::runtime;

// "N" then N lengths of one byte, then the parts; the last one is whatever remains.
Parts parts_of(std::string_view bytes) {
  Parts parts;
  if (bytes.empty()) return parts;
  const std::size_t count = static_cast<unsigned char>(bytes[0]) % 8;
  std::string_view rest = bytes.substr(std::min(bytes.size(), count + 1));
  for (std::size_t i = 0; i < count && i + 1 < bytes.size(); ++i) {
    const std::string_view part = rest.substr(0, static_cast<unsigned char>(bytes[i + 1]));
    parts.emplace_back(part);
    rest.remove_prefix(part.size());
  }
  parts.emplace_back(rest);
  return parts;
}

void take_request(Parts parts) {
  wire::Request request;
  if (!parse_part(parts.front(), request)) return;
  if (request.has_hello()) {
    (void)check_versions(request.hello().protocol(), request.hello().convoy_version(),
                         request.hello().runtime_version());
  }
  if (request.has_start()) (void)check(request.start());
  if (request.has_offer()) (void)from_wire(request.offer().pieces(), request.offer().bytes());
  if (request.has_measure()) (void)take_tensors(request.measure().inputs(), parts, 1);
  if (!request.has_setup()) return;
  auto spec = decode(request.setup());
  if (!spec) return;
  for (StageSpec& stage : spec->stages) Stage(std::move(stage)).start(1, 1);
}

void take_answer(const Parts& parts) {
  wire::Answer answer;
  if (!parse_part(parts.front(), answer)) return;
  (void)from_wire(answer.failure());
  (void)check_device({.name = "a", .memory = Bytes(1), .cores = 1}, from_wire(answer.welcome()));
}

void take_receipt(const wire::DataHeader& header) {
  Flow flow(Bytes(10));
  Packet packet{.to = PeerId(1)};
  packet.parts.emplace_back(10);
  flow.push(std::move(packet));
  (void)flow.release({});
  for (int i = 0; i < 2; ++i) (void)flow.take(from_wire(header), {});
  (void)flow.is_stalled({});
}

// Twice, as a repeated message.
void take_parcel(Parts parts) {
  wire::DataHeader header;
  if (!parse_part(parts.front(), header)) return;
  take_receipt(header);
  const auto parcel = decode(header, parts);
  if (!parcel) return;
  Stage stage({.id = StageId(0),
               .inputs = {ValueId(1), ValueId(2)},
               .outputs = {{ValueId(3), {kCoordinator}}}});
  stage.start(1, 2);
  for (int i = 0; i < 2; ++i) {
    const Stage::Step step = stage.accept(*parcel);
    for (const Delivery& delivery : step.deliveries) (void)encode(delivery.parcel, PeerId(1));
  }
  (void)encode(*parcel, PeerId(1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Parts parts = parts_of({reinterpret_cast<const char*>(data) + 1, size - 1});
  if (parts.empty()) return 0;
  switch (data[0] % 4) {
    case 0:
      take_request(std::move(parts));
      break;
    case 1:
      take_answer(parts);
      break;
    case 2:
      take_parcel(std::move(parts));
      break;
    default:
      (void)parse_zap(parts);
  }
  return 0;
}
