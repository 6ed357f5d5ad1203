// convoy bench as a user runs it: a small job over a light model, and everything that can be wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "bench/csv.h"
#include "bench/temporary_folder.h"
#include "foundation/file.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

const fs::path kModel = "/usr/share/libonnx-testdata/data/light/light_squeezenet.onnx";
const fs::path kImages = CONVOY_SOURCE_DIR "/src/bench/testdata";

constexpr const char* kDevices = R"(devices:
  - name: "laptop"
    cores: 0.6
    bandwith: "200"
    power: {idle: "2 W", busy: "10 W"}
  - name: "phone"
    cores: 0.3
    memory: "400"
    bandwith: "100"
    power: {idle: "1 W", busy: "4 W"}
  - name: "bracelet"
    cores: 0.3
    memory: "10"
    bandwith: "100"
    power: {idle: "0.1 W", busy: "0.5 W"}
)";
constexpr const char* kTestEnv = R"(testenv:
  dataset:
    test_index: "./index.txt"
  metrics:
    - name: "agreement"
    - name: "fps"
    - name: "peak_memory"
    - name: "wrong_answers"
      url: "./wrong_answers.cc"
  devices:
    - url: "./devices.yaml"
)";

std::string algorithm(const std::string& hyperparameters, const std::string& module = "") {
  return "algorithm:\n  paradigm_type: multiedgeinference\n  initial_model_url: " +
         kModel.string() + "\n  modules:\n    - type: basemodel\n" +
         (module.empty() ? "      name: Classification\n" : module) +
         "      hyperparameters:\n" + hyperparameters;
}

std::string job(const std::vector<std::string>& algorithms) {
  std::string text =
      "benchmarkingjob:\n  name: tiny\n  workspace: ./workspace\n  testenv: ./testenv.yaml\n"
      "  test_object:\n    type: algorithms\n    algorithms:\n";
  for (const std::string& name : algorithms) {
    text += "      - name: " + name + "\n        url: ./" + name + ".yaml\n";
  }
  return text + "  rank:\n    sort_by: [ { \"fps\": \"descend\" } ]\n";
}

struct Ended {
  int status = 0;
  std::string out;
  std::string err;
};

class BenchJob : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kModel)) GTEST_SKIP() << "no " << kModel << ": install libonnx-testdata";
    fs::copy_file(CONVOY_SOURCE_DIR "/examples/plugins/wrong_answers.cc",
                  folder.path() / "wrong_answers.cc");
    write_files();
  }

  void write_files() {
    std::string index;
    for (const char* name : {"colour.jpg", "grey.jpg", "palette.png"}) {
      index += (kImages / name).string() + " 7\n";
    }
    folder.write("index.txt", index);
    folder.write("devices.yaml", kDevices);
    folder.write("testenv.yaml", kTestEnv);
    folder.write("job.yaml", job({"few"}));
    folder.write("few.yaml", algorithm("        - partition: {values: [none]}\n"
                                       "        - requests: {values: [30]}\n"));
  }

  // Starts `convoy ARGUMENTS` in the folder.
  pid_t start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), CONVOY_PROGRAM);
    const pid_t child = ::fork();
    if (child == 0) {
      ::setpgid(0, 0);
      ::setenv("XDG_CACHE_HOME", (folder.path() / "cache").c_str(), 1);
      std::vector<char*> argv;
      for (std::string& word : arguments) argv.push_back(word.data());
      argv.push_back(nullptr);
      if (::chdir(folder.path().c_str()) == 0 && std::freopen("out", "w", stdout) != nullptr &&
          std::freopen("err", "w", stderr) != nullptr) {
        ::execv(argv[0], argv.data());
      }
      ::_exit(127);
    }
    return child;
  }
  Ended wait(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            .out = read_file(folder.path() / "out").value_or(""),
            .err = read_file(folder.path() / "err").value_or("")};
  }
  Ended run(std::vector<std::string> arguments) { return wait(start(std::move(arguments))); }
  // What a job that should not even start says.
  Ended refused() {
    const Ended ended = run({"bench", "-f", "job.yaml"});
    EXPECT_EQ(ended.out, "");
    return ended;
  }

  bench::TemporaryFolder folder;
};

// How many worker processes a convoy has.
int workers_of(pid_t parent) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline");
    std::set<std::string> words;
    for (std::string word; std::getline(file, word, '\0');) words.insert(word);
    count += words.contains("worker") && words.contains(std::to_string(parent)) ? 1 : 0;
  }
  return count;
}

