#include "bench/plugin.h"

#include <gmock/gmock.h>

#include "bench/base_model.h"
#include "bench/compiler.h"
#include "bench/fake_host.h"
#include "bench/module_source.h"
#include "bench/temporary_folder.h"

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
