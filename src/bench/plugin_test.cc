#include "bench/plugin.h"

#include <gmock/gmock.h>

#include "bench/base_model.h"
#include "bench/compiler.h"
#include "bench/fake_host.h"
#include "bench/module_source.h"
#include "bench/temporary_folder.h"
#include "bench/user_solver.h"
#include "plan/verify.h"

namespace convoy::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::filesystem::path kExamples = CONVOY_SOURCE_DIR "/examples/plugins";

class Plugin : public testing::Test {
 protected:
  // Compiles and loads a base model.
  Result<std::shared_ptr<BaseModel>> load(const std::filesystem::path& source,
                                          const Parameters& parameters = {}) {
    return compile_plugin(source, folder.path() / "cache")
        .and_then([&](const std::filesystem::path& object) {
          return load_base_model(object, parameters);
        });
  }
  TemporaryFolder folder;
};

TEST_F(Plugin, TheExamplesClassifierAnswersOnlyWhenSure) {
  const auto model = load(kExamples / "classifier.cc", {{"sure", "0.8"}});
  ASSERT_TRUE(model) << model.error().message;
  FakeHost host;
  host.answer = [](const FloatTensor& image) -> FloatTensor {
    return {.shape = {1, 3}, .data = {0, image.data[0] == 'x' ? 9.0f : 0.1f, 0}};
  };
  EXPECT_FALSE((*model)->partition(host, "m.onnx"));
  (*model)->load(host, "m.onnx", "a");
  EXPECT_EQ(host.loaded, "m.onnx@a");
  EXPECT_THAT((*model)->predict(host, {{"x.jpg", "1"}, {"y.jpg", "1"}}), ElementsAre("1", "unsure"));
  EXPECT_THAT(host.fed[0].shape, ElementsAre(1, 3, 1, 1));
  EXPECT_EQ(host.asked.resize, 256);
}

TEST_F(Plugin, TheExamplesPartitionerCutsBySpeed) {
  const auto model = load(kExamples / "by_speed.cc");
  ASSERT_TRUE(model) << model.error().message;
  FakeHost host;
  for (int i = 0; i < 10; ++i) host.nodes.push_back({.seconds = {2, 4, 4}});  // shares 1/2, 1/4, 1/4
  const auto partition = (*model)->partition(host, "m.onnx");
  ASSERT_TRUE(partition);
  EXPECT_EQ(partition->models_dir, "cut");
  EXPECT_THAT(host.stages, ElementsAre(0, 0, 0, 0, 0, 1, 1, 1, 2, 2));
  EXPECT_THAT(host.stage_devices, ElementsAre("a", "b", "c"));
}

TEST_F(Plugin, TheExamplesMetricCounts) {
  const auto object = compile_plugin(kExamples / "wrong_answers.cc", folder.path() / "cache");
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_THAT(load_base_model(*object, {}).error().message,
              HasSubstr("does not export what is wanted here by CONVOY_BASE_MODEL(...)"));
  const auto metric = load_metric(*object, {});
  ASSERT_TRUE(metric) << metric.error().message;
  EXPECT_EQ((*metric)->measure({.samples = {{"a", "1"}, {"b", "2"}, {"c", "3"}},
                                .predictions = {"1", "7", "8"},
                                .figures = {}}),
            2);
}

// Four nodes of 1 s on a and 3 s on b, in a chain with tensors of 10 bytes over a link of 100 B/s.
class PluginSolver : public Plugin {
 protected:
  PluginSolver() {
    for (const char* name : {"a", "b"}) {
      fleet.devices.push_back({.name = name});
      graph.stage_overhead.push_back(Seconds(0));
      graph.runtime_memory.push_back(Bytes(0));
    }
    const fleet::Link link{.bandwidth = BytesPerSecond(100)};
    fleet.links = {{link, link}, {link, link}};
    graph.compute = {ById<NodeId, Seconds>(4, Seconds(1)), ById<NodeId, Seconds>(4, Seconds(3))};
    for (std::size_t i = 0; i <= 4; ++i) {
      plan::CostValue value{.name = "v" + std::to_string(i), .bytes = Bytes(10)};
      if (i > 0) value.producer = NodeId(i - 1);
      if (i < 4) value.consumers.push_back(NodeId(i));
      value.is_output = i == 4;
      graph.values.push_back(value);
      if (i < 4) {
        graph.nodes.push_back({.name = "n" + std::to_string(i),
                               .reads = {ValueId(i)},
                               .writes = {ValueId(i + 1)},
                               .weights = {graph.weights.push_back(Bytes(1000))}});
      }
    }
  }
  // By the object of a file.
  Result<plan::Plan> solved_by(const std::filesystem::path& source) {
    return compile_plugin(source, folder.path() / "cache")
        .and_then([](const std::filesystem::path& object) { return load_solver(object, {}); })
        .and_then([&](const std::shared_ptr<Solver>& solver) {
          return solve_by(*solver, "mine.cc", graph, fleet);
        });
  }
  plan::CostGraph graph;
  fleet::Fleet fleet;
};

