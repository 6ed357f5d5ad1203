#include "bench/leaderboard.h"

#include <gmock/gmock.h>

namespace convoy::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

RankedCase ran(const std::string& name, double fps) {
  return {.algorithm = name,
          .metrics = {{.name = "accuracy", .value = 0.5, .source = FigureSource::measured},
                      {.name = "fps", .value = fps, .source = FigureSource::emulated}},
          .paradigm = "multiedgeinference",
          .modules = {{"basemodel", "Classification"}},
          .hyperparameters = {{"basemodel-partition", name}},
          .time = "2026-01-31 12:00:00",
          .url = "/w/" + name};
}

std::vector<std::string> column(const CsvTable& table, const std::string& name) {
  std::vector<std::string> cells;
  for (const auto& row : table.rows) cells.push_back(row[*table.column(name)]);
  return cells;
}

const std::vector<SortKey> kByFps = {{.metric = "fps", .order = Order::descend}};

TEST(Leaderboard, HasItsColumnsInAFixedOrderAndItsRowsByRank) {
  const CsvTable table = leaderboard({ran("none", 9.5), ran("auto", 20), ran("manual", 10)}, {},
                                     kByFps);
  EXPECT_EQ(to_csv(table),
            "rank,algorithm,accuracy,fps,paradigm,basemodel,basemodel-partition,time,url\n"
            "1,auto,0.5,20,multiedgeinference,Classification,auto,2026-01-31 12:00:00,/w/auto\n"
            "2,manual,0.5,10,multiedgeinference,Classification,manual,2026-01-31 12:00:00,"
            "/w/manual\n"
            "3,none,0.5,9.5,multiedgeinference,Classification,none,2026-01-31 12:00:00,/w/none\n");
}

TEST(Leaderboard, SortsByTheNextMetricWhereTheFirstTies) {
  RankedCase a = ran("a", 1);
  RankedCase b = ran("b", 2);
  const std::vector<SortKey> keys = {{.metric = "accuracy", .order = Order::descend},
                                     {.metric = "fps", .order = Order::ascend}};
  EXPECT_THAT(column(leaderboard({b, a}, {}, keys), "algorithm"), ElementsAre("a", "b"));
}

TEST(Leaderboard, RanksFailedCasesNotAtAllAndUnmeasuredOnesBehindTheOthers) {
  RankedCase failed = ran("failed", 0);
  failed.metrics.clear();
  failed.error = "device \"phone\" was killed: out of memory, \"64 MB\"";
  RankedCase unmeasured = ran("unmeasured", 0);
  unmeasured.metrics[1] = not_measured("fps", "too few requests");
  for (const Order order : {Order::ascend, Order::descend}) {
    const CsvTable table = leaderboard({failed, unmeasured, ran("good", 3)}, {},
                                       {{.metric = "fps", .order = order}});
    EXPECT_THAT(column(table, "algorithm"), ElementsAre("good", "unmeasured", "failed"));
    EXPECT_THAT(column(table, "rank"), ElementsAre("1", "2", ""));
    EXPECT_THAT(column(table, "fps"), ElementsAre("3", "not measured", ""));
    EXPECT_EQ(table.columns.back(), "error");
  }
}

TEST(Leaderboard, KeepsTheRowsAndColumnsOfEarlierRuns) {
  RankedCase old = ran("old", 15);
  old.metrics.push_back({.name = "energy", .value = 3, .source = FigureSource::modelled});
  old.hyperparameters.emplace_back("basemodel-level", "all");
  const CsvTable first = leaderboard({old}, {}, kByFps);
  const Result<CsvTable> read = parse_csv(to_csv(first), "all_rank.csv");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, first);
  const CsvTable table = leaderboard({ran("new", 20), ran("newer", 10)}, *read, kByFps);
  EXPECT_THAT(table.columns,
              ElementsAre("rank", "algorithm", "accuracy", "fps", "energy", "paradigm", "basemodel",
                          "basemodel-partition", "basemodel-level", "time", "url"));
  EXPECT_THAT(column(table, "algorithm"), ElementsAre("new", "old", "newer"));
  EXPECT_THAT(column(table, "rank"), ElementsAre("1", "2", "3"));
  EXPECT_THAT(column(table, "energy"), ElementsAre("", "3", ""));
}

