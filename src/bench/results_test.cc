#include <gmock/gmock.h>
#include <sqlite3.h>

#include <nlohmann/json.hpp>

#include "bench/case_id.h"
#include "bench/case_settings.h"
#include "bench/charts.h"
#include "bench/report.h"
#include "bench/results_store.h"
#include "bench/table.h"
#include "bench/temporary_folder.h"
#include "bench/test_result.h"

namespace convoy::bench {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

TestResult good(const std::string& name, double fps) {
  TestResult result{.id = "id-" + name,
                    .title = name,
                    .algorithm = name,
                    .module = "Classification",
                    .partition = "auto",
                    .parameters = {{"partition", name}},
                    .time = "2026-01-31 12:00:00",
                    .directory = "/w/" + name,
                    .figures = {{.name = "fps", .value = fps, .unit = Unit::per_second,
                                 .source = FigureSource::emulated},
                                not_measured("accuracy", "random weights")},
                    .metrics = {"accuracy", "fps"},
                    .period = Seconds(0.02)};
  result.fleet.devices.push_back({.name = "phone <1>", .memory = Bytes(100)});
  result.record.plan = RunPlan{
      .solver = "chain",
      .stages = {{.file = "sub_model_1.onnx", .device = "phone <1>", .nodes = 3,
                  .operators = {{"Conv", 2}, {"Clip", 1}}, .compute = Seconds(0.01)}},
      .period = Seconds(0.016),
      .limits = {"the phone & its link"}};
  result.record.map = onnx::SplitMap{.sub_models = {{.device = "phone <1>"}}};
  result.record.stages = {{.device = "phone <1>", .file = "sub_model_1.onnx", .requests = 4,
                           .busy = Seconds(0.04), .sent = Bytes(7), .peak_memory = Bytes(60)}};
  for (std::uint64_t i = 0; i < 4; ++i) {
    const double start = 0.02 * static_cast<double>(i);
    result.record.busy.push_back(
        {.stage = 0, .request = i, .start_s = start, .end_s = start + 0.01});
  }
  result.record.emulation = "quota of a cgroup";
  return result;
}

TestResult bad(const std::string& name) {
  TestResult result = good(name, 0);
  result.figures.clear();
  result.record = {};
  result.error = Error{ErrorKind::lost, "device \"phone\" was killed: <out of memory>"};
  return result;
}

JobSetup setup() {
  JobSetup setup;
  setup.job.name = "job <b>";
  setup.cases.resize(2);
  setup.samples.resize(24);
  AlgorithmSetup algorithm{.model = "/m/model.onnx"};
  algorithm.devices.fleet = good("x", 1).fleet;
  setup.setups.push_back(algorithm);
  return setup;
}

TEST(ResultsStore, KeepsCasesOfAllRunsAndReplacesById) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "results.sqlite";
  ASSERT_TRUE(store(file, {good("a", 10), bad("b")}));
  const auto again = store(file, {good("a", 12), good("c", 1)});
  ASSERT_TRUE(again) << again.error().message;
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  const auto query = [&](const char* sql) {
    std::string text;
    sqlite3_exec(
        database, sql,
        [](void* out, int columns, char** values, char**) {
          for (int i = 0; i < columns; ++i) {
            *static_cast<std::string*>(out) += std::string(values[i] ? values[i] : "NULL") + " ";
          }
          return 0;
        },
        &text, nullptr);
    return text;
  };
  EXPECT_EQ(query("SELECT count(*), sum(error IS NOT NULL) FROM cases"), "3 1 ");
  EXPECT_EQ(query("SELECT value, unit, source FROM figures WHERE case_id='id-a' AND name='fps'"),
            "12.0 1/s emulated ");
  EXPECT_EQ(query("SELECT value, source, note FROM figures WHERE case_id='id-a' AND "
                  "name='accuracy'"),
            "NULL not measured random weights ");
  EXPECT_EQ(query("SELECT device, requests, sent_bytes FROM stages WHERE case_id='id-c'"),
            "phone <1> 4 7 ");
  sqlite3_close(database);
}

TEST(ResultsStore, SaysWhyItCannotWrite) {
  EXPECT_THAT(store("/no/such/folder/results.sqlite", {}).error().message,
              HasSubstr("/no/such/folder/results.sqlite: unable to open"));
  const TemporaryFolder folder;
  EXPECT_THAT(store(folder.write("r.sqlite", std::string(5000, 'x')), {}).error().message,
              HasSubstr("not a database"));
}

TEST(TestResult, AsJsonHasEveryFigureWithItsSource) {
  const auto json = nlohmann::json::parse(to_json(good("a", 12.5)));
  EXPECT_EQ(json["figures"]["fps"]["value"], 12.5);
  EXPECT_EQ(json["figures"]["accuracy"]["value"], nullptr);
  EXPECT_EQ(json["figures"]["accuracy"]["source"], "not measured");
  EXPECT_EQ(json["stages"][0]["planned"]["nodes"], 3);
  EXPECT_EQ(json["error"], nullptr);
  EXPECT_THAT(nlohmann::json::parse(to_json(bad("b")))["error"], HasSubstr("was killed"));
}