TEST_F(PluginSolver, TheExampleFindsTheBestEndsAndIsExplained) {
  const auto plan = solved_by(kExamples / "hill_climb.cc");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->solver, "mine.cc");
  // Three nodes on a take as long as one on b.
  EXPECT_EQ(plan->placement,
            (plan::Placement{{.device = DeviceId(0), .nodes = {NodeId(0), NodeId(1), NodeId(2)}},
                             {.device = DeviceId(1), .nodes = {NodeId(3)}}}));
  EXPECT_EQ(plan->figures.period, Seconds(3));
  EXPECT_TRUE(plan->proven);
  EXPECT_THAT(plan->limits, testing::Contains(HasSubstr("the bottleneck: ")));
  EXPECT_THAT(plan::verify(graph, fleet, *plan), testing::IsEmpty());
}

TEST_F(PluginSolver, APlacementThatDoesNotHoldIsOneErrorThatNamesThePlugIn) {
  // Answers with what stands between the braces, and tells what the host predicts of it.
  const auto answer = [&](const std::string& stages) {
    const auto plan = solved_by(folder.write(
        "m.cc",
        "#include <convoy/plugin.h>\n#include <stdexcept>\n"
        "struct M : convoy::Solver {\n"
        "  convoy::PlacementChoice solve(const convoy::PlanningTask&, const convoy::Predict& "
        "predict) override {\n"
        "    convoy::PlacementChoice answer{" +
            stages +
            "};\n"
            "    if (predict(answer).wrong.empty()) throw std::runtime_error(\"held\");\n"
            "    return answer;\n  }\n};\nCONVOY_SOLVER(M)\n"));
    return plan ? "none" : plan.error().message;
  };
  EXPECT_EQ(answer(""),
            "mine.cc: its placement does not hold: node \"n0\" is in no stage, and 3 more");
  EXPECT_EQ(
      answer("{0, {0, 1}}, {7, {2, 3}}"),
      "mine.cc: its placement does not hold: stage 2 is on device number 2, and the fleet has 2");
  EXPECT_EQ(answer("{0, {0, 1, 2, 3, 4294967296}}"),
            "mine.cc: its placement does not hold: stage 1 has node number 4, and the graph has 4");
  EXPECT_EQ(answer("{0, {2, 3}}, {1, {0, 1}}"),
            "mine.cc: its placement does not hold: stage 1 reads \"v2\", which the later stage 2 "
            "makes");
  EXPECT_EQ(answer("{0, {0, 1, 2}}, {1, {2, 3}}"),
            "mine.cc: its placement does not hold: node \"n2\" is in stage 1 and in stage 2");
  EXPECT_EQ(answer("{0, {0, 1, 2, 3}}"), "mine.cc: held");
  fleet.devices[DeviceId(0)].memory = Bytes(100);
  EXPECT_THAT(answer("{0, {0, 1, 2, 3}}"),
              HasSubstr("mine.cc: its placement does not fit the memories: a needs 4."));
}

TEST_F(Plugin, IsCompiledAgainOnlyWhenItsTextChanges) {
  const auto source = folder.write("m.cc", "#include \"part.h\"\nint answer() { return kAnswer; }\n");
  folder.write("part.h", "inline constexpr int kAnswer = 1;\n");
  const auto first = compile_plugin(source, folder.path() / "cache");
  ASSERT_TRUE(first) << first.error().message;
  const auto written = std::filesystem::last_write_time(*first);
  EXPECT_EQ(compile_plugin(source, folder.path() / "cache"), first);
  EXPECT_EQ(std::filesystem::last_write_time(*first), written);
  folder.write("part.h", "inline constexpr int kAnswer = 2;\n");
  const auto second = compile_plugin(source, folder.path() / "cache");
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_NE(*second, *first);
}

TEST_F(Plugin, ASourceThatDoesNotCompileIsShownByItsFirstError) {
  const auto error = load(folder.write("m.cc", "#include <convoy/plugin.h>\nint f() { return x; }\n"));
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().kind, ErrorKind::input);
  EXPECT_THAT(error.error().message, HasSubstr("m.cc does not compile: "));
  EXPECT_THAT(error.error().message, HasSubstr("m.cc:2:18: error: "));
  EXPECT_THAT(error.error().message, HasSubstr("all of it: "));
}

TEST_F(Plugin, WhatIsNoPluginOrOfAnotherVersionIsRefused) {
  EXPECT_THAT(load(folder.write("m.cc", "int x;\n")).error().message,
              HasSubstr("is no plug-in: it lacks CONVOY_BASE_MODEL(...)"));
  EXPECT_THAT(load(folder.write("m.cc", "extern \"C\" int convoy_plugin_version() { return 0; }\n"))
                  .error()
                  .message,
              HasSubstr("was made for version 0 of convoy/plugin.h, this is 1"));
  EXPECT_THAT(load_base_model(folder.write("m.so", "no library"), {}).error().message,
              HasSubstr("cannot be loaded"));
}

