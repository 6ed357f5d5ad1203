#include "runtime/file_transfer.h"

#include <algorithm>
#include <set>
#include <utility>

namespace convoy::runtime {
namespace {

// Each is answered, so that on a slow link too something is heard in time.
constexpr std::uint64_t kChunkBytes = 64 << 10;

}  // namespace

Result<FileTransfer> FileTransfer::open(const std::filesystem::path& file,
                                        const std::string& sha256, Options options) {
  FileTransfer transfer(file, sha256, options);
  transfer.stream_.open(file, std::ios::binary | std::ios::ate);
  if (!transfer.stream_) return fail(ErrorKind::input, "cannot read {}", file.string());
  transfer.bytes_ = static_cast<std::uint64_t>(transfer.stream_.tellg());
  return transfer;
}

wire::Request FileTransfer::offer() const {
  wire::Request request;
  request.mutable_offer()->set_sha256(sha256_);
  request.mutable_offer()->set_bytes(bytes_);
  for (const onnx::DataPiece& piece : pieces_) {
    *request.mutable_offer()->add_pieces() = to_wire(piece);
  }
  return request;
}

Result<std::optional<FileTransfer::Message>> FileTransfer::next() {
  if (awaits_pieces()) return std::nullopt;
  if (!asked_) {
    asked_ = true;
    return Message{.request = offer(), .parts = {}};
  }
  if (!offered_ || sent_ == bytes_ || underway_ == most_underway_) return std::nullopt;
  const auto known = known_.lower_bound(sent_);
  const bool copies = known != known_.end() && known->first == sent_;
  // A copy takes the worker a while, in which it does nothing else: one at a time.
  if (underway_ > 0 && (copies || copies_)) return std::nullopt;
  copies_ = copies;
  ++underway_;
  Message message;
  wire::Chunk& chunk = *message.request.mutable_chunk();
  chunk.set_sha256(sha256_);
  chunk.set_offset(sent_);
  if (copies) {
    *chunk.mutable_copied() = to_wire(known->second);
    sent_ += known->second.bytes;
    return message;
  }
  const std::uint64_t end = known == known_.end() ? bytes_ : known->first;
  zmq::message_t contents(std::min(kChunkBytes, end - sent_));
  stream_.seekg(static_cast<std::streamoff>(sent_));
  stream_.read(static_cast<char*>(contents.data()), static_cast<std::streamsize>(contents.size()));
  if (!stream_) return fail(ErrorKind::input, "cannot read {}", file_.string());
  sent_ += contents.size();
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
  const std::set<std::uint32_t> known(answer.known_pieces().begin(), answer.known_pieces().end());
  std::uint64_t begin = 0;
  for (std::uint32_t i = 0; const onnx::DataPiece& piece : pieces_) {
    if (known.contains(i++)) known_.emplace(begin, piece);
    begin += piece.bytes;
  }
}

bool FileTransfer::goes_on_without_pieces() {
  if (pieces_.empty()) return false;
  pieces_.clear();
  begin_again();
  return true;
}

void FileTransfer::set_pieces(std::vector<onnx::DataPiece> pieces) {
  in_pieces_ = false;
  pieces_ = std::move(pieces);
  if (!pieces_.empty()) begin_again();
}

void FileTransfer::begin_again() {
  asked_ = false;
  offered_ = false;
  underway_ = 0;
  known_.clear();
  stream_.clear();
}

}  // namespace convoy::runtime
