// convoy status: what a running fleet does, in the terminal.
#include <fmt/format.h>
#include <unistd.h>

#include <ftxui/dom/elements.hpp>
#include <ftxui/dom/table.hpp>
#include <ftxui/screen/screen.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cli/command.h"
#include "cli/stop_signal.h"
#include "runtime/fleet_status.h"
#include "serve/metrics_server.h"

namespace convoy::cli {
namespace {

using namespace std::chrono_literals;
using runtime::FleetStatus;
using Rows = std::vector<std::vector<std::string>>;

struct Arguments {
  std::string address = "127.0.0.1:9100";
  bool once = false;
  bool json = false;
};

// What is not known is a dash.
template <class T>
std::string text_or_dash(const std::optional<T>& value) {
  return value ? to_text(*value) : "-";
}

std::string head(const FleetStatus& status) {
  std::string line = fmt::format("{}, up {}", status.name, to_text(status.up));
  if (status.requests) {
    line += status.plan ? fmt::format(", plan {} (epoch {})", *status.plan + 1, status.epoch)
                        : ", no plan in force";
  } else {
    line += status.epoch > 0 ? ", at work" : ", free";
  }
  return line;
}

std::string requests_line(const FleetStatus::Requests& requests) {
  const std::string mean =
      requests.answered == 0
          ? "-"
          : to_text(requests.latency.sum / static_cast<double>(requests.answered));
  return fmt::format("{} answered, {} failed, {} in flight; {} a second; mean latency {}",
                     requests.answered, requests.failed, requests.in_flight,
                     requests.per_second ? fmt::format("{:.3g}", *requests.per_second) : "-", mean);
}

Rows devices_of(const FleetStatus& status) {
  Rows rows = {{"device", "runs", "requests", "busy", "queue", "memory", "peak", "CPU",
                "warmth"}};
  for (const FleetStatus::Device& device : status.devices) {
    std::vector<const FleetStatus::Stage*> stages;
    for (const FleetStatus::Stage& stage : status.stages) {
      if (stage.device == device.name) stages.push_back(&stage);
    }
    std::vector<std::string> own = {text_or_dash(device.memory), text_or_dash(device.peak_memory),
                                    text_or_dash(device.cpu),
                                    device.temperature_c ? fmt::format("{:.0f} °C",
                                                                       *device.temperature_c)
                                                         : "-"};
    const auto add = [&](std::vector<std::string> row) {
      row.insert(row.end(), own.begin(), own.end());
      rows.push_back(std::move(row));
      own.assign(own.size(), "");
    };
    for (const FleetStatus::Stage* const stage : stages) {
      add({stage == stages.front() ? device.name : "",
           stage->file.empty() ? fmt::format("stage {}", stage->number) : stage->file,
           fmt::format("{}", stage->requests), to_text(stage->busy),
           fmt::format("{}", stage->queue)});
    }
    if (stages.empty()) add({device.name, device.here ? "nothing" : "away", "-", "-", "-"});
  }
  return rows;
}

Rows links_of(const FleetStatus& status) {
  Rows rows = {{"from", "to", "sent", "rate"}};
  for (const FleetStatus::Link& link : status.links) {
    rows.push_back({link.from, link.to, to_text(link.sent), text_or_dash(link.rate)});
  }
  return rows;
}

// Why devices are away, and which were lost.
std::vector<std::string> troubles_of(const FleetStatus& status) {
  std::vector<std::string> lines;
  for (const FleetStatus::Device& device : status.devices) {
    if (!device.here && !device.trouble.empty()) lines.push_back("away: " + device.trouble);
  }
  for (const runtime::Recovery& loss : status.losses) {
    lines.push_back(fmt::format(
        "{} at {}: {}; {}", loss.device.empty() ? "a plan failed" : "lost", to_text(loss.detected),
        loss.what,
        loss.resumed ? fmt::format("plan {} in force {} later", loss.plan + 1,
                                   to_text(*loss.resumed - loss.detected))
                     : "no plan in force since"));
  }
  return lines;
}

ftxui::Element drawn(const Rows& rows) {
  ftxui::Table table(rows);
  table.SelectRow(0).Decorate(ftxui::bold);
  table.SelectAll().SeparatorVertical(ftxui::EMPTY);
  table.SelectColumn(0).DecorateCells(ftxui::size(ftxui::WIDTH, ftxui::GREATER_THAN, 12));
  return table.Render();
}

ftxui::Element drawn(const FleetStatus& status) {
  ftxui::Elements lines = {ftxui::text(head(status)) | ftxui::bold};
  if (status.requests) lines.push_back(ftxui::text(requests_line(*status.requests)));
  lines.push_back(ftxui::text(""));
  lines.push_back(drawn(devices_of(status)));
  if (!status.links.empty()) {
    lines.push_back(ftxui::text(""));
    lines.push_back(drawn(links_of(status)));
  }
  for (const std::string& trouble : troubles_of(status)) lines.push_back(ftxui::text(trouble));
  return ftxui::vbox(std::move(lines));
}

// The same without styles, whatever its width.
std::string plain(const FleetStatus& status) {
  const auto document = drawn(status);
  document->ComputeRequirement();
  auto screen = ftxui::Screen::Create(ftxui::Dimension::Fixed(document->requirement().min_x),
                                      ftxui::Dimension::Fixed(document->requirement().min_y));
  ftxui::Render(screen, document);
  std::string text;
  for (int y = 0; y < screen.dimy(); ++y) {
    std::string line;
    for (int x = 0; x < screen.dimx(); ++x) line += screen.PixelAt(x, y).character;
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

Result<void> watch(const std::string& address, FleetStatus status) {
  const StopSignal stop;
  std::string back;  // to where the last one began
  while (true) {
    ftxui::Element document = drawn(status);
    auto screen = ftxui::Screen::Create(ftxui::Dimension::Full(), ftxui::Dimension::Fit(document));
    ftxui::Render(screen, document);
    fmt::print("{}{}", back, screen.ToString());
    std::fflush(stdout);
    back = screen.ResetPosition(/*clear=*/true);
    for (int i = 0; i < 10 && !stop.requested(); ++i) std::this_thread::sleep_for(100ms);
    if (stop.requested()) break;
    const auto text = serve::fetch_status(address);
    if (!text) {
      fmt::print("\n{} has ended\n", status.name);
      return {};
    }
    auto next = runtime::status_from_json(*text, address);
    if (!next) return std::unexpected(std::move(next.error()));
    status = *std::move(next);
  }
  fmt::print("\n");
  return {};
}

Result<void> show(const Arguments& arguments) {
  const auto text = serve::fetch_status(arguments.address);
  if (!text) return std::unexpected(text.error());
  auto status = runtime::status_from_json(*text, arguments.address);
  if (!status) return std::unexpected(std::move(status.error()));
  if (arguments.json) {
    fmt::print("{}", *text);
    return {};
  }
  if (!arguments.once && ::isatty(STDOUT_FILENO) == 1) {
    return watch(arguments.address, *std::move(status));
  }
  fmt::print("{}", plain(*status));
  return {};
}

}  // namespace

void add_status(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand(
      "status", "Shows who runs what in a fleet that was started with --metrics.");
  command->footer(
      "Examples:\n  convoy run pieces --devices devices.yaml --requests 10000 --metrics :9100\n"
      "  convoy status                        (in another terminal, each second anew)\n"
      "  convoy status 192.168.7.20:9100 --json");
  command->add_option("ADDRESS", arguments->address, "HOST:PORT that --metrics of convoy run or "
                      "convoy worker was given")
      ->capture_default_str();
  command->add_flag("--once", arguments->once,
                    "Print once; as when standard output is no terminal");
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([arguments, &action] { action = [arguments] { return show(*arguments); }; });
}

}  // namespace convoy::cli