bool comes_true(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 120s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

TEST_F(BenchJob, ComparesPartitionsAndLetsNoCaseSpoilTheOthers) {
  folder.write("job.yaml", job({"whole", "divided", "yours", "too_small"}));
  const std::string requests = "        - requests: {values: [60]}\n";
  folder.write("whole.yaml", algorithm(requests + "        - partition: {values: [none]}\n"));
  folder.write("divided.yaml",
               algorithm(requests + "        - partition: {values: [memory, auto]}\n"));
  folder.write("yours.yaml",
               algorithm("        - requests: {values: [60]}\n",
                         "      name: BySpeed\n      url: " CONVOY_SOURCE_DIR
                         "/examples/plugins/by_speed.cc\n"));
  folder.write("too_small.yaml", algorithm(requests + "        - partition: {values: [none]}\n"
                                                      "        - device: {values: [bracelet]}\n"));
  const Ended ended = run({"bench", "-f", "job.yaml", "--json"});
  EXPECT_EQ(ended.status, 1) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("of 5 cases failed"));
  const auto json = nlohmann::json::parse(ended.out);
  ASSERT_EQ(json["cases"].size(), 5u);
  for (const int i : {0, 2}) {  // the whole and convoy's own
    const auto& test = json["cases"][i];
    ASSERT_EQ(test["error"], nullptr) << test["error"];
    EXPECT_EQ(test["figures"]["agreement"]["value"], 1.0);
    EXPECT_EQ(test["figures"]["fps"]["source"], "emulated");
    EXPECT_GT(test["figures"]["fps"]["value"], 1.0);
    EXPECT_GT(test["figures"]["peak_memory"]["value"], 1e6);
    EXPECT_EQ(test["figures"]["peak_power"]["source"], "modelled");
    EXPECT_EQ(test["figures"]["latency_p90"]["value"], nullptr);
    EXPECT_GE(test["figures"]["wrong_answers"]["value"], 0.0);
    EXPECT_GT(test["predicted_period_s"], 0.0);
    const fs::path directory = test["directory"].get<std::string>();
    for (const char* file : {"plan.json", "figures.json", "predictions.csv",
                             "sub_models/map.json", "sub_models/sub_model_1.onnx"}) {
      EXPECT_TRUE(fs::exists(directory / file)) << directory / file;
    }
  }
  EXPECT_EQ(json["cases"][0]["stages"][0]["device"], "laptop");  // the fastest
  // The bracelet has 10 MB: shares of memory and of speed fail on it, in words.
  EXPECT_THAT(json["cases"][4]["error"].get<std::string>(),
              AllOf(HasSubstr("bracelet"), HasSubstr("10.0 MB")));

  const fs::path rank = folder.path() / "workspace/tiny/rank/all_rank.csv";
  const auto table = read_file(rank).and_then(
      [&](const std::string& text) { return bench::parse_csv(text, rank.string()); });
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_THAT(table->columns,
              ElementsAre("rank", "algorithm", "agreement", "fps", "peak_memory", "wrong_answers",
                          "paradigm", "basemodel", "basemodel-requests", "basemodel-partition",
                          "basemodel-device", "time", "url", "error"));
  EXPECT_EQ(table->rows.size(), 5u);
  EXPECT_EQ(table->rows.back()[0], "");
  const auto report = read_file(folder.path() / "workspace/tiny/report.html");
  ASSERT_TRUE(report);
  EXPECT_THAT(*report, AllOf(StartsWith("<!doctype html>"), EndsWith("</html>\n")));
  EXPECT_THAT(ended.err, HasSubstr("\"bandwith\" read as \"bandwidth\""));
}

