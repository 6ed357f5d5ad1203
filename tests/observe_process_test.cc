// What a run that is watched says: metrics, status, the trace; over real processes.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "foundation/file.h"
#include "runtime/fleet_status.h"
#include "three_parts.h"

namespace convoy {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

// A convoy in the background, which ends with it.
class Background {
 public:
  // Both outputs go to `log`.
  Background(std::vector<std::string> words, const std::filesystem::path& log) : log_(log) {
    words.insert(words.begin(), CONVOY_PROGRAM);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    process_ = ::fork();
    if (process_ != 0) return;
    if (::freopen(log.c_str(), "w", stdout) == nullptr || ::dup2(1, 2) < 0) ::_exit(127);
    ::execv(CONVOY_PROGRAM, arguments.data());
    ::_exit(127);
  }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background() {
    if (process_ != 0) end(SIGTERM);
  }

  // Its exit status.
  int end(int signal) {
    ::kill(process_, signal);
    int status = 0;
    ::waitpid(std::exchange(process_, 0), &status, 0);
    return WEXITSTATUS(status);
  }
  [[nodiscard]] std::string said() const { return read_file(log_).value_or(""); }
  // As it says; 0 if it does not in time.
  [[nodiscard]] int metrics_port() const {
    const std::string before = "metrics at port ";
    if (!comes_true([&] { return said().contains(before); })) return 0;
    const std::string all = said();
    return std::stoi(all.substr(all.find(before) + before.size()));
  }

