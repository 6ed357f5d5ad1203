#include <gmock/gmock.h>

#include "bench/algorithm_file.h"
#include "bench/case_settings.h"
#include "bench/job_file.h"
#include "bench/locate.h"
#include "bench/temporary_folder.h"
#include "bench/test_case.h"
#include "bench/test_env_file.h"

namespace convoy::bench {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

constexpr const char* kJob = R"(benchmarkingjob:
  name: "job"
  testenv: "./testenv.yaml"
  test_object:
    type: "algorithms"
    algorithms:
      - name: "one"
        url: "./one.yaml"
  rank:
    sort_by: [ { "fps": "descend" }, { "latency_p50": "ascend" } ]
    save_mode: "selected_only"
)";
constexpr const char* kTestEnv = R"(testenv:
  dataset:
    test_index: "./photos/index.txt"
    colour: "warm"
  metrics:
    - name: "fps"
    - name: "accuracy"
      url: "./accuracy.py"
  devices:
    - url : "./devices.yaml"
)";
constexpr const char* kAlgorithm = R"(algorithm:
  paradigm_type: "multiedgeinference"
  initial_model_url: "./model.onnx"
  modules:
    - type: "basemodel"
      name: "Classification"
      hyperparameters:
        - partition:
            values: [none, auto]
        - other_hyperparameters:
            values: ["./others.yaml"]
        - requests:
            values:
              - 10
              - 20
)";

class JobFiles : public testing::Test {
 protected:
  JobFiles() {
    folder.write("one.yaml", kAlgorithm);
    folder.write("others.yaml", "level: all\nrequests: 7\n");
    folder.write("testenv.yaml", kTestEnv);
    job = folder.write("job.yaml", kJob);
  }
  // What reading the job says once `from` is written as `to`.
  std::string job_error(const std::string& from, const std::string& to) {
    const Result<Job> read = read_job(folder.write("job.yaml", replaced(kJob, from, to)));
    return read ? "no error" : read.error().message;
  }
  std::string env_error(const std::string& from, const std::string& to) {
    const auto read = read_test_env(folder.write("testenv.yaml", replaced(kTestEnv, from, to)));
    return read ? "no error" : read.error().message;
  }
  std::string algorithm_error(const std::string& from, const std::string& to) {
    const auto read =
        read_algorithm("one", folder.write("one.yaml", replaced(kAlgorithm, from, to)));
    return read ? "no error" : read.error().message;
  }
  static std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  }

  TemporaryFolder folder;
  fs::path job;
};

TEST_F(JobFiles, AJobNamesItsFilesRelativeToItself) {
  const Result<Job> read = read_job(job);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->name, "job");
  EXPECT_EQ(read->workspace, "./workspace");
  EXPECT_EQ(read->test_env, folder.path() / "testenv.yaml");
  ASSERT_EQ(read->algorithms.size(), 1u);
  EXPECT_EQ(read->algorithms[0].name, "one");
  EXPECT_EQ(read->algorithms[0].file, folder.path() / "one.yaml");
  ASSERT_EQ(read->rank.sort_by.size(), 2u);
  EXPECT_EQ(read->rank.sort_by[1].metric, "latency_p50");
  EXPECT_EQ(read->rank.sort_by[1].order, Order::ascend);
  EXPECT_EQ(read->rank.save_mode, SaveMode::selected_only);
}

TEST_F(JobFiles, UnknownAndMissingKeysOfAJobAreErrors) {
  const std::string at = job.string();
  EXPECT_EQ(job_error("testenv:", "tesenv:"),
            at + ":3: unknown key \"tesenv\"; did you mean \"testenv\"?");
  EXPECT_EQ(job_error("  name: \"job\"\n", ""), at + ":1: benchmarkingjob needs \"name\"");
  EXPECT_EQ(job_error("\"job\"", "\"a/b\""),
            at + ":2: the job's name \"a/b\" cannot be the name of a folder");
  EXPECT_THAT(job_error("./one.yaml", "./two.yaml"),
              HasSubstr(at + ":8: no file \"./two.yaml\"; tried "));
  EXPECT_THAT(job_error("type: \"algorithms\"", "type: \"models\""),
              HasSubstr(":5: test_object has the type \"models\"; known: algorithms"));
  EXPECT_THAT(job_error("\"descend\"", "\"down\""),
              HasSubstr(":10: the order of \"fps\" is \"ascend\" or \"descend\", not \"down\""));
  EXPECT_THAT(job_error("selected_only", "selected"),
              HasSubstr(":11: \"save_mode\" cannot be \"selected\"; "));
}

