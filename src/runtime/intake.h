// What other workers sent a worker, and what has become of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "foundation/id.h"
#include "foundation/units.h"
#include "runtime/flow.h"

namespace convoy::runtime {

// The receiving end of all connections from other workers (each has a Flow at its other end). A
// parcel is consumed when all stages here that keep something of it have computed its request, or
// the request or the epoch has ended, or at once if none keeps any.
// No sockets and no clock. Memory: what a window of requests has under way.
class Intake {
 public:
  // Connections are new: counting begins anew.
  void clear();
  // An epoch begins; what there is of another is consumed. `window`: a request that is so many
  // behind the newest has ended.
  void start(std::uint64_t window);
  // There is a request, wherever it came from.
  void see(std::uint64_t request);
  // A message of so many bytes came by `route`; `keepers`: stages that keep something of it.
  void take(const std::string& route, Bytes bytes, std::uint64_t request,
            std::vector<StageId> keepers);
  // A stage keeps nothing of the request any more; none does.
  void end(std::uint64_t request, StageId stage);
  void end(std::uint64_t request);

  // Receipts are due again where something is not consumed: to say that the link is there.
  void remind();
  // By route; where something has changed since they were taken before, or they are due again.
  [[nodiscard]] std::map<std::string, Flow::Receipt> take_receipts();

 private:
  struct Kept {
    std::string route;
    Bytes bytes;
    std::vector<StageId> keepers;
  };
  void consume(const Kept& kept);

  std::uint64_t window_ = 1;
  std::uint64_t newest_ = 0;
  std::multimap<std::uint64_t, Kept> kept_;  // by request
  std::map<std::string, Flow::Receipt> counts_;
  std::map<std::string, Flow::Receipt> told_;
};

}  // namespace convoy::runtime