 private:
  std::filesystem::path log_;
  pid_t process_ = 0;
};

struct Ended {
  int status = -1;
  std::string said;
};

Ended convoy(const std::string& words) {
  FILE* const output = ::popen(fmt::format("exec '{}' {} 2>&1", CONVOY_PROGRAM, words).c_str(), "r");
  Ended ended;
  std::array<char, 4096> buffer{};
  while (const std::size_t read = ::fread(buffer.data(), 1, buffer.size(), output)) {
    ended.said.append(buffer.data(), read);
  }
  ended.status = WEXITSTATUS(::pclose(output));
  return ended;
}

// By name and labels, as the format has them; nothing if nobody answers.
std::map<std::string, double> metrics_at(int port) {
  const auto answer = httplib::Client("127.0.0.1", port).Get("/metrics");
  std::map<std::string, double> samples;
  if (!answer || answer->status != 200) return samples;
  std::istringstream lines(answer->body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    const auto space = line.rfind(' ');
    samples[line.substr(0, space)] = std::stod(line.substr(space + 1));
  }
  return samples;
}

class ObserveProcessTest : public ThreePartsTest {
 protected:
  void SetUp() override {
    ThreePartsTest::SetUp();
    if (!split_) return;
    std::ofstream(folder_ / "devices.yaml")
        << "devices:\n  - {name: phone}\n  - {name: tablet}\n  - {name: laptop}\n";
  }
  std::vector<std::string> run_for_ever() const {
    return {"run",        split_->folder, "--devices",   folder_ / "devices.yaml",
            "--requests", "100000000",    "--in-process"};
  }
};

TEST_F(ObserveProcessTest, AWatchedRunTellsMetricsStatusAndTrace) {
  auto words = run_for_ever();
  const auto trace_file = folder_ / "trace.json";
  for (const std::string& word :
       {std::string("--metrics"), std::string("127.0.0.1:0"), std::string("--trace"),
        trace_file.string()}) {
    words.push_back(word);
  }
  Background run(words, folder_ / "run.log");
  const int port = run.metrics_port();
  ASSERT_GT(port, 0) << run.said();

  std::map<std::string, double> first;
  const auto stage = [](const char* name, int number, const char* device) {
    return fmt::format("{}{{stage=\"{}\",device=\"{}\",part=\"sub_model_{}.onnx\"}}", name, number,
                       device, number);
  };
  const std::string last_stage = stage("convoy_stage_requests_total", 3, "laptop");
  ASSERT_TRUE(comes_true([&] {
    first = metrics_at(port);
    return first["convoy_requests_answered_total"] > 0 && first[last_stage] > 0;
  })) << run.said();
  std::map<std::string, double> second;
  ASSERT_TRUE(comes_true([&] {
    second = metrics_at(port);
    return second["convoy_requests_answered_total"] > first["convoy_requests_answered_total"];
  })) << run.said();
  for (const std::string& counter :
       {std::string("convoy_uptime_seconds"), last_stage,
        stage("convoy_stage_busy_seconds_total", 1, "phone"),
        std::string("convoy_link_sent_bytes_total{from=\"phone\",to=\"tablet\"}"),
        std::string("convoy_link_sent_bytes_total{from=\"coordinator\",to=\"phone\"}"),
        std::string("convoy_device_cpu_seconds_total{device=\"tablet\"}"),
        std::string("convoy_request_latency_seconds_count")}) {
    EXPECT_TRUE(first.contains(counter)) << counter;
    EXPECT_GT(second[counter], first[counter]) << counter;
  }
  EXPECT_EQ(second["convoy_epoch"], 1);
  EXPECT_EQ(second["convoy_plan"], 1);
  EXPECT_EQ(second["convoy_device_up{device=\"laptop\"}"], 1);
  EXPECT_GT(second["convoy_requests_in_flight"], 0);
  EXPECT_GT(second["convoy_device_resident_memory_bytes{device=\"phone\"}"], 1e6);

  const Ended status = convoy(fmt::format("status 127.0.0.1:{} --json", port));
  EXPECT_EQ(status.status, 0) << status.said;
  const auto read = runtime::status_from_json(status.said, "status");
  ASSERT_TRUE(read) << read.error().message << status.said;
  EXPECT_EQ(read->devices.size(), 3u);
  EXPECT_GT(read->requests->answered, 0u);
  const Ended plain = convoy(fmt::format("status 127.0.0.1:{}", port));
  EXPECT_EQ(plain.status, 0) << plain.said;
  EXPECT_THAT(plain.said, HasSubstr("plan 1 (epoch 1)"));
  EXPECT_THAT(plain.said, HasSubstr("sub_model_2.onnx"));

  EXPECT_EQ(run.end(SIGINT), 130) << run.said();
  const auto text = read_file(trace_file);
  ASSERT_TRUE(text) << text.error().message;
  std::map<int, std::vector<std::pair<double, double>>> computing;  // by process
  std::map<int, std::pair<double, double>> requests;                // by id
  std::map<int, double> transfers;
  std::set<std::string> processes;
  const json trace = json::parse(*text);
  for (const json& event : trace.at("traceEvents")) {
    const std::string phase = event.at("ph");
    if (event.at("name") == "process_name") processes.insert(event.at("args").at("name"));
    if (phase == "M") continue;
    const double at = event.at("ts");
    EXPECT_GE(at, 0);
    if (phase == "X" && event.at("cat") == "compute") {
      computing[event.at("pid")].emplace_back(at, at + event.at("dur").get<double>());
    }
    if (phase == "b" && event.at("cat") == "request") requests[event.at("id")].first = at;
    if (phase == "e" && event.at("cat") == "request") requests[event.at("id")].second = at;
    if (phase == "b" && event.at("cat") == "transfer") transfers[event.at("id")] = at;
    if (phase == "e" && event.at("cat") == "transfer") {
      EXPECT_GE(at, transfers.at(event.at("id")));
    }
  }
  EXPECT_THAT(processes, UnorderedElementsAre("coordinator", "phone", "tablet", "laptop"));
  ASSERT_EQ(computing.size(), 3u);
  for (const auto& [process, spans] : computing) {
    EXPECT_GE(spans.size(), second["convoy_requests_answered_total"]);
    for (std::size_t i = 1; i < spans.size(); ++i) {
      // As the file has them: nanoseconds, in microseconds.
      EXPECT_GE(spans[i].first, spans[i - 1].second - 0.01) << "process " << process;
    }
  }
  EXPECT_GE(requests.size(), second["convoy_requests_answered_total"]);
  EXPECT_GE(transfers.size(), 2 * second["convoy_requests_answered_total"]);
  for (const auto& [id, span] : requests) EXPECT_LT(span.first, span.second);
}

TEST_F(ObserveProcessTest, AWorkerTellsOfItself) {
  Background worker({"worker", "--name", "tablet", "--listen",
                     fmt::format("ipc://{}", (folder_ / "tablet").string()), "--metrics",
                     "127.0.0.1:0", "--cache", folder_ / "cache"},
                    folder_ / "worker.log");
  const int port = worker.metrics_port();
  ASSERT_GT(port, 0) << worker.said();
  ASSERT_TRUE(comes_true([&] { return metrics_at(port).contains("convoy_uptime_seconds"); }));
  auto metrics = metrics_at(port);
  EXPECT_EQ(metrics["convoy_epoch"], 0);
  EXPECT_GT(metrics["convoy_device_resident_memory_bytes{device=\"tablet\"}"], 1e6);
  EXPECT_FALSE(metrics.contains("convoy_requests_answered_total"));
  EXPECT_THAT(convoy(fmt::format("status 127.0.0.1:{} --once", port)).said,
              HasSubstr("tablet, up "));

  const Ended second = convoy(fmt::format(
      "worker --name phone --listen ipc://{} --metrics 127.0.0.1:{} --cache '{}'",
      (folder_ / "phone").string(), port, (folder_ / "cache").string()));
  EXPECT_EQ(second.status, 2);
  EXPECT_THAT(second.said, HasSubstr(fmt::format("--metrics: cannot listen at 127.0.0.1:{}", port)));
}

TEST_F(ObserveProcessTest, SaysWhereNobodyAnswers) {
  const Ended none = convoy("status 127.0.0.1:1");
  EXPECT_EQ(none.status, 1);
  EXPECT_THAT(none.said, HasSubstr("nobody answers at 127.0.0.1:1; right would be the address"));
  EXPECT_EQ(convoy("status nowhere").status, 2);
}

}  // namespace
}  // namespace convoy
