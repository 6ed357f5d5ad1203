// convoy worker: a device.
#include "runtime/worker.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <thread>

#include "cli/command.h"
#include "cli/metrics.h"
#include "cli/stop_signal.h"
#include "cli/surroundings.h"
#include "foundation/cache_folder.h"

namespace convoy::cli {
namespace {

struct Arguments {
  runtime::WorkerOptions worker;
  std::string keys;
  std::string cache = cache_folder() / "worker";
  std::string cache_limit = "20 GB";
  std::string metrics;
  std::string paced;
};

Result<void> work(const Arguments& arguments) {
  runtime::WorkerOptions options = arguments.worker;
  const auto limit = parse_bytes(arguments.cache_limit);
  if (!limit) return within("--cache-limit", limit.error());
  options.cache_limit = *limit;
  options.cache = arguments.cache;
  options.keys = keys_of(arguments.keys);
  std::optional<StopSignal> stop;
  if (options.parent > 0) {
    // Who has a parent ends with it: Ctrl-C in the terminal is the parent's business.
    ::signal(SIGINT, SIG_IGN);
  } else {
    stop.emplace();
    options.stop = [&] { return stop->requested(); };
    options.log = [](std::string_view line) { fmt::print(stderr, "convoy worker: {}\n", line); };
  }
  if (!arguments.paced.empty()) {
    options.paced = {.input = STDIN_FILENO,
                     .sharing = arguments.paced == "radio" ? runtime::Sharing::one_radio
                                                           : runtime::Sharing::own_links};
  }
  auto metrics = serve_metrics(arguments.metrics);
  if (!metrics) return std::unexpected(std::move(metrics.error()));
  options.publish = publisher(*metrics);
  return runtime::serve(options);
}

}  // namespace

void add_worker(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  runtime::WorkerOptions& options = arguments->worker;
  options.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  CLI::App* const command = app.add_subcommand(
      "worker", "Is a device: computes its part of a model for a coordinator.");
  command->footer(
      "Examples:\n"
      "  convoy worker --name tablet --listen tcp://0.0.0.0:7700\n"
      "      for hosts whose keys convoy keys add has made known; convoy keys --help shows how\n"
      "  convoy worker --name tablet --listen tcp://127.0.0.1:7700 --keys none\n"
      "      for this host alone");
  command->add_option("--name", options.name, "The device's name in devices.yaml")->required();
  command
      ->add_option(
          "--listen", options.listen,
          "Address for coordinators, tcp://HOST:PORT or ipc://PATH; tensors come in at the "
          "next port")
      ->required();
  add_keys(*command, arguments->keys);
  command->add_option("--cache", arguments->cache, "Folder to keep models in, by their contents")
      ->capture_default_str();
  command
      ->add_option("--cache-limit", arguments->cache_limit,
                   "Size of that folder; what was used longest ago goes first")
      ->capture_default_str();
  add_metrics(*command, arguments->metrics);
  command->add_option("--threads", options.threads, "CPU threads to compute with at most")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command
      ->add_option("--speed", options.speed,
                   "Stretch computing to this share of each core, where no quota can be set")
      ->check(CLI::Range(0.0001, 1.0))
      ->capture_default_str();
  command
      ->add_option("--paced", arguments->paced,
                   "Hold back what is sent to other devices as slow links would: links, each its "
                   "own, or radio, all in turn. Lines of standard input say how slow: SINCE "
                   "BYTES_PER_SECOND LATENCY DEVICE, or SINCE cut DEVICE (times in seconds, SINCE "
                   "by the machine's steady clock)")
      ->check(CLI::IsMember({"links", "radio"}));
  command->add_option("--parent", options.parent, "End when the process with this number does")
      ->check(CLI::NonNegativeNumber);
  command->callback([arguments, &action] { action = [arguments] { return work(*arguments); }; });
}

}  // namespace convoy::cli
