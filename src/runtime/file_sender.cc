#include "runtime/file_sender.h"

#include <algorithm>
#include <utility>

namespace convoy::runtime {
namespace {

// Chunks underway of a file that a plan waits for, and of one that is sent in advance.
constexpr std::size_t kUrgent = 16;
constexpr std::size_t kInAdvance = 1;

}  // namespace

void FileSender::want(std::vector<PlanFile> files, bool at_once) {
  urgent_ = at_once;
  for (PlanFile& file : files) {
    if (!sent_.contains(file.sha256)) files_.push_back(std::move(file));
  }
}

Result<std::optional<FileTransfer::Message>> FileSender::next(const FindPieces& pieces_of,
                                                              Time now) {
  while (!files_.empty()) {
    const PlanFile& file = files_.front();
    if (!transfer_) {
      auto opened = FileTransfer::open(
          file.path, file.sha256,
          {.underway = urgent_ ? kUrgent : kInAdvance, .in_pieces = !file.model.empty()});
      if (!opened) return std::unexpected(std::move(opened.error()));
      transfer_ = *std::move(opened);
      progress_ = now;
    }
    if (transfer_->awaits_pieces()) {
      progress_ = now;  // the worker is not to blame
      auto pieces = pieces_of(file);
      if (!pieces) return std::nullopt;
      transfer_->set_pieces(*std::move(pieces));
    }
    if (!transfer_->done()) return transfer_->next();
    sent_.insert(file.sha256);
    files_.pop_front();
    transfer_.reset();
  }
  return std::nullopt;
}

void FileSender::answered(const wire::Answer& answer, Time now) {
  transfer_->answered(answer);
  progress_ = now;
}

void FileSender::stop() {
  files_.clear();
  transfer_.reset();
}

bool FileSender::has_sent(const std::vector<PlanFile>& files) const {
  return std::ranges::all_of(files,
                             [&](const PlanFile& file) { return sent_.contains(file.sha256); });
}

}  // namespace convoy::runtime