TEST_F(JobFiles, ARankByAMetricThatNothingMeasuresIsAnErrorWithItsLine) {
  const Result<Job> read = read_job(folder.write("job.yaml", replaced(kJob, "\"fps\"", "\"fsp\"")));
  ASSERT_TRUE(read);
  EXPECT_EQ(check_metrics(read->rank, {"fps", "latency_p50"}).error().message,
            job.string() + ":10: sort_by names the metric \"fsp\", which the test environment does "
                           "not measure; did you mean \"fps\"?");
  EXPECT_TRUE(check_metrics(read->rank, {"fsp", "latency_p50"}));
  const auto selecting =
      read_job(folder.write("job.yaml", replaced(kJob, "save_mode: \"selected_only\"",
                                                 "selected_dataitem: {metrics: [fsp]}")));
  ASSERT_TRUE(selecting);
  EXPECT_EQ(check_metrics(selecting->rank, {"fps", "latency_p50"}).error().message,
            job.string() + ":11: selected_dataitem names the metric \"fsp\", which the test "
                           "environment does not measure; did you mean \"fps\"?");
}

TEST_F(JobFiles, ATestEnvironmentAllowsUnknownKeysInItsDatasetOnly) {
  const Result<TestEnv> read = read_test_env(folder.path() / "testenv.yaml");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->dataset.test.text, "./photos/index.txt");
  EXPECT_THAT(read->notes, Contains(EndsWith(":4: \"colour\" of the dataset is not used")));
  EXPECT_EQ(read->metrics[1].name, "accuracy");
  EXPECT_THAT(read->metrics[1].url.place, EndsWith("testenv.yaml:8"));
  EXPECT_EQ(read->devices.text, "./devices.yaml");
  EXPECT_THAT(env_error("  metrics:", "  metrik:"),
              HasSubstr(":5: unknown key \"metrik\"; did you mean \"metrics\"?"));
  EXPECT_THAT(env_error("test_index", "train_index"),
              HasSubstr(":2: the dataset names no test set"));
  EXPECT_THAT(env_error("\"accuracy\"", "\"fps\""), HasSubstr(":7: a second metric named \"fps\""));
}

TEST_F(JobFiles, AnAlgorithmHasItsHyperparametersInTheFilesOrder) {
  const Result<Algorithm> read = read_algorithm("one", folder.path() / "one.yaml");
  ASSERT_TRUE(read) << read.error().message;
  const std::vector<Hyperparameter>& grid = read->modules[0].hyperparameters;
  ASSERT_EQ(grid.size(), 3u);
  EXPECT_EQ(grid[0].name, "level");  // of the other file, before the module's own
  EXPECT_EQ(grid[1].name, "requests");
  EXPECT_THAT(grid[1].values, ElementsAre("10", "20"));  // the module's own wins
  EXPECT_EQ(grid[2].name, "partition");
}

TEST_F(JobFiles, AnAlgorithmMayHaveASolverOfItsOwn) {
  const std::string module = "  modules:\n    - {type: solver, name: mine, url: ./mine.cc}\n";
  std::string text = kAlgorithm;
  text.replace(text.find("  modules:\n"), 11, module);
  const Result<Algorithm> read = read_algorithm("own", folder.write("own.yaml", text));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->modules.size(), 1u);
  ASSERT_TRUE(read->solver);
  EXPECT_EQ(read->solver->name, "mine");
  EXPECT_EQ(read->solver->url.text, "./mine.cc");
  // It decides, unless a case says otherwise.
  const fleet::DevicesFile devices;
  EXPECT_EQ(settings_of(*read, {}, devices)->partitioning, Partitioning::solver);
  const TestCase automatic{.parameters = {{"partition", "auto"}}};
  EXPECT_EQ(settings_of(*read, automatic, devices)->partitioning, Partitioning::automatic);
  const TestCase own{.parameters = {{"partition", "solver"}}};
  EXPECT_THAT(
      settings_of(*read_algorithm("one", folder.path() / "one.yaml"), own, devices).error().message,
      HasSubstr("\"partition: solver\" needs a module of type \"solver\""));
}

TEST_F(JobFiles, MistakesInAnAlgorithmAreNamedWithTheirLine) {
  EXPECT_THAT(algorithm_error("multiedgeinference", "lifelonglearning"),
              HasSubstr(":2: convoy does not run the paradigm \"lifelonglearning\""));
  EXPECT_THAT(algorithm_error("type: \"basemodel\"", "type: \"hard_example_mining\""),
              HasSubstr(":5: multiedgeinference has no module of type \"hard_example_mining\""));
  EXPECT_THAT(algorithm_error("values: [none, auto]", "values: []"),
              HasSubstr(":8: \"partition\" has no values"));
  EXPECT_THAT(algorithm_error("values: [none, auto]", "value: [none]"),
              HasSubstr(":9: unknown key \"value\"; did you mean \"values\"?"));
  EXPECT_THAT(algorithm_error("./others.yaml", "./other.yaml"),
              HasSubstr(":10: no file \"./other.yaml\"; tried "));
}