TEST_F(Plugin, ExceptionsStopAtTheBorder) {
  const auto object = compile_plugin(
      folder.write("m.cc",
                   "#include <convoy/plugin.h>\n#include <stdexcept>\n"
                   "struct M : convoy::BaseModel {\n"
                   "  M(const convoy::Parameters& parameters) {\n"
                   "    if (parameters.empty()) throw 7;\n"
                   "    throw std::runtime_error(parameters.begin()->second);\n  }\n"
                   "  std::vector<std::string> predict(convoy::Host&, const "
                   "std::vector<convoy::Sample>&) override { return {}; }\n};\n"
                   "CONVOY_BASE_MODEL(M)\n"),
      folder.path() / "cache");
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_THAT(load_base_model(*object, {{"a", "no luck"}}).error().message, HasSubstr("no luck"));
  EXPECT_THAT(load_base_model(*object, {}).error().message,
              HasSubstr("threw something that is no std::exception"));
  const auto own = call_plugin("x", [] { throw HostError({ErrorKind::cancelled, "stopped"}); });
  EXPECT_EQ(own.error(), (Error{ErrorKind::cancelled, "stopped"}));
}

TEST(BuiltinClassification, AnswersTheClassOfTheLargestScoreInBatches) {
  const auto model =
      make_base_model({.name = "Classification"},
                      {{"batch_size", "2"}, {"resize", "8"}, {"crop", "1"}, {"mean", "127.5"},
                       {"interpolation", "bilinear"}, {"partition", "none"}});
  ASSERT_TRUE(model) << model.error().message;
  FakeHost host;
  host.answer = [](const FloatTensor& batch) {
    FloatTensor scores{.shape = {batch.shape[0], 2}, .data = {}};
    for (std::int64_t i = 0; i < batch.shape[0]; ++i) {
      const float first = batch.data[static_cast<std::size_t>(3 * i)];
      scores.data.insert(scores.data.end(), {first == 'a' ? 1.0f : 0.0f, 0.5f});
    }
    return scores;
  };
  EXPECT_THAT((*model)->predict(host, {{"a", ""}, {"b", ""}, {"a", ""}}),
              ElementsAre("0", "1", "0"));
  ASSERT_EQ(host.fed.size(), 2u);
  EXPECT_THAT(host.fed[0].shape, ElementsAre(2, 3, 1, 1));
  EXPECT_THAT(host.fed[1].shape, ElementsAre(1, 3, 1, 1));
  EXPECT_EQ(host.asked.mean, 127.5f);
  EXPECT_EQ(host.asked.interpolation, ImageOptions::Interpolation::bilinear);
}

TEST(BuiltinClassification, RefusesValuesThatAreNone) {
  const auto error = [](const char* name, const char* value) {
    return make_base_model({.name = "Classification"}, {{name, value}}).error().message;
  };
  EXPECT_THAT(error("crop", "x"), HasSubstr("\"crop: x\" is not a number that fits"));
  EXPECT_THAT(error("batch_size", "0"), HasSubstr("\"batch_size\" is at least 1"));
  EXPECT_THAT(error("interpolation", "nearest"), HasSubstr("is bilinear or bicubic"));
}

TEST(FindModule, UnderstandsIanvsPythonFilesThatConvoyHasBuiltin) {
  std::vector<std::string> notes;
  const auto url = [](const std::string& text) {
    return Spelled{.text = text, .place = "a.yaml:7", .file = "/nowhere/a.yaml"};
  };
  const auto builtin = find_module("fps", "a.yaml:6", url("./fps.py"), {"fps", "accuracy"}, notes);
  ASSERT_TRUE(builtin);
  EXPECT_EQ(builtin->kind, ModuleSource::Kind::builtin);
  EXPECT_THAT(notes, ElementsAre("a.yaml:7: \"./fps.py\" is Python: convoy's own \"fps\" stands for "
                                 "it"));
  EXPECT_TRUE(find_module("fps", "a.yaml:6", {}, {"fps"}, notes));
  EXPECT_EQ(find_module("mota", "a.yaml:6", url("./mota.py"), {"fps"}, notes).error().message,
            "a.yaml:7: \"./mota.py\" is a Python file, which convoy cannot run, and \"mota\" is not "
            "builtin; known: fps; give a C++ file (docs/plugins.md)");
  EXPECT_EQ(find_module("fsp", "a.yaml:6", {}, {"fps"}, notes).error().message,
            "a.yaml:6: \"fsp\" is not builtin; did you mean \"fps\"?; for your own give \"url\", a "
            "C++ file");
  EXPECT_THAT(find_module("x", "a.yaml:6", url("x.jar"), {}, notes).error().message,
              HasSubstr("a.yaml:7: \"x.jar\" must be a C++ file"));
  EXPECT_THAT(find_module("x", "a.yaml:6", url("x.cc"), {}, notes).error().message,
              HasSubstr("a.yaml:7: no file \"x.cc\"; tried "));
}

}  // namespace
}  // namespace convoy::bench
