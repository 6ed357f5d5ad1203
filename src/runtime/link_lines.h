// Lines by which a worker is told of links that it has to make slow itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "foundation/error.h"
#include "runtime/link_pace.h"

namespace convoy::runtime {

// "71.5 125000 0.02 tablet": since 71.5 s by the steady clock, what is sent to the tablet goes at
// 125,000 bytes a second (0: at any rate) and arrives 20 ms later. "71.5 cut tablet": it waits.
struct LinkLine {
  Seconds at{0};
  std::string peer;
  LinkPace pace;
};

// With its end.
[[nodiscard]] std::string to_text(const LinkLine& line);
// Without. Error: a rate below a byte a second, a latency of more than an hour, or no such line.
[[nodiscard]] Result<LinkLine> parse_link_line(std::string_view text);

// Reads them from a pipe or a socket.
class LinkLines {
 public:
  // -1: there are none. Does not close it.
  explicit LinkLines(int input) : input_(input) {}

  // For polling; -1 once there are no more.
  [[nodiscard]] int input() const { return input_; }
  // Those that have come, and what came that is none; does not wait.
  [[nodiscard]] std::vector<Result<LinkLine>> take();

 private:
  int input_;
  std::string rest_;  // of a line that has not come whole
};

}  // namespace convoy::runtime