TEST_F(JobFiles, TheLastHyperparameterVariesFastest) {
  Result<Algorithm> algorithm = read_algorithm("one", folder.path() / "one.yaml");
  ASSERT_TRUE(algorithm);
  const std::vector<Algorithm> algorithms = {*algorithm, *algorithm};
  const std::vector<TestCase> cases = test_cases(algorithms);
  ASSERT_EQ(cases.size(), 8u);
  std::vector<std::string> order;
  for (const TestCase& test : cases) {
    order.push_back(std::to_string(test.algorithm) + *test.parameter("requests") +
                    *test.parameter("partition"));
  }
  EXPECT_THAT(order, ElementsAre("010none", "010auto", "020none", "020auto", "110none", "110auto",
                                 "120none", "120auto"));
  EXPECT_EQ(title_of(algorithms, cases[1]), "one (requests=10, partition=auto)");
  EXPECT_EQ(cases[0].parameter("batch_size"), std::nullopt);
}

TEST_F(JobFiles, PathsAreFoundInTheFoldersAboveTheFileThatNamesThem) {
  folder.write("models/m.onnx", "x");
  const fs::path deep = folder.write("examples/a/b/algorithm.yaml", "x");
  EXPECT_EQ(*locate("./models/m.onnx", deep, "f:1"), folder.path() / "models/m.onnx");
  EXPECT_EQ(*locate((folder.path() / "job.yaml").string(), deep, "f:1"), job);
  EXPECT_THAT(locate("/no/m.onnx", deep, "f:1").error().message,
              "f:1: no file \"/no/m.onnx\"; tried /no/m.onnx");
  EXPECT_THAT(locate("no.onnx", deep, "f:1").error().message,
              HasSubstr((folder.path() / "examples/no.onnx").string()));
}

// Every YAML file of Ianvs' two multi-edge examples.
class IanvsFiles : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(ianvs_fixtures())) GTEST_SKIP() << "no folder " << ianvs_fixtures();
    fs::current_path("/");  // convoy's own examples have the same paths as Ianvs'
  }
  void TearDown() override { fs::current_path(before_); }
  const fs::path before_ = fs::current_path();
  const fs::path imagenet = ianvs_fixtures() / "examples/imagenet/multiedge_inference_bench";
  const fs::path mot =
      ianvs_fixtures() / "examples/MOT17/multiedge_inference_bench/pedestrian_tracking";
};

TEST_F(IanvsFiles, TheImagenetJobsAreReadAsTheyAre) {
  for (const char* kind : {"manual", "automatic"}) {
    const Result<Job> job = read_job(imagenet / fmt::format("classification_job_{}.yaml", kind));
    ASSERT_TRUE(job) << job.error().message;
    EXPECT_EQ(job->name, "classification_job");
    EXPECT_EQ(job->workspace, "./multiedge_inference_bench/workspace");
    EXPECT_EQ(job->test_env, (imagenet / "testenv/testenv.yaml").lexically_normal());
    EXPECT_EQ(job->rank.save_mode, SaveMode::selected_and_all);
    const auto algorithm = read_algorithm("classification", job->algorithms.at(0).file);
    ASSERT_TRUE(algorithm) << algorithm.error().message;
    EXPECT_EQ(algorithm->modules[0].name, "Classification");
    EXPECT_EQ(algorithm->modules[0].hyperparameters[0].name, "batch_size");
    EXPECT_THAT(algorithm->modules[0].hyperparameters[0].values, ElementsAre("1"));
  }
  const Result<TestEnv> env = read_test_env(imagenet / "testenv/testenv.yaml");
  ASSERT_TRUE(env) << env.error().message;
  EXPECT_EQ(env->dataset.test.text, "./dataset/test.txt");
  EXPECT_EQ(env->metrics.size(), 4u);
  EXPECT_EQ(env->devices.text, "./devices.yaml");
  // The example ranks image classification by a tracking metric.
  const Result<Job> job = read_job(imagenet / "classification_job_manual.yaml");
  EXPECT_THAT(check_metrics(job->rank, {"accuracy", "fps", "peak_memory", "peak_power"})
                  .error()
                  .message,
              HasSubstr("classification_job_manual.yaml:28: sort_by names the metric \"mota\""));
}

TEST_F(IanvsFiles, TheTrackingFilesAreReadAsTheyAre) {
  for (const char* kind : {"reid", "tracking"}) {
    const Result<TestEnv> env = read_test_env(mot / "testenv" / kind / "testenv.yaml");
    ASSERT_TRUE(env) << env.error().message;
    EXPECT_GE(env->metrics.size(), 5u);
    EXPECT_FALSE(env->devices.given());
    // The jobs name a folder that the example no longer has.
    EXPECT_THAT(read_job(mot / fmt::format("{}_job.yaml", kind)).error().message,
                HasSubstr(fmt::format("{}_job.yaml:9: no file \"./examples/pedestrian_tracking/",
                                      kind)));
  }
  EXPECT_TRUE(read_algorithm("x", mot / "testalgorithms/reid/m3l/m3l_algorithm.yaml"));
  EXPECT_TRUE(
      read_algorithm("x", mot / "testalgorithms/tracking/byte_track/byte_track_algorithm.yaml"));
}

}  // namespace
}  // namespace convoy::bench
