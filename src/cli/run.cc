// convoy run: a split model over its devices, or a whole one on one of them.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/metrics.h"
#include "cli/model_inputs.h"
#include "cli/stop_signal.h"
#include "cli/surroundings.h"
#include "emulation/local_host.h"
#include "engine/optimized_cache.h"
#include "engine/sample.h"
#include "fleet/devices_file.h"
#include "foundation/cache_folder.h"
#include "foundation/file.h"
#include "foundation/suggest.h"
#include "foundation/time_sample.h"
#include "onnx/split_map.h"
#include "runtime/pipeline.h"

namespace convoy::cli {
namespace {

struct Arguments {
  std::string model;
  std::string devices;
  std::string device;
  std::string input;
  std::vector<std::string> dims;
  std::string output;
  std::string keys;
  std::size_t requests = 1;
  std::size_t in_flight = 0;
  double wait_s = 10;
  double silence_s = runtime::PipelineOptions().silence.count();
  double deadline_s = runtime::PipelineOptions().request_timeout.count();
  std::string metrics;
  std::string trace;
  bool in_process = false;
  bool json = false;
};

// What runs where.
struct Subject {
  std::filesystem::path directory;
  onnx::SplitMap map;
  fleet::Fleet fleet;
  fleet::FleetChanges changes;
};

struct Outcome {
  TimeSample latencies;
  Seconds elapsed{0};                  // first submission to last answer
  Seconds between{0};                  // first answer to last answer
  std::vector<runtime::StageReport> stages;
  std::vector<engine::SharedTensor> outputs;  // of the first request
  std::size_t plans = 1;
  std::vector<runtime::Recovery> losses;
  std::string emulation;
};

fleet::Fleet unlimited(const std::vector<std::string>& names) {
  fleet::Fleet fleet;
  for (const std::string& name : names) fleet.devices.push_back({.name = name});
  fleet.links = ById<DeviceId, ById<DeviceId, fleet::Link>>(
      names.size(), ById<DeviceId, fleet::Link>(names.size()));
  return fleet;
}

Result<fleet::DevicesFile> fleet_for(const Arguments& arguments) {
  if (arguments.devices.empty()) return fleet::DevicesFile{.fleet = unlimited({"host"})};
  auto file = fleet::read_devices(arguments.devices);
  if (!file) return std::unexpected(std::move(file.error()));
  for (const std::string& note : file->notes) fmt::print(stderr, "convoy: {}\n", note);
  if (!arguments.in_process) prepare_network(file->fleet);
  return file;
}

Result<onnx::Graph> graph_of(const std::filesystem::path& file) {
  const Result<onnx::Model> model = onnx::read_model(file);
  if (!model) return std::unexpected(model.error());
  Result<onnx::Graph> graph = onnx::index_graph(*model);
  if (!graph) return within(file.string(), std::move(graph.error()));
  return graph;
}

// The device that runs a whole model.
Result<std::string> device_for(const Arguments& arguments, const fleet::Fleet& fleet) {
  std::vector<std::string> names;
  for (const fleet::Device& device : fleet.devices) names.push_back(device.name);
  if (arguments.device.empty()) {
    if (names.size() == 1) return names.front();
    return fail(ErrorKind::input, "{} declares {} devices: say with --device which one runs {}",
                arguments.devices, names.size(), arguments.model);
  }
  if (fleet.find(arguments.device)) return arguments.device;
  return fail(ErrorKind::input, "--device {}: there is no such device{}", arguments.device,
              suggest(arguments.device, names));
}

// A whole model is a split into one; optimised as the pieces of others are.
Result<Subject> whole(const Arguments& arguments, fleet::DevicesFile devices) {
  const auto device = device_for(arguments, devices.fleet);
  if (!device) return std::unexpected(device.error());
  const auto file = engine::optimized_model(arguments.model, onnx::OptimizationLevel::extended,
                                            cache_folder());
  if (!file) return std::unexpected(file.error());
  const auto graph = graph_of(*file);
  if (!graph) return std::unexpected(graph.error());
  auto map = onnx::map_of_whole(*file, *graph);
  if (!map) return std::unexpected(std::move(map.error()));
  map->sub_models.front().device = *device;
  return Subject{file->parent_path(), *std::move(map), std::move(devices.fleet),
                 std::move(devices.changes)};
}

// What convoy split made. Where no devices were chosen, each part has one of its own here.
Result<Subject> parts(const Arguments& arguments) {
  if (!arguments.device.empty()) {
    return fail(ErrorKind::input, "--device {}: {} is a split model, whose map.json says who runs "
                "what", arguments.device, arguments.model);
  }
  auto map = onnx::read_split_map(arguments.model);
  if (!map) return std::unexpected(std::move(map.error()));
  std::vector<std::string> made_up;
  for (onnx::SubModel& part : map->sub_models) {
    if (!part.device.empty()) continue;
    part.device = fmt::format("part-{}", made_up.size() + 1);
    made_up.push_back(part.device);
  }
  if (made_up.empty() && arguments.devices.empty()) {
    return fail(ErrorKind::input, "{}: its map.json names devices: say with --devices which file "
                "describes them", arguments.model);
  }
  if (!made_up.empty() && !arguments.devices.empty()) {
    return fail(ErrorKind::input, "{}: its map.json names no devices: leave --devices out to run "
                "each part in a process of its own here, or split by convoy plan --devices {} -o {}",
                arguments.model, arguments.devices, arguments.model);
  }
  if (!made_up.empty()) return Subject{arguments.model, *std::move(map), unlimited(made_up)};
  auto devices = fleet_for(arguments);
  if (!devices) return std::unexpected(std::move(devices.error()));
  return Subject{arguments.model, *std::move(map), std::move(devices->fleet),
                 std::move(devices->changes)};
}

Result<Subject> subject_of(const Arguments& arguments) {
  if (std::filesystem::is_directory(arguments.model)) return parts(arguments);
  auto devices = fleet_for(arguments);
  if (!devices) return std::unexpected(std::move(devices.error()));
  return whole(arguments, *std::move(devices));
}

// From the user's files, or made up; in the order of the map's inputs.
Result<std::vector<engine::SharedTensor>> inputs_for(const Arguments& arguments,
                                                     const Subject& subject) {
  std::vector<engine::Port> ports;
  std::vector<engine::Port> known;
  for (const onnx::SubModel& sub_model : subject.map.sub_models) {
    const auto graph = graph_of(subject.directory / sub_model.file);
    if (!graph) return std::unexpected(graph.error());
    std::ranges::move(engine::inputs_of(*graph), std::back_inserter(known));
  }
  for (const std::string& name : subject.map.inputs) {
    const auto port = std::ranges::find(known, name, &engine::Port::name);
    // What no part reads still counts: input_1.pb is the second input of the model.
    ports.push_back(port != known.end() ? *port : engine::Port{.name = name, .required = false});
  }
  auto named = model_inputs(ports, arguments.input, arguments.dims);
  if (!named) return std::unexpected(std::move(named.error()));
  std::vector<engine::SharedTensor> inputs;
  for (const std::string& name : subject.map.inputs) inputs.push_back((*named)[name]);
  return inputs;
}

// `outcome` also holds what was done when it ends with an error.
Result<void> run_requests(const Arguments& arguments, const Subject& subject,
                          const std::vector<engine::SharedTensor>& inputs, const StopSignal& stop,
                          Outcome& outcome) {
  auto host = emulation::make_local_host(subject.fleet, surroundings(arguments.keys),
                                         emulation::MemoryLimit::enforced,
                                         arguments.in_process ? emulation::Enforcement::in_process
                                                              : emulation::Enforcement::automatic,
                                         subject.changes);
  if (!host) return std::unexpected(std::move(host.error()));
  const auto stopped = [&] { return stop.requested(); };
  auto metrics = serve_metrics(arguments.metrics);
  if (!metrics) return std::unexpected(std::move(metrics.error()));
  auto plans = runtime::read_ready_plans(subject.directory, subject.map);
  if (!plans) return std::unexpected(std::move(plans.error()));
  outcome.plans = plans->size();
  auto pipeline = runtime::Pipeline::start(*std::move(plans), subject.fleet, **host,
                                           {.in_flight = arguments.in_flight,
                                            .request_timeout = Seconds(arguments.deadline_s),
                                            .silence = Seconds(arguments.silence_s),
                                            .comeback = Seconds(arguments.wait_s),
                                            .stop = stopped,
                                            .publish = publisher(*metrics),
                                            .keeps_timeline = !arguments.trace.empty()});
  if (!pipeline) return std::unexpected(std::move(pipeline.error()));
  (*host)->begin_changes();

  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  Clock::time_point first_answer = begin;
  const auto done = runtime::run_all(
      *pipeline, arguments.requests,
      [&](std::size_t) -> Result<std::vector<engine::SharedTensor>> { return inputs; },
      [&](runtime::Answer answer) {
        const Clock::time_point now = Clock::now();
        if (outcome.latencies.count() == 0) {
          first_answer = now;
          outcome.outputs = std::move(answer.outputs);
        }
        outcome.latencies.add(answer.latency);
        outcome.elapsed = now - begin;
        outcome.between = now - first_answer;
      },
      stopped);
  outcome.emulation = (*host)->description();
  outcome.losses = pipeline->recoveries();
  if (auto report = pipeline->report()) outcome.stages = *std::move(report);
  if (!arguments.trace.empty()) {
    const std::string trace = runtime::to_trace_events(pipeline->timeline());
    if (auto written = write_file(arguments.trace, trace); !written && done) return written;
  }
  return done;
}

double rate_of(const Outcome& outcome) {
  const double answers = static_cast<double>(outcome.latencies.count());
  // Between answers where there are several, so that filling the pipeline does not count.
  return answers > 1 ? (answers - 1) / outcome.between.count() : answers / outcome.elapsed.count();
}

void print_json(const Outcome& outcome) {
  nlohmann::json stages = nlohmann::json::array();
  for (const runtime::StageReport& stage : outcome.stages) {
    stages.push_back({{"device", stage.device},
                      {"file", stage.file},
                      {"requests", stage.requests},
                      {"busy_share", stage.busy / stage.span},
                      {"sent_bytes", stage.sent.value()},
                      {"peak_memory_bytes", stage.peak_memory.value()},
                      {"cpu_s", stage.cpu_seconds}});
  }
  nlohmann::json losses = nlohmann::json::array();
  for (const runtime::Recovery& loss : outcome.losses) {
    losses.push_back({{"device", loss.device},
                      {"what", loss.what},
                      {"detected_s", loss.detected.count()}});
    if (!loss.resumed) continue;
    losses.back()["recovery_s"] = (*loss.resumed - loss.detected).count();
    losses.back()["plan"] = loss.plan + 1;
  }
  fmt::print("{}\n", nlohmann::json{{"requests", outcome.latencies.count()},
                                    {"rate_per_s", rate_of(outcome)},
                                    {"latency_p50_s", outcome.latencies.quantile(0.5).count()},
                                    {"latency_p90_s", outcome.latencies.quantile(0.9).count()},
                                    {"emulation", outcome.emulation},
                                    {"losses", std::move(losses)},
                                    {"stages", std::move(stages)}}
                         .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_text(const Outcome& outcome) {
  fmt::print("{} requests, {:.3g} a second; latency {} (half of them), {} (nine in ten)\n",
             outcome.latencies.count(), rate_of(outcome), to_text(outcome.latencies.quantile(0.5)),
             to_text(outcome.latencies.quantile(0.9)));
  fmt::print("{:<16} {:<22} {:>6} {:>12} {:>12} {:>10}\n", "device", "part", "busy", "sent",
             "peak memory", "CPU time");
  for (const runtime::StageReport& stage : outcome.stages) {
    fmt::print("{:<16} {:<22} {:>5.0f}% {:>12} {:>12} {:>10}\n", stage.device, stage.file,
               100 * (stage.busy / stage.span), to_text(stage.sent),
               to_text(stage.peak_memory), to_text(Seconds(stage.cpu_seconds)));
  }
  for (const runtime::Recovery& loss : outcome.losses) {
    fmt::print("{:.1f} s after the begin: {}", loss.detected.count(), loss.what);
    if (loss.resumed) {
      fmt::print("; {} later plan {} of {} ran", convoy::to_text(*loss.resumed - loss.detected),
                 loss.plan + 1, outcome.plans);
    }
    fmt::print("\n");
  }
  if (!outcome.emulation.empty()) fmt::print("emulation: {}\n", outcome.emulation);
}

// As ONNX's own tests name their files.
Result<void> write_outputs(const std::filesystem::path& folder, const Subject& subject,
                           const std::vector<engine::SharedTensor>& outputs) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) {
    return fail(ErrorKind::failure, "cannot make the folder {}: {}", folder.string(),
                problem.message());
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    auto written = onnx::write_tensor(folder / fmt::format("output_{}.pb", i),
                                      {subject.map.outputs[i], engine::copy(outputs[i])});
    if (!written) return written;
  }
  return {};
}

Result<void> run(const Arguments& arguments) {
  const StopSignal stop;
  if (!arguments.output.empty()) {
    if (auto able = check_writable(arguments.output); !able) return able;
  }
  if (!arguments.trace.empty()) {
    const auto folder = std::filesystem::absolute(arguments.trace).parent_path();
    if (auto able = check_writable(folder); !able) return able;
  }
  const auto subject = subject_of(arguments);
  if (!subject) return std::unexpected(subject.error());
  const auto inputs = inputs_for(arguments, *subject);
  if (!inputs) return std::unexpected(inputs.error());

  Outcome outcome;
  const Result<void> done = run_requests(arguments, *subject, *inputs, stop, outcome);
  if (outcome.latencies.count() == 0) return done;
  if (arguments.json) {
    print_json(outcome);
  } else {
    print_text(outcome);
  }
  if (!arguments.output.empty()) {
    if (auto written = write_outputs(arguments.output, *subject, outcome.outputs); !written) {
      return written;
    }
  }
  return done;
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* const command =
      app.add_subcommand("run", "Runs a split model over its devices, or a whole one on one.");
  command->footer(
      "Examples:\n  convoy run pieces --devices devices.yaml --requests 100\n"
      "  convoy run model.onnx --devices devices.yaml --device tablet --input inputs\n"
      "  convoy run pieces --devices devices.yaml --requests 1000 --metrics :9100 --trace "
      "trace.json\n"
      "      convoy status shows it meanwhile; ui.perfetto.dev opens trace.json");
  command->add_option("MODEL", arguments->model,
                      "A model (.onnx), or the folder that convoy split made")
      ->required()
      ->check(CLI::ExistingPath);
  command->add_option("--devices", arguments->devices,
                      "devices.yaml; without it a whole model, or parts for no device in "
                      "particular, run on this host");
  command->add_option("--device", arguments->device, "Who runs a whole model");
  command->add_option("--input", arguments->input,
                      "Folder with input_0.pb, ... or NAME.npy; a seeded sample without it");
  command->add_option("--dim", arguments->dims, "NAME=N: the size of a symbolic dimension");
  command->add_option("--output", arguments->output,
                      "Folder for the first request's outputs: output_0.pb, ...");
  command->add_option("--requests", arguments->requests, "How often to run the inputs")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000'000}))
      ->capture_default_str();
  command->add_option("--in-flight", arguments->in_flight,
                      "Requests at once; 0: two per stage and two more")
      ->capture_default_str();
  command->add_option("--wait", arguments->wait_s,
                      "Seconds to wait for devices that are lost, when no plan (convoy plan --standby) "
                      "does without them")
      ->check(CLI::Range(0.0, 86400.0))
      ->capture_default_str();
  command
      ->add_option("--silence", arguments->silence_s,
                   "Seconds after which a device that is silent is lost")
      ->check(CLI::Range(0.05, 3600.0))
      ->capture_default_str();
  command
      ->add_option("--deadline", arguments->deadline_s,
                   "Seconds after which a request without an answer ends with an error")
      ->check(CLI::Range(0.001, 1e6))
      ->capture_default_str();
  add_keys(*command, arguments->keys);
  add_metrics(*command, arguments->metrics);
  command->add_option("--trace", arguments->trace,
                      "File for what happened when, as ui.perfetto.dev and chrome://tracing open it");
  command->add_flag("--in-process", arguments->in_process,
                    "Imitate the devices' limits in the workers, not by the kernel");
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([arguments, &action] { action = [arguments] { return run(*arguments); }; });
}

}  // namespace convoy::cli
