#include "onnx/split_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "foundation/file.h"
#include "foundation/sha256.h"
#include "onnx/cut.h"
#include "onnx/testing.h"

namespace convoy::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
namespace fs = std::filesystem;

std::vector<Model> cut_at(const Model& model, const std::vector<CutLine>& lines) {
  const Graph graph = index_graph(model).value();
  return cut(model, graph, partition_at(graph, lines).value()).value();
}

Model chain() {
  return parse_graph("g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> "
                     "{ a = Neg(x) b = Add(a, w) y = Neg(b) }");
}

std::vector<std::string> files_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename());
  return names;
}

SplitMap map_of(std::size_t parts) {
  SplitMap map{.model = "m.onnx", .model_sha256 = "abc", .inputs = {"x"}, .outputs = {"y"}};
  map.sub_models.resize(parts);
  for (std::size_t i = 0; i < parts; ++i) map.sub_models[i].device = "device" + std::to_string(i);
  return map;
}

std::string read_error(const fs::path& directory) {
  const Result<SplitMap> map = read_split_map(directory);
  return map ? "read without error" : map.error().message;
}

TEST(SplitMap, WhatIsWrittenIsRead) {
  const ScratchFolder scratch;
  const Result<SplitMap> written =
      write_split(scratch / "split", cut_at(chain(), {{{"a"}}}), map_of(2));
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_THAT(files_in(scratch / "split"),
              UnorderedElementsAre("map.json", "sub_model_1.onnx", "sub_model_2.onnx"));
  const Result<SplitMap> map = read_split_map(scratch / "split");
  ASSERT_TRUE(map) << map.error().message;
  EXPECT_EQ(map->model, "m.onnx");
  EXPECT_EQ(map->model_sha256, "abc");
  EXPECT_EQ(map->mode, CutMode::exact);
  EXPECT_EQ(map->level, OptimizationLevel::extended);
  EXPECT_EQ(map->sub_models[1].file, "sub_model_2.onnx");
  EXPECT_EQ(map->sub_models[1].device, "device1");
  EXPECT_THAT(map->sub_models[1].inputs, ElementsAre("a"));
  EXPECT_THAT(map->sub_models[1].outputs, ElementsAre("y"));
  EXPECT_EQ(map->sub_models[1].sha256, sha256_of(scratch / "split/sub_model_2.onnx"));
  EXPECT_TRUE(check_split(scratch / "split", *map));
}

TEST(SplitMap, WeightsAmongTheInputsOfOldModelsAreNoInputs) {
  const Model model = parse_model(R"(<ir_version: 3, opset_import: ["" : 9]>
      g (float[2] x, float[2] w) => (float[2] y) <float[2] w = {1, 2}> {
        a = Add(x, w)
        y = Mul(a, w)
      })");
  const ScratchFolder scratch;
  const Result<SplitMap> map = write_split(scratch.path(), cut_at(model, {{{"a"}}}), map_of(2));
  ASSERT_TRUE(map) << map.error().message;
  EXPECT_THAT(map->sub_models[0].inputs, ElementsAre("x"));
  EXPECT_THAT(map->sub_models[1].inputs, ElementsAre("a"));
}

TEST(SplitMap, ANewSplitReplacesAnOlderOneAndLeavesOtherFiles) {
  const ScratchFolder scratch;
  ASSERT_TRUE(write_split(scratch.path(), cut_at(chain(), {{{"a"}}, {{"b"}}}), map_of(3)));
  std::ofstream(scratch / "notes.txt") << "mine";
  ASSERT_TRUE(write_split(scratch.path(), cut_at(chain(), {{{"a"}}}), map_of(2)));
  EXPECT_THAT(files_in(scratch.path()), UnorderedElementsAre("map.json", "sub_model_1.onnx",
                                                             "sub_model_2.onnx", "notes.txt"));
  EXPECT_EQ(read_split_map(scratch.path())->sub_models.size(), 2u);
}

