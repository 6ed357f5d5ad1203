#include "cli/planning_problem.h"

#include <array>
#include <charconv>

#include "foundation/suggest.h"
#include "foundation/units.h"
#include "plan/msr_problem.h"
#include "plan/pipedream_problem.h"
#include "plan/pipeedge_problem.h"

namespace convoy::cli {
namespace {

Result<plan::Problem> pipedream(const std::string& file, const ProblemArguments& arguments) {
  if (arguments.count == 0 || arguments.bandwidth.empty()) {
    return fail(
        ErrorKind::input,
        "--problem pipedream needs --count, of devices, and --bandwidth, such as 12.5 GB/s");
  }
  const Result<BytesPerSecond> bandwidth = parse_bandwidth(arguments.bandwidth);
  if (!bandwidth) return within("--bandwidth", bandwidth.error());
  return plan::read_pipedream(file, arguments.count, *bandwidth);
}

Result<plan::Problem> pipeedge(const std::string& file, const ProblemArguments& arguments) {
  if (arguments.types.empty() || arguments.model.empty() || arguments.boards.empty()) {
    return fail(
        ErrorKind::input,
        "--problem pipeedge needs --types device_types.yml, --model NAME and --boards TYPE=N");
  }
  std::vector<plan::BoardCount> boards;
  for (const std::string& text : arguments.boards) {
    const std::size_t equals = text.rfind('=');
    plan::BoardCount board{.type = text.substr(0, equals)};
    const char* const end = text.data() + text.size();
    const char* const digits = equals == std::string::npos ? end : text.data() + equals + 1;
    const auto [stop, problem] = std::from_chars(digits, end, board.count);
    if (problem != std::errc() || stop != end || board.count == 0 || board.count > 1000) {
      return fail(ErrorKind::input, "--boards: \"{}\" is not TYPE=N, N from 1 to 1000", text);
    }
    boards.push_back(std::move(board));
  }
  return plan::read_pipeedge(file, arguments.types, arguments.model, boards);
}

}  // namespace

Result<plan::Problem> read_problem(const std::string& file, const ProblemArguments& arguments) {
  if (arguments.format == "msr") return plan::read_msr(file);
  if (arguments.format == "pipedream") return pipedream(file, arguments);
  if (arguments.format == "pipeedge") return pipeedge(file, arguments);
  const std::array<std::string, 3> formats = {"msr", "pipedream", "pipeedge"};
  return fail(ErrorKind::input,
              "--problem: no format is called \"{}\"{}; there are msr, pipedream and "
              "pipeedge",
              arguments.format, suggest(arguments.format, formats));
}

}  // namespace convoy::cli