TEST(Leaderboard, SelectsColumnsAndRowsAndDropsRepeatedOnes) {
  RankedCase again = ran("auto", 20);
  again.time = "2026-02-01 12:00:00";
  RankedCase other = ran("other", 30);
  other.paradigm = "singletasklearning";
  const CsvTable all = leaderboard({ran("auto", 20), again, ran("none", 9), other}, {}, kByFps);
  const CsvTable table = select(all, {.paradigms = {"multiedgeinference"},
                                      .modules = {"basemodel"},
                                      .hyperparameters = {"partition"},
                                      .metrics = {"fps"}});
  EXPECT_THAT(table.columns, ElementsAre("rank", "algorithm", "fps", "paradigm", "basemodel",
                                         "basemodel-partition", "time", "url"));
  EXPECT_THAT(column(table, "algorithm"), ElementsAre("auto", "none"));
  EXPECT_THAT(column(table, "rank"), ElementsAre("1", "2"));
  EXPECT_EQ(select(all, {}).rows.size(), 3u);
}

TEST(Csv, QuotesWhatNeedsItAndReadsItBack) {
  const CsvTable table = {.columns = {"a", "b"},
                          .rows = {{"1,5", "say \"no\"\nor not"}, {"", "plain"}}};
  EXPECT_EQ(to_csv(table), "a,b\n\"1,5\",\"say \"\"no\"\"\nor not\"\n,plain\n");
  EXPECT_EQ(*parse_csv(to_csv(table), "f.csv"), table);
  EXPECT_EQ(*parse_csv("a,b\r\n1,2\r\n", "f.csv"),
            (CsvTable{.columns = {"a", "b"}, .rows = {{"1", "2"}}}));
}

TEST(Csv, ReadsTheSpaceSeparatedFilesOfIanvs) {
  const auto table = parse_csv("rank algorithm fps\n1 \"feature extraction\" 2.5\n", "f.csv");
  ASSERT_TRUE(table);
  EXPECT_THAT(table->rows.at(0), ElementsAre("1", "feature extraction", "2.5"));
}

TEST(Csv, BrokenFilesAreErrorsWithTheirLine) {
  EXPECT_EQ(parse_csv("a,b\n1,2\n1\n", "f.csv").error().message,
            "f.csv:3: 1 fields where the header has 2");
  EXPECT_EQ(parse_csv("a,b\n1,\"2\n", "f.csv").error().message,
            "f.csv:2: a quoted field that does not end");
  EXPECT_THAT(parse_csv("", "f.csv").error().message, HasSubstr("f.csv: empty"));
}

TEST(Figure, ReadsAsPeopleWriteIt) {
  const auto text = [](double value, Unit unit) {
    return to_text({.name = "x", .value = value, .unit = unit, .source = FigureSource::measured});
  };
  EXPECT_EQ(text(12.345, Unit::per_second), "12.3");
  EXPECT_EQ(text(0.9166, Unit::share), "91.7 %");
  EXPECT_EQ(text(41.26e6, Unit::bytes), "41.3 MB");
  EXPECT_EQ(text(0.0123, Unit::seconds), "12.3 ms");
  EXPECT_EQ(text(4.5, Unit::watts), "4.50 W");
  EXPECT_EQ(to_text(not_measured("x", "why")), "not measured");
  EXPECT_EQ(to_cell({.name = "x", .value = 1.0 / 3, .source = FigureSource::measured}), "0.333333");
}

}  // namespace
}  // namespace convoy::bench