TEST(SplitMap, NeverReplacesWhatIsOfNoSplit) {
  const ScratchFolder scratch;
  const auto write = [&] { return write_split(scratch.path(), cut_at(chain(), {{{"a"}}}), map_of(2)); };
  std::ofstream(scratch / "sub_model_2.onnx") << "mine";
  EXPECT_THAT(write().error().message, HasSubstr("sub_model_2.onnx: is in the way"));
  EXPECT_EQ(*read_file(scratch / "sub_model_2.onnx"), "mine");
  fs::remove(scratch / "sub_model_2.onnx");
  std::ofstream(scratch / "map.json") << "{\"of\": \"a game\"}";
  EXPECT_THAT(write().error().message, HasSubstr("map.json: is no split that could be replaced"));
  EXPECT_EQ(files_in(scratch.path()).size(), 1u);
}

TEST(SplitMap, ListsAnInitializerAsInputOnlyIfTheWholeModelDoes) {
  const Model model = parse_model(R"(<ir_version: 8, opset_import: ["" : 17]>
      g (float[2] w, float[2] x) => (float[2] y) <float[2] w = {1, 2}> {
        a = Add(x, w)
        y = Mul(a, w)
      })");
  const Graph graph = index_graph(model).value();
  EXPECT_THAT(input_names(graph), ElementsAre("x", "w"));
  const ScratchFolder scratch;
  SplitMap map = map_of(2);
  map.inputs = input_names(graph);
  const auto overridable = write_split(scratch / "a", cut_at(model, {{{"a"}}}), map);
  ASSERT_TRUE(overridable) << overridable.error().message;
  EXPECT_THAT(overridable->sub_models[1].inputs, UnorderedElementsAre("a", "w"));
  map.inputs = {"x"};
  const auto fixed = write_split(scratch / "b", cut_at(model, {{{"a"}}}), map);
  ASSERT_TRUE(fixed) << fixed.error().message;
  EXPECT_THAT(fixed->sub_models[1].inputs, ElementsAre("a"));
}

TEST(SplitMap, AFailedSplitLeavesNothingAndAnOlderSplitIntact) {
  const ScratchFolder scratch;
  const auto broken = [] {
    std::vector<Model> parts = cut_at(chain(), {{{"a"}}});
    auto& weight = *parts[1].box().model.mutable_graph()->mutable_initializer(0);
    weight.clear_float_data();
    weight.set_data_location(proto::TensorProto::EXTERNAL);
    auto& entry = *weight.add_external_data();
    entry.set_key("location");
    entry.set_value("gone.bin");
    parts[1].box().data_locations = {"gone.bin"};
    parts[1].box().data_folder = "/tmp";
    return parts;
  };
  EXPECT_THAT(write_split(scratch / "split", broken(), map_of(2)).error().message,
              HasSubstr("gone.bin with the data of \"w\" is missing"));
  EXPECT_FALSE(fs::exists(scratch / "split"));

  ASSERT_TRUE(write_split(scratch / "split", cut_at(chain(), {{{"b"}}}), map_of(2)));
  const std::string before = *read_file(scratch / "split/sub_model_1.onnx");
  EXPECT_FALSE(write_split(scratch / "split", broken(), map_of(2)).has_value());
  EXPECT_EQ(*read_file(scratch / "split/sub_model_1.onnx"), before);
  EXPECT_TRUE(check_split(scratch / "split", read_split_map(scratch / "split").value()));
  EXPECT_EQ(files_in(scratch / "split").size(), 3u);
}

TEST(SplitMap, AFailedCheckLeavesNothing) {
  const ScratchFolder scratch;
  const auto refuse = [](const fs::path& directory) -> Result<void> {
    EXPECT_TRUE(read_split_map(directory));
    return fail(ErrorKind::failure, "not the same");
  };
  EXPECT_EQ(write_split(scratch / "split", cut_at(chain(), {{{"a"}}}), map_of(2), refuse).error().message,
            "not the same");
  EXPECT_FALSE(fs::exists(scratch / "split"));
}

