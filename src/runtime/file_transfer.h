// A file on its way to a worker.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "messages.pb.h"
#include "onnx/data_piece.h"
#include "runtime/wire.h"

namespace convoy::runtime {

// Offers the file, and sends what the worker lacks in chunks that are each answered. What the
// worker has in other files it is told to copy, if the file's pieces are known. Says what to ask;
// whoever owns the connection asks it, and brings the answers in the order of the requests.
class FileTransfer {
 public:
  struct Message {
    wire::Request request;
    Parts parts;
  };

  struct Options {
    std::size_t underway = 16;  // chunks that may be unanswered at once
    bool in_pieces = false;     // waits for set_pieces() before it sends anything
  };

  // Error: the file cannot be read.
  [[nodiscard]] static Result<FileTransfer> open(const std::filesystem::path& file,
                                                 const std::string& sha256, Options options);

  // Nothing while answers must come first, and when all is there.
  [[nodiscard]] Result<std::optional<Message>> next();
  void answered(const wire::Answer& answer);
  // The worker lacks some of the file, and its pieces are to be told.
  [[nodiscard]] bool awaits_pieces() const { return in_pieces_ && offered_ && !done(); }
  // All of the file; none: it is sent as it is.
  void set_pieces(std::vector<onnx::DataPiece> pieces);
  // The worker refused something. Whether it is worth going on, without pieces: one that it had may
  // be gone. What was asked before has no answer then.
  [[nodiscard]] bool goes_on_without_pieces();
  // On a new connection: what is not answered yet may not have arrived.
  void begin_again();

  [[nodiscard]] bool done() const { return offered_ && underway_ == 0 && held_ == bytes_; }
  // That the worker is known to have.
  [[nodiscard]] std::uint64_t held() const { return held_; }

 private:
  FileTransfer(std::filesystem::path file, std::string sha256, Options options)
      : file_(std::move(file)),
        sha256_(std::move(sha256)),
        most_underway_(options.underway),
        in_pieces_(options.in_pieces) {}
  [[nodiscard]] wire::Request offer() const;

  std::filesystem::path file_;
  std::string sha256_;
  std::size_t most_underway_;
  bool in_pieces_;
  std::vector<onnx::DataPiece> pieces_;
  std::map<std::uint64_t, onnx::DataPiece> known_;  // to the worker; by where they begin
  std::ifstream stream_;
  std::uint64_t bytes_ = 0;
  bool asked_ = false;    // how much is there already
  bool offered_ = false;  // and answered
  std::uint64_t held_ = 0;
  std::uint64_t sent_ = 0;
  std::size_t underway_ = 0;
  bool copies_ = false;  // the one that is underway
};

}  // namespace convoy::runtime
