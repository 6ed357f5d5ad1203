// The files that one worker is to have, sent one after the other.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "runtime/file_transfer.h"
#include "runtime/routed_plan.h"

namespace convoy::runtime {

// The pieces of a sub-model's weights, which takes a while to find out: nullopt as long as it does.
// An empty list if they cannot be read.
using FindPieces = std::function<std::optional<std::vector<onnx::DataPiece>>(const PlanFile& file)>;

// Says what to ask on a connection, as FileTransfer does.
class FileSender {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Those that were not sent yet. `at_once`: a plan waits for them; only when idle.
  void want(std::vector<PlanFile> files, bool at_once);
  // The next message; nothing while answers must come first, or pieces be found out. Error: the
  // file cannot be read.
  [[nodiscard]] Result<std::optional<FileTransfer::Message>> next(const FindPieces& pieces_of,
                                                                  Time now);
  void answered(const wire::Answer& answer, Time now);
  // The worker refused something: whether to go on, with what was asked before forgotten.
  [[nodiscard]] bool goes_on() { return transfer_ && transfer_->goes_on_without_pieces(); }
  // Forgets what is yet to be sent.
  void stop();

  // There is nothing to be sent.
  [[nodiscard]] bool is_idle() const { return files_.empty(); }
  [[nodiscard]] bool awaits_pieces() const { return transfer_ && transfer_->awaits_pieces(); }
  [[nodiscard]] bool has_sent(const std::vector<PlanFile>& files) const;
  // When something was last answered or begun.
  [[nodiscard]] Time progress() const { return progress_; }
  // That is being sent; not when idle.
  [[nodiscard]] const PlanFile& file() const { return files_.front(); }
  // A plan waits for what is, or was last, being sent.
  [[nodiscard]] bool is_urgent() const { return urgent_; }

 private:
  std::deque<PlanFile> files_;  // the first is underway
  bool urgent_ = false;         // a plan waits for them
  std::optional<FileTransfer> transfer_;
  Time progress_;
  std::set<std::string> sent_;  // sha256
};

}  // namespace convoy::runtime
