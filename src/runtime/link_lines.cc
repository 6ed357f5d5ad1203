#include "runtime/link_lines.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace convoy::runtime {
namespace {

constexpr std::string_view kCut = "cut";
// Pacing adds such times up, in nanoseconds.
constexpr double kMostLatency_s = 3600;
constexpr double kMost_s = 4e9;

std::string_view first_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return word;
}

std::optional<double> to_number(std::string_view word) {
  double number = 0;
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (problem != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string to_text(const LinkLine& line) {
  const double at_s = line.at.count();
  if (line.pace.is_cut) return fmt::format("{} {} {}\n", at_s, kCut, line.peer);
  return fmt::format("{} {} {} {}\n", at_s, line.pace.rate.value(), line.pace.latency.count(),
                     line.peer);
}

Result<LinkLine> parse_link_line(std::string_view text) {
  std::string_view rest = text;
  const auto at = to_number(first_word(rest));
  LinkPace pace{.is_cut = rest.starts_with(kCut)};
  bool fits = at && *at >= 0 && *at <= kMost_s;
  if (pace.is_cut) {
    fits = fits && first_word(rest) == kCut;
  } else {
    const auto rate = to_number(first_word(rest));
    const auto latency = to_number(first_word(rest));
    fits = fits && rate && (*rate == 0 || *rate >= 1) && latency && *latency >= 0 &&
           *latency <= kMostLatency_s;
    if (fits) pace = {.rate = BytesPerSecond(*rate), .latency = Seconds(*latency)};
  }
  if (!fits || rest.empty()) {
    return fail(ErrorKind::input,
                "\"{}\" says nothing of a link; right would be \"SINCE BYTES_PER_SECOND LATENCY "
                "DEVICE\" or \"SINCE cut DEVICE\", times in seconds",
                text);
  }
  return LinkLine{Seconds(*at), std::string(rest), pace};
}

std::vector<Result<LinkLine>> LinkLines::take() {
  std::vector<Result<LinkLine>> lines;
  pollfd ready{.fd = input_, .events = POLLIN, .revents = 0};
  while (input_ >= 0 && ::poll(&ready, 1, 0) == 1) {
    std::array<char, 4096> buffer;
    const ssize_t size = ::read(input_, buffer.data(), buffer.size());
    if (size <= 0) input_ = -1;
    rest_.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
      lines.push_back(parse_link_line(std::string_view(rest_).substr(0, end)));
      rest_.erase(0, end + 1);
    }
    if (rest_.size() > buffer.size()) rest_.clear();  // no line is so long
  }
  return lines;
}

}  // namespace convoy::runtime
