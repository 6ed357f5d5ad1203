#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/stop_signal.h"
#include "foundation/suggest.h"

int main(int argc, char** argv) {
  using namespace convoy;
  // Else, were standard input or output closed, the next file opened would be taken for it.
  int spare = 0;
  while (spare >= 0 && spare <= STDERR_FILENO) spare = ::open("/dev/null", O_RDWR);
  ::close(spare);
  // The official ONNX Runtime collects usage data unless told not to; workers inherit this.
  ::setenv("ORT_DISABLE_TELEMETRY", "1", /*replace=*/1);
  CLI::App app("Runs any ONNX model over the devices that travel together.", "convoy");
  app.set_version_flag("-V,--version", "convoy 0.1.0");
  app.require_subcommand(1);
  cli::Action action;
  cli::add_bench(app, action);
  cli::add_inspect(app, action);
  cli::add_split(app, action);
  cli::add_verify(app, action);
  cli::add_profile(app, action);
  cli::add_plan(app, action);
  cli::add_run(app, action);
  cli::add_worker(app, action);
  cli::add_status(app, action);
  cli::add_keys_command(app, action);
  cli::add_doctor(app, action);
  try {
    std::vector<std::string> arguments(argv + 1, argv + argc);
    // `convoy -f job.yaml`, as Ianvs' own users call it.
    if (!arguments.empty() && arguments[0] == "-f") arguments.insert(arguments.begin(), "bench");
    if (!arguments.empty() && !arguments[0].starts_with('-')) {
      std::vector<std::string> known;
      for (const CLI::App* command : app.get_subcommands(nullptr)) {
        known.push_back(command->get_name());
      }
      if (!std::ranges::contains(known, arguments[0])) {
        fmt::print(stderr, "convoy: unknown command \"{}\"{}\n", arguments[0],
                   suggest(arguments[0], known));
        return 2;
      }
    }
    std::ranges::reverse(arguments);  // as CLI11 wants them
    app.parse(arguments);
    if (const Result<void> done = action(); !done) {
      fmt::print(stderr, "convoy: {}\n", done.error().message);
      return cli::status_of(done.error());
    }
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      fmt::print(stderr, "convoy: the output cannot be written\n");
      return 1;
    }
    return 0;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    fmt::print(stderr, "convoy: {}\nRun with --help for more information.\n", error.what());
    return 2;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "convoy: there is not enough memory\n");
    return 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "convoy: {}\n", error.what());
    return 1;
  }
}
