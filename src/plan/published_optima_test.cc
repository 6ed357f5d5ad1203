// Published problems: the optimum over contiguous plans, obtained apart from this project.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "foundation/file.h"
#include "plan/evaluate.h"
#include "plan/msr_problem.h"
#include "plan/pipedream_problem.h"
#include "plan/problem_test.h"
#include "plan/solve.h"
#include "plan/verify.h"

namespace convoy::plan {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

void expect_optimum(const Result<Problem>& problem, double period_ms) {
  ASSERT_TRUE(problem) << problem.error().message;
  const auto plan = solve_ideals(problem->graph, problem->fleet);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_NEAR(plan->figures.period.count() * 1000, period_ms, 2e-6);
  EXPECT_NEAR(plan->contiguous_bound.value_or(0) * 1000, period_ms, 2e-6);
  EXPECT_THAT(verify(problem->graph, problem->fleet, *plan), IsEmpty());
}

struct MsrCase {
  const char* name;
  const char* file;
  double period_ms;
};

class MsrOptimum : public testing::TestWithParam<MsrCase> {};

TEST_P(MsrOptimum, IsFoundAndProven) {
  const auto file = published("msr/throughput-inputs") / GetParam().file;
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no file " << file;
  expect_optimum(read_msr(file), GetParam().period_ms);
}

INSTANTIATE_TEST_SUITE_P(
    All, MsrOptimum,
    testing::Values(
        MsrCase{"LayerBert24", "LayerGraphs/bert24_inference.json", 17.789906},
        MsrCase{"LayerBert24Training", "LayerGraphs/bert24_training.json", 41.745812},
        MsrCase{"LayerGnmt", "LayerGraphs/gnmt_inference.json", 32.910658},
        MsrCase{"LayerGnmtTraining", "LayerGraphs/gnmt_training.json", 107.004414},
        MsrCase{"LayerResnet50", "LayerGraphs/resnet50_inference.json", 33.774666},
        MsrCase{"LayerResnet50Training", "LayerGraphs/resnet50_training.json", 78.631812},
        MsrCase{"LayerInception", "LayerGraphs/inceptionv3_inference.json", 51.551864},
        MsrCase{"LayerInceptionTraining", "LayerGraphs/inceptionv3_training.json", 122.761616},
        MsrCase{"Bert3", "OperatorGraphs/bert_l-3_inference.json", 27.918568},
        MsrCase{"Bert3Training", "OperatorGraphs/bert_l-3_training.json", 65.303149},
        MsrCase{"Bert6", "OperatorGraphs/bert_l-6_inference.json", 29.579506},
        MsrCase{"Bert6Training", "OperatorGraphs/bert_l-6_training.json", 72.864966},
        MsrCase{"Bert12", "OperatorGraphs/bert_l-12_inference.json", 147.477984},
        MsrCase{"Bert12Training", "OperatorGraphs/bert_L-12_training.json", 437.997638},
        MsrCase{"Resnet50", "OperatorGraphs/resnet50_inference.json", 124.348850},
        MsrCase{"Resnet50Training", "OperatorGraphs/resnet50_training.json", 255.194416}),
    [](const auto& info) { return info.param.name; });

struct PipeDreamCase {
  const char* name;
  const char* file;
  std::size_t devices;
  double period_ms;
};

class PipeDreamOptimum : public testing::TestWithParam<PipeDreamCase> {};

TEST_P(PipeDreamOptimum, IsFoundAndProven) {
  const auto file = published("pipedream") / GetParam().file;
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no file " << file;
  expect_optimum(read_pipedream(file, GetParam().devices, BytesPerSecond(12.5e9)),
                 GetParam().period_ms);
}

INSTANTIATE_TEST_SUITE_P(
    All, PipeDreamOptimum,
    testing::Values(PipeDreamCase{"Densenet4", "densenet121.graph.txt", 4, 57.598209},
                    PipeDreamCase{"Densenet8", "densenet121.graph.txt", 8, 33.435881},
                    PipeDreamCase{"Gnmt4", "gnmt.graph.txt", 4, 10.724633},
                    PipeDreamCase{"Gnmt8", "gnmt.graph.txt", 8, 6.326633},
                    PipeDreamCase{"Inception4", "inception_v3.graph.txt", 4, 96.455430},
                    PipeDreamCase{"Inception8", "inception_v3.graph.txt", 8, 70.446002},
                    PipeDreamCase{"Resnet4", "resnet50.graph.txt", 4, 82.188761},
                    PipeDreamCase{"Resnet8", "resnet50.graph.txt", 8, 75.721687},
                    PipeDreamCase{"Vgg4", "vgg16.graph.txt", 4, 124.839672},
                    PipeDreamCase{"Vgg8", "vgg16.graph.txt", 8, 120.252970}),
    [](const auto& info) { return info.param.name; });

struct ExpertCase {
  const char* name;
  double period_ms;  // as published
};

class MsrExpert : public testing::TestWithParam<ExpertCase> {};

TEST_P(MsrExpert, CostsWhatWasPublished) {
  const std::string name = GetParam().name;
  const auto file = published("msr/throughput-inputs/LayerGraphs") / (name + ".json");
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no file " << file;
  const auto problem = read_msr(file);
  ASSERT_TRUE(problem) << problem.error().message;
  const auto plan =
      read_msr_plan(published("msr/human-experts") / (name + "_expert.json"), *problem);
  ASSERT_TRUE(plan) << plan.error().message;
  const Figures figures = evaluate(problem->graph, problem->fleet, *plan);
  EXPECT_NEAR(figures.period.count() * 1000, GetParam().period_ms, 1e-3);
}

INSTANTIATE_TEST_SUITE_P(All, MsrExpert,
                         testing::Values(ExpertCase{"bert24_inference", 20.084},
                                         ExpertCase{"gnmt_inference", 46.209},
                                         ExpertCase{"resnet50_inference", 43.918},
                                         ExpertCase{"inceptionv3_inference", 102.482}),
                         [](const auto& info) { return info.param.name; });

TEST(MsrProblemTest, SaysWhatIsWrongWithAFile) {
  const auto folder = std::filesystem::path(testing::TempDir());
  const auto error = [&](const std::string& text) {
    EXPECT_TRUE(write_file(folder / "p.json", text));
    return read_msr(folder / "p.json").error().message;
  };
  const std::string head = R"({"maxFPGAs": 1, "maxCPUs": 0, "maxSizePerFPGA": 1,)";
  const std::string node =
      R"({"id": 1, "name": "n", "size": 0, "isBackwardNode": 0, "supportedOnFpga": 1,
          "fpgaLatency": 1, "cpuLatency": 1})";
  EXPECT_THAT(error("{"), HasSubstr("p.json:1: not valid JSON"));
  EXPECT_THAT(error("{}"), EndsWith("p.json: \"maxFPGAs\" is missing"));
  EXPECT_THAT(error(head + R"("nodes": [)" + node + "," + node + R"(], "edges": []})"),
              EndsWith("p.json: node 1 is listed twice"));
  EXPECT_THAT(error(head + R"("nodes": [)" + node +
                    R"(], "edges": [{"sourceId": 1, "destId": 2, "cost": 1}]})"),
              EndsWith("p.json: \"destId\" of an edge names no node"));
  EXPECT_THAT(error(head + R"("nodes": [)" + node +
                    R"(], "edges": [{"sourceId": 1, "destId": 1, "cost": 1}]})"),
              EndsWith("p.json: node \"n (1)\" needs what it makes itself"));
}

TEST(PipeDreamProblemTest, SaysWhatIsWrongWithAFile) {
  const auto folder = std::filesystem::path(testing::TempDir());
  const auto error = [&](const std::string& text) {
    EXPECT_TRUE(write_file(folder / "p.txt", text));
    return read_pipedream(folder / "p.txt", 2, BytesPerSecond(1)).error().message;
  };
  const std::string node =
      "node1 -- Conv -- forward_compute_time=1.0, activation_size=[1.0; 2.0]\n";
  EXPECT_THAT(error(""), EndsWith("p.txt: has no nodes"));
  EXPECT_THAT(error("node1 -- Conv\n"), HasSubstr("p.txt:1: a node needs numbers"));
  EXPECT_THAT(error(node + node), EndsWith("p.txt:2: node \"node1\" is listed twice"));
  EXPECT_THAT(error(node + "\tnode1 -- node2\n"),
              EndsWith("p.txt:2: an edge names a node that is not listed above it"));
}

}  // namespace
}  // namespace convoy::plan
