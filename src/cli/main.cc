#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "cli/command.h"
#include "foundation/version.h"

int main(int argc, char** argv) {
  using namespace convoy;
  CLI::App app("Runs any ONNX model over the devices that travel together.", "convoy");
  app.set_version_flag("-V,--version", fmt::format("convoy {}", kVersion));
  app.require_subcommand(1);
  cli::Action action;
  cli::add_doctor(app, action);
  cli::add_inspect(app, action);
  cli::add_run(app, action);
  cli::add_split(app, action);
  cli::add_verify(app, action);
  cli::add_worker(app, action);
  try {
    app.parse(argc, argv);
    if (const Result<void> done = action(); !done) {
      fmt::print(stderr, "convoy: {}\n", done.error().message);
      return exit_status(done.error());
    }
    return 0;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "convoy: {}\n", error.what());
    return 1;
  }
}
