#include "runtime/file_transfer.h"

#include <algorithm>
#include <utility>

namespace convoy::runtime {
namespace {

// Each is answered, so that on a slow link too something is heard in time.
constexpr std::uint64_t kChunkBytes = 64 << 10;

}  // namespace

Result<FileTransfer> FileTransfer::open(const std::filesystem::path& file,
                                        const std::string& sha256, std::size_t underway) {
  FileTransfer transfer(file, sha256, underway);
  transfer.stream_.open(file, std::ios::binary | std::ios::ate);
  if (!transfer.stream_) return fail(ErrorKind::input, "cannot read {}", file.string());
  transfer.bytes_ = static_cast<std::uint64_t>(transfer.stream_.tellg());
  return transfer;
}

Result<std::optional<FileTransfer::Message>> FileTransfer::next() {
  Message message;
  if (!asked_) {
    asked_ = true;
    message.request.mutable_offer()->set_sha256(sha256_);
    message.request.mutable_offer()->set_bytes(bytes_);
    return message;
  }
  if (!offered_ || sent_ == bytes_ || underway_ == most_underway_) return std::nullopt;
  wire::Chunk& chunk = *message.request.mutable_chunk();
  chunk.set_sha256(sha256_);
  chunk.set_offset(sent_);
  zmq::message_t contents(std::min(kChunkBytes, bytes_ - sent_));
  stream_.read(static_cast<char*>(contents.data()), static_cast<std::streamsize>(contents.size()));
  if (!stream_) return fail(ErrorKind::input, "cannot read {}", file_.string());
  sent_ += contents.size();
  ++underway_;
  message.parts.push_back(std::move(contents));
  return message;
}

void FileTransfer::answered(const wire::Answer& answer) {
  held_ = std::min(answer.held_bytes(), bytes_);
  if (offered_) {
    --underway_;
    return;
  }
  offered_ = true;
  sent_ = held_;
  stream_.seekg(static_cast<std::streamoff>(sent_));
}

void FileTransfer::begin_again() {
  asked_ = false;
  offered_ = false;
  underway_ = 0;
  stream_.clear();
}

}  // namespace convoy::runtime
