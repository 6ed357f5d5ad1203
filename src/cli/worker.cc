// convoy worker: a device.
#include "runtime/worker.h"

#include <signal.h>

#include <memory>

#include "cli/command.h"

namespace convoy::cli {

void add_worker(CLI::App& app, Action& action) {
  auto options = std::make_shared<runtime::WorkerOptions>();
  CLI::App* const command = app.add_subcommand(
      "worker", "Is a device: computes its part of a model for a coordinator.");
  command->footer(
      "Example:\n  convoy worker --name tablet --control ipc:///tmp/tablet.control \\\n"
      "      --data ipc:///tmp/tablet.data --cache /tmp/tablet");
  command->add_option("--name", options->name, "The device's name in devices.yaml")->required();
  command->add_option("--control", options->control, "ZeroMQ endpoint to bind for the coordinator")
      ->required();
  command->add_option("--data", options->data, "ZeroMQ endpoint to bind for tensors")->required();
  command->add_option("--cache", options->cache, "Folder to keep models in")->required();
  command->add_option("--threads", options->threads, "CPU threads to compute with")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--speed", options->speed,
                      "Stretch computing to this share of each core, where no quota can be set")
      ->check(CLI::Range(0.0001, 1.0))
      ->capture_default_str();
  command->add_option("--parent", options->parent, "End when the process with this number does")
      ->check(CLI::NonNegativeNumber);
  command->callback([options, &action] {
    action = [options] {
      // Who has a parent ends with it: Ctrl-C in the terminal is the parent's business.
      if (options->parent > 0) ::signal(SIGINT, SIG_IGN);
      return runtime::serve(*options);
    };
  });
}

}  // namespace convoy::cli
