// What a coordinator and a worker say first.
#pragma once

#include <limits>
#include <span>
#include <string>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "foundation/units.h"
#include "messages.pb.h"
#include "runtime/worker_host.h"

namespace convoy::runtime {

// `peers`: public keys of the workers that will send it tensors.
[[nodiscard]] wire::Hello hello_to(const WorkerHost::Worker& worker,
                                   std::span<const std::string> peers);

// Whether who answered is the device's worker, and one that can work with us.
[[nodiscard]] Result<void> check_welcome(const wire::Welcome& welcome, const fleet::Device& device,
                                         const WorkerHost::Worker& worker);

// With how many threads the device's worker is told to compute; 0: as it was started.
[[nodiscard]] std::uint32_t threads_told(const fleet::Device& device);

// How far another clock is ahead of ours, from questions and answers: the answer that came back
// fastest says most.
class ClockOffset {
 public:
  void add(double sent_s, double answered_s, double received_s);
  // 0 if, as far as can be told, the clocks are one.
  [[nodiscard]] Seconds value() const;

 private:
  double fastest_s_ = std::numeric_limits<double>::infinity();
  double offset_s_ = 0;
};

}  // namespace convoy::runtime