TEST(SplitMap, ExternalWeightsGoIntoAFileBesideTheirSubModel) {
  const ScratchFolder scratch;
  fs::create_directory(scratch / "whole");
  {
    proto::ModelProto whole = chain().box().model;
    auto& weight = *whole.mutable_graph()->mutable_initializer(0);
    weight.clear_float_data();
    weight.set_data_location(proto::TensorProto::EXTERNAL);
    auto& entry = *weight.add_external_data();
    entry.set_key("location");
    entry.set_value("w.bin");
    std::ofstream(scratch / "whole/w.bin", std::ios::binary) << "01234567";
    std::ofstream(scratch / "whole/m.onnx", std::ios::binary) << whole.SerializeAsString();
  }
  const Model model = read_model(scratch / "whole/m.onnx").value();
  const Result<SplitMap> map = write_split(scratch / "split", cut_at(model, {{{"a"}}}), map_of(2));
  ASSERT_TRUE(map) << map.error().message;
  EXPECT_THAT(files_in(scratch / "split"),
              UnorderedElementsAre("map.json", "sub_model_1.onnx", "sub_model_2.onnx",
                                   "sub_model_2.onnx.data"));
  EXPECT_EQ(read_file(scratch / "split/sub_model_2.onnx.data"), "01234567");
  EXPECT_EQ(map->sub_models[0].data_file, "");
  EXPECT_EQ(map->sub_models[1].data_file, "sub_model_2.onnx.data");
  const Result<Model> part = read_model(scratch / "split/sub_model_2.onnx");
  EXPECT_TRUE(part) << part.error().message;

  std::ofstream(scratch / "split/sub_model_2.onnx.data", std::ios::binary) << "76543210";
  EXPECT_THAT(check_split(scratch / "split", read_split_map(scratch / "split").value()).error().message,
              HasSubstr("sub_model_2.onnx.data: is not the file that map.json names"));
}

TEST(SplitMap, ABrokenMapIsExplained) {
  const ScratchFolder scratch;
  EXPECT_THAT(read_error(scratch / "none"), HasSubstr("map.json: no such file; a folder that `convoy split`"));
  ASSERT_TRUE(write_split(scratch.path(), cut_at(chain(), {{{"a"}}}), map_of(2)));
  const std::string good = *read_file(scratch / "map.json");
  const auto error_with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    std::ofstream(scratch / "map.json") << text;
    return read_error(scratch.path());
  };
  EXPECT_THAT(error_with("{", ""), HasSubstr("map.json:2: not valid JSON: "));
  EXPECT_THAT(error_with("\"level\"", "\"levle\""), HasSubstr("unknown key \"levle\""));
  EXPECT_THAT(error_with("\"m.onnx\"", "5"), HasSubstr("map.json: \"model\" is not a text"));
  EXPECT_THAT(error_with("\"exact\"", "\"exakt\""), HasSubstr("unknown mode \"exakt\"; known: exact, fast"));
  EXPECT_THAT(error_with("\"extended\"", "\"most\""), HasSubstr("unknown level \"most\"; known: none,"));
  EXPECT_THAT(error_with("sub_model_1.onnx", "../m.onnx"), HasSubstr("is no plain file name"));
  EXPECT_THAT(error_with("sub_model_1.onnx", "sub_model_9.onnx"), HasSubstr("sub_model_9.onnx is missing"));
  std::ofstream(scratch / "map.json") << "[]";
  EXPECT_THAT(read_error(scratch.path()), HasSubstr("map.json: "));
}

TEST(SplitMap, AnUnwritableFolderIsAnError) {
  const ScratchFolder scratch;
  std::ofstream(scratch / "file") << "in the way";
  EXPECT_THAT(write_split(scratch / "file/split", cut_at(chain(), {{{"a"}}}), map_of(2)).error().message,
              HasSubstr("cannot be created"));
}

TEST(SplitMap, LevelsAndModesHaveNames) {
  for (const char* name : {"none", "basic", "extended", "all"}) {
    EXPECT_EQ(name_of(parse_level(name).value()), name);
  }
  for (const char* name : {"exact", "fast"}) EXPECT_EQ(name_of(parse_mode(name).value()), name);
}

}  // namespace
}  // namespace convoy::onnx