TEST_F(BenchJob, ASolverOfTheUsersDecidesWhoRunsWhat) {
  folder.write("few.yaml", algorithm("        - requests: {values: [30]}\n"
                                     "        - partition: {values: [solver, none]}\n") +
                               "    - {type: solver, name: HillClimb, url: " CONVOY_SOURCE_DIR
                               "/examples/plugins/hill_climb.cc}\n");
  const Ended ended = run({"bench", "-f", "job.yaml", "--json"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  const auto json = nlohmann::json::parse(ended.out);
  ASSERT_EQ(json["cases"].size(), 2u);
  const auto& test = json["cases"][0];
  EXPECT_EQ(test["figures"]["agreement"]["value"], 1.0);
  EXPECT_EQ(test["stages"].size(), 2u);  // the bracelet has no room
  const fs::path plan = fs::path(test["directory"].get<std::string>()) / "plan.json";
  EXPECT_EQ(nlohmann::json::parse(*read_file(plan))["solver"], "hill_climb.cc");
  EXPECT_EQ(json["cases"][1]["stages"].size(), 1u);
}

TEST_F(BenchJob, ThePlanOfAModelCutsIt) {
  const std::string model = kModel.string();
  ASSERT_EQ(run({"plan", model, "--devices", "devices.yaml", "-o", "planned"}).status, 0);
  const Ended split = run({"split", model, "--plan", "planned/plan.json", "-o", "parts"});
  ASSERT_EQ(split.status, 0) << split.err;
  EXPECT_EQ(run({"verify", model, "parts"}).status, 0);
  EXPECT_FALSE(fs::exists(folder.path() / "cache/Microsoft")) << "no usage data is collected";
}

TEST_F(BenchJob, AccumulatesRankingsOverRuns) {
  for (const int rows : {1, 2}) {
    const Ended ended = run({"-f", "job.yaml", "-o", "elsewhere"});  // as Ianvs is called
    ASSERT_EQ(ended.status, 0) << ended.err;
    EXPECT_THAT(ended.out, StartsWith("rank  algorithm  agreement  fps"));
    const fs::path rank = folder.path() / "elsewhere/tiny/rank/all_rank.csv";
    EXPECT_EQ(bench::parse_csv(*read_file(rank), "all_rank.csv")->rows.size(),
              static_cast<std::size_t>(rows));
  }
}

TEST_F(BenchJob, StoppedInMidRunKeepsWhatWasDoneAndLeavesNoWorker) {
  folder.write("job.yaml", job({"few", "many"}));
  folder.write("many.yaml", algorithm("        - partition: {values: [none]}\n"
                                      "        - requests: {values: [100000]}\n"));
  const pid_t convoy = start({"bench", "-f", "job.yaml"});
  const fs::path rank = folder.path() / "workspace/tiny/rank/all_rank.csv";
  const bool underway = comes_true([&] {
    return fs::exists(rank) && workers_of(convoy) > 0 &&
           fs::exists(folder.path() / "workspace/tiny/many");
  });
  EXPECT_TRUE(underway);
  std::this_thread::sleep_for(1s);
  ::kill(-convoy, SIGINT);
  const Ended ended = wait(convoy);
  EXPECT_EQ(ended.status, 130) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("stopped after 1 of 2 cases; their results are kept"));
  EXPECT_THAT(ended.out, HasSubstr("few"));
  EXPECT_EQ(bench::parse_csv(*read_file(rank), "all_rank.csv")->rows.size(), 1u);
  EXPECT_EQ(workers_of(convoy), 0);
}

TEST_F(BenchJob, WrongInputIsRefusedBeforeAnythingRuns) {
  struct Mistake {
    std::string file;
    std::string contents;
    std::string message;
  };
  const std::string few = algorithm("        - requests: {values: [30]}\n");
  const auto with = [](std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
  };
  const std::string here = folder.path().string();
  const std::vector<Mistake> mistakes = {
      {"job.yaml", with(job({"few"}), "rank:", "ranks:"),
       "job.yaml:10: unknown key \"ranks\"; did you mean \"rank\"?"},
      {"job.yaml", with(job({"few"}), "\"fps\"", "\"mota\""),
       "job.yaml:11: sort_by names the metric \"mota\", which the test environment does not measure"},
      {"few.yaml", with(few, kModel.string(), "./none.onnx"),
       "few.yaml:3: no file \"./none.onnx\"; tried "},
      {"few.yaml", with(few, kModel.string(), "./model.npz"), "convert it to ONNX"},
      {"few.yaml", with(few, "requests", "request"),
       "few.yaml:8: Classification has no hyperparameter \"request\"; did you mean \"requests\"?"},
      {"few.yaml", with(few, "name: Classification", "name: M3L\n      url: ./m3l/basemodel.py"),
       "few.yaml:7: \"./m3l/basemodel.py\" is a Python file, which convoy cannot run"},
      {"devices.yaml", with(kDevices, "\"2 W\"", "\"2 V\""), "devices.yaml:5: "},
      {"devices.yaml", "devices: []\n", "devices.yaml:1: "},
      {"index.txt", "no.jpg 3\n", here + "/index.txt:1: no file " + here + "/no.jpg"},
      {"index.txt", "", "no samples in "},
  };
  for (const Mistake& mistake : mistakes) {
    SCOPED_TRACE(mistake.message);
    write_files();
    folder.write(mistake.file, mistake.contents);
    const Ended ended = refused();
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.err, HasSubstr(mistake.message));
    EXPECT_FALSE(fs::exists(folder.path() / "workspace/tiny/rank"));
  }
}

TEST_F(BenchJob, BrokenModelsAndWorkspacesAreAnswered) {
  folder.write("broken.onnx", "this is no model");
  folder.write("workspace", "a file where a folder should be");
  const Ended unwritable = refused();
  EXPECT_EQ(unwritable.status, 1);
  EXPECT_THAT(unwritable.err, HasSubstr("cannot be written"));
  fs::remove(folder.path() / "workspace");

  std::string text = algorithm("        - requests: {values: [30]}\n");
  text.replace(text.find(kModel.string()), kModel.string().size(), "./broken.onnx");
  folder.write("few.yaml", text);
  const Ended broken = run({"bench", "-f", "job.yaml"});
  EXPECT_EQ(broken.status, 1);
  EXPECT_THAT(broken.out, HasSubstr("few failed: "));
  EXPECT_THAT(broken.out, HasSubstr("broken.onnx"));

  EXPECT_EQ(run({"bench", "-f", "none.yaml"}).status, 2);
  EXPECT_EQ(run({"bench"}).status, 2);
}

}  // namespace
}  // namespace convoy
