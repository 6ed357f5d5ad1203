// A file on its way to a worker.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "foundation/error.h"
#include "messages.pb.h"
#include "runtime/wire.h"

namespace convoy::runtime {

// Offers the file, and sends what the worker lacks in chunks that are each answered. Says what to
// ask; whoever owns the connection asks it, and brings the answers in the order of the requests.
class FileTransfer {
 public:
  struct Message {
    wire::Request request;
    Parts parts;
  };

  // `underway`: chunks that may be unanswered at once. Error: the file cannot be read.
  [[nodiscard]] static Result<FileTransfer> open(const std::filesystem::path& file,
                                                 const std::string& sha256,
                                                 std::size_t underway = 16);

  // Nothing while answers must come first, and when all is there.
  [[nodiscard]] Result<std::optional<Message>> next();
  void answered(const wire::Answer& answer);
  // On a new connection: what is not answered yet may not have arrived.
  void begin_again();

  [[nodiscard]] bool done() const { return offered_ && held_ == bytes_; }
  // That the worker is known to have.
  [[nodiscard]] std::uint64_t held() const { return held_; }

 private:
  FileTransfer(std::filesystem::path file, std::string sha256, std::size_t underway)
      : file_(std::move(file)), sha256_(std::move(sha256)), most_underway_(underway) {}

  std::filesystem::path file_;
  std::string sha256_;
  std::size_t most_underway_;
  std::ifstream stream_;
  std::uint64_t bytes_ = 0;
  bool asked_ = false;    // how much is there already
  bool offered_ = false;  // and answered
  std::uint64_t held_ = 0;
  std::uint64_t sent_ = 0;
  std::size_t underway_ = 0;
};

}  // namespace convoy::runtime
