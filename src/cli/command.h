// One file a command; each adds itself to the command line here.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>

#include "foundation/error.h"

namespace convoy::cli {

// What a command does once its arguments are parsed; main() runs it, prints its error, and exits
// with exit_status().
using Action = std::function<Result<void>()>;

// Each adds a subcommand to `app` and sets `action` when the user chose it.
void add_bench(CLI::App& app, Action& action);
void add_doctor(CLI::App& app, Action& action);
void add_inspect(CLI::App& app, Action& action);
void add_keys_command(CLI::App& app, Action& action);
void add_plan(CLI::App& app, Action& action);
void add_profile(CLI::App& app, Action& action);
void add_run(CLI::App& app, Action& action);
void add_split(CLI::App& app, Action& action);
void add_status(CLI::App& app, Action& action);
void add_verify(CLI::App& app, Action& action);
void add_worker(CLI::App& app, Action& action);

}  // namespace convoy::cli