TEST(Report, IsOneSelfContainedPageWithAllTextEscaped) {
  const std::string page = report_html(setup(), {good("a", 10), bad("b")});
  EXPECT_THAT(page, HasSubstr("<h1>job &lt;b&gt;</h1>"));
  EXPECT_THAT(page, HasSubstr("2 ways of running model.onnx over 1 device (phone &lt;1&gt;), on 24 "
                              "samples."));
  EXPECT_THAT(page, HasSubstr("The fastest is <b>a</b> with 10.0 answers per second."));
  EXPECT_THAT(page, HasSubstr("the phone &amp; its link"));
  EXPECT_THAT(page, HasSubstr("was killed: &lt;out of memory&gt;"));
  EXPECT_THAT(page, HasSubstr("Period: 16.0 ms predicted, <b>20.0 ms emulated</b> (+25.0 %)"));
  EXPECT_THAT(page, HasSubstr("quota of a cgroup"));
  EXPECT_THAT(page, HasSubstr("60 B of 100 B"));
  EXPECT_THAT(page, Not(HasSubstr("phone <1>")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("src=")));
  EXPECT_THAT(page, Not(HasSubstr("href=")));
}

TEST(Charts, TheLongestBarIsTheFastestCase) {
  const std::string svg = speed_chart({good("slow", 5), good("fast", 10), bad("broken")});
  EXPECT_THAT(svg, ContainsRegex("width=\"225.0\".*var\\(--bar\\)"));
  EXPECT_THAT(svg, ContainsRegex("width=\"450.0\".*var\\(--best\\)"));
  EXPECT_THAT(svg, HasSubstr(">failed<"));
}

TEST(Charts, TheTimelineHasARowPerDevice) {
  const std::string svg = timeline_chart(good("a", 10));
  EXPECT_THAT(svg, HasSubstr(">phone &lt;1&gt;</text>"));
  EXPECT_THAT(svg, HasSubstr("request 2: phone &lt;1&gt; for 10.0 ms"));
  EXPECT_EQ(timeline_chart(bad("b")), "");
}

TEST(Table, ShowsFiguresWithUnitsAndWhatDiffers) {
  const std::vector<TestResult> results = {good("none", 9.5), good("auto", 20), bad("broken")};
  std::vector<RankedCase> cases;
  for (const TestResult& result : results) cases.push_back(ranked(result));
  const CsvTable board =
      leaderboard(cases, {}, {{.metric = "fps", .order = Order::descend}});
  EXPECT_EQ(table_text(board, results, TableStyle::plain),
            "rank  algorithm  accuracy      fps           partition\n"
            "1     auto       not measured  20.0          auto\n"
            "2     none       not measured  9.50          none\n"
            "-     broken     not measured  not measured  broken\n"
            "broken failed: device \"phone\" was killed: <out of memory>\n");
  EXPECT_THAT(table_text(board, results, TableStyle::framed), HasSubstr("│algorithm│"));
}

TEST(CaseSettings, ReadTheHyperparametersThatSayHowToRun) {
  Algorithm algorithm{.name = "a", .file = "a.yaml"};
  algorithm.modules.push_back(
      {.hyperparameters = {{.name = "partition", .values = {"chain"}, .place = "a.yaml:9"}}});
  const auto settings = [&](const Combination& parameters, bool has_points) {
    fleet::DevicesFile devices;
    devices.fleet.devices.push_back({.name = "phone"});
    if (has_points) devices.points.push_back({.device = DeviceId(0)});
    return settings_of(algorithm, {.algorithm = 0, .parameters = parameters}, devices);
  };
  EXPECT_EQ(settings({}, true)->partitioning, Partitioning::points);
  EXPECT_EQ(settings({}, false)->partitioning, Partitioning::automatic);
  const auto all = settings({{"partition", "chain"}, {"mode", "fast"}, {"level", "basic"},
                             {"in_flight", "4"}, {"requests", "100"}, {"warm_up", "0"}},
                            false);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->partitioning, Partitioning::chain);
  EXPECT_EQ(all->mode, onnx::CutMode::fast);
  EXPECT_EQ(all->level, onnx::OptimizationLevel::basic);
  EXPECT_EQ(all->in_flight, 4u);
  EXPECT_EQ(all->requests, 100u);
  EXPECT_EQ(all->warm_up, 0u);
  EXPECT_EQ(settings({{"partition", "chian"}}, false).error().message,
            "a.yaml:9: \"chian\" is no way to partition; did you mean \"chain\"?");
  EXPECT_THAT(settings({{"partition", "points"}}, false).error().message,
              HasSubstr("a.yaml:9: \"partition: points\" needs \"partition_points\""));
  EXPECT_THAT(settings({{"requests", "-1"}}, false).error().message,
              HasSubstr("\"-1\" is not a whole number"));
  EXPECT_EQ(settings({{"device", "phone"}}, false)->device, "phone");
  EXPECT_EQ(settings({{"device", "phnoe"}}, false).error().message,
            "a.yaml: there is no device \"phnoe\"; did you mean \"phone\"?");
}

TEST(CaseId, IsAVersionOneUuidAndNew) {
  EXPECT_THAT(new_case_id(), testing::MatchesRegex(
                                 "[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                 "[0-9a-f]{12}"));
  EXPECT_NE(new_case_id(), new_case_id());
  EXPECT_THAT(time_now(), testing::MatchesRegex("20[0-9-]{8} [0-9:]{8}"));
}

}  // namespace
}  // namespace convoy::bench
