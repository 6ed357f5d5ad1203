#include "onnx/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "foundation/file.h"
#include "foundation/sha256.h"
#include "onnx/testing.h"

namespace convoy::onnx {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

Model small_model() {
  return parse_model(R"(<ir_version: 8, opset_import: ["" : 18], metadata_props: ["author": "me"]>
    g (float[4] x) => (float[4] y) <float[4] w = {1, 2, 3, 4}> { y = Add(x, w) })");
}

std::string message_of(const fs::path& file) {
  const Result<Model> model = read_model(file);
  return model ? "read without error" : model.error().message;
}

void write_text(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

// Moves the initializer `w` of `model` into `location`, from `offset` on.
void make_external(Model& model, const std::string& location, const std::string& offset) {
  auto& weight = *model.box().model.mutable_graph()->mutable_initializer(0);
  weight.clear_float_data();
  weight.set_data_location(proto::TensorProto::EXTERNAL);
  for (const auto& [key, value] : {std::pair("location", location), std::pair("offset", offset),
                                   std::pair("length", std::string("16"))}) {
    auto& entry = *weight.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }
}

TEST(Model, ReadsWhatItWrote) {
  const ScratchFolder scratch;
  const Model model = small_model();
  ASSERT_TRUE(write_model(model, scratch / "m.onnx"));
  const Result<Model> read = read_model(scratch / "m.onnx");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->box().model.SerializeAsString(), model.box().model.SerializeAsString());
  EXPECT_EQ(read->file(), scratch / "m.onnx");
  EXPECT_EQ(read->metadata().at("author"), "me");
}

TEST(Model, TellsWhatIsWrongWithAFile) {
  const ScratchFolder scratch;
  EXPECT_THAT(message_of(scratch / "m.onnx"), HasSubstr("m.onnx: no such file"));
  EXPECT_THAT(message_of(scratch.path()), HasSubstr("is a folder"));
  write_text(scratch / "empty.onnx", "");
  EXPECT_THAT(message_of(scratch / "empty.onnx"), HasSubstr("the file is empty"));
  write_text(scratch / "text.onnx", "name: a YAML file\nthat has nothing to do with it\n");
  EXPECT_THAT(message_of(scratch / "text.onnx"), HasSubstr("no ONNX model"));
  write_text(scratch / "lfs.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:1\n");
  EXPECT_THAT(message_of(scratch / "lfs.onnx"), HasSubstr("git lfs pull"));
}

TEST(Model, EveryTruncatedFileIsAnErrorThatSaysSo) {
  const ScratchFolder scratch;
  const std::string whole = small_model().box().model.SerializeAsString();
  // What follows the operator sets (metadata here) may be cut off at the end of a field unnoticed.
  for (std::size_t size = 1; size + 25 < whole.size(); ++size) {
    write_text(scratch / "m.onnx", whole.substr(0, size));
    EXPECT_THAT(message_of(scratch / "m.onnx"), HasSubstr(size == 2 ? "no ONNX model" : "truncated"))
        << size << " of " << whole.size() << " bytes";
  }
}

TEST(Model, AProtobufThatParsesByLuckIsNoModel) {
  const ScratchFolder scratch;
  write_text(scratch / "m.onnx", "\x08\x07");  // an IR version and nothing else
  EXPECT_THAT(message_of(scratch / "m.onnx"), HasSubstr("no ONNX model (no graph)"));
  proto::ModelProto model = small_model().box().model;
  model.clear_opset_import();
  write_text(scratch / "m.onnx", model.SerializeAsString());
  EXPECT_THAT(message_of(scratch / "m.onnx"), HasSubstr("no operator sets"));
  model = small_model().box().model;
  model.clear_ir_version();
  write_text(scratch / "m.onnx", model.SerializeAsString());
  EXPECT_THAT(message_of(scratch / "m.onnx"), HasSubstr("no IR version"));
}

TEST(Model, AFileOverTwoGigabytesIsExplained) {
  const ScratchFolder scratch;
  write_text(scratch / "m.onnx", "x");
  fs::resize_file(scratch / "m.onnx", 3'000'000'000);  // sparse: takes no space
  EXPECT_THAT(message_of(scratch / "m.onnx"), HasSubstr("at most 2 GB; save the weights as external"));
}

TEST(Model, ExternalDataIsCopiedBesideAModelWrittenElsewhere) {
  const ScratchFolder scratch;
  fs::create_directories(scratch / "from/weights");
  fs::create_directories(scratch / "to");
  Model model = small_model();
  make_external(model, "weights/w.bin", "8");
  write_text(scratch / "from/m.onnx", model.box().model.SerializeAsString());
  write_text(scratch / "from/weights/w.bin", "--------0123456789abcdef----");

  const Result<Model> read = read_model(scratch / "from/m.onnx");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_TRUE(write_model(*read, scratch / "to/n.onnx"));
  EXPECT_EQ(read_file(scratch / "to/n.onnx.data"), "0123456789abcdef");
  const Result<Model> moved = read_model(scratch / "to/n.onnx");
  ASSERT_TRUE(moved) << moved.error().message;
  EXPECT_EQ(moved->box().model.graph().initializer(0).external_data(0).value(), "n.onnx.data");
  ASSERT_EQ(moved->data_files().size(), 1U);
  EXPECT_EQ(moved->data_files()[0].filename(), "n.onnx.data");

  ASSERT_TRUE(write_model(*read, scratch / "from/same.onnx"));
  EXPECT_FALSE(fs::exists(scratch / "from/same.onnx.data"));
}

// The bytes of initializer `i`, wherever they are.
std::string bytes_of_weight(const fs::path& file, int i) {
  const auto model = read_model(file).value();
  const auto& tensor = model.box().model.graph().initializer(i);
  if (tensor.data_location() != proto::TensorProto::EXTERNAL) return tensor.raw_data();
  std::map<std::string, std::string> where;
  for (const auto& entry : tensor.external_data()) where[entry.key()] = entry.value();
  const std::size_t offset = std::stoul(where.at("offset"));
  EXPECT_EQ(offset % 4096, 0U) << "not at a page";
  return read_file(file.parent_path() / where.at("location")).value()
      .substr(offset, std::stoul(where.at("length")));
}

TEST(Model, ForAnEngineLargeWeightsGoToAFileBesideTheModel) {
  const auto model_with = [](const std::vector<int>& elements) {
    Model model = parse_graph("g (float[4] x) => (float[4] y) { y = Neg(x) }");
    char fill = 'a';
    for (const int count : elements) {
      auto& weight = *model.box().model.mutable_graph()->add_initializer();
      weight.set_name(std::string(1, fill));
      weight.set_data_type(proto::TensorProto::FLOAT);
      weight.add_dims(count);
      weight.set_raw_data(std::string(static_cast<std::size_t>(count) * 4, fill++));
    }
    return model;
  };
  const ScratchFolder scratch;
  const std::vector<int> large = {1'100'001, 10, 5'000};
  const auto sum = write_for_engine(model_with(large), scratch / "large.onnx");
  ASSERT_TRUE(sum) << sum.error().message;
  EXPECT_EQ(*sum, sha256_of(scratch / "large.onnx.data").value());
  EXPECT_LT(fs::file_size(scratch / "large.onnx"), 1000U);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bytes_of_weight(scratch / "large.onnx", i),
              std::string(static_cast<std::size_t>(large[i]) * 4, static_cast<char>('a' + i)));
  }

  EXPECT_EQ(write_for_engine(model_with({900'000, 10}), scratch / "small.onnx").value(), "");
  EXPECT_FALSE(fs::exists(scratch / "small.onnx.data"));
  EXPECT_EQ(bytes_of_weight(scratch / "small.onnx", 1), std::string(40, 'b'));
}

TEST(Model, WrongExternalDataIsRefused) {
  const ScratchFolder scratch;
  const auto message = [&](const std::string& location, const std::string& offset) {
    Model model = small_model();
    make_external(model, location, offset);
    write_text(scratch / "m.onnx", model.box().model.SerializeAsString());
    return message_of(scratch / "m.onnx");
  };
  write_text(scratch / "w.bin", "0123456789abcdef");
  EXPECT_EQ(message("w.bin", "0"), "read without error");
  EXPECT_THAT(message("w.bin", "1"), HasSubstr("w.bin is truncated"));
  EXPECT_THAT(message("w.bin", "99999"), HasSubstr("w.bin is truncated"));
  EXPECT_THAT(message("w.bin", "-4"), HasSubstr("offset \"-4\", not a number"));
  EXPECT_THAT(message("no.bin", "0"), HasSubstr("no.bin with the data of \"w\" is missing"));
  EXPECT_THAT(message("a/../../w.bin", "0"), HasSubstr("outside the model's folder"));
  EXPECT_THAT(message("/etc/passwd", "0"), HasSubstr("outside the model's folder"));
  EXPECT_THAT(message("", "0"), HasSubstr("outside the model's folder"));
}

TEST(Model, AFailedWriteLeavesTheOldFile) {
  const ScratchFolder scratch;
  EXPECT_THAT(write_model(small_model(), scratch / "nowhere/m.onnx").error().message,
              HasSubstr("cannot be written"));
  fs::create_directories(scratch / "m.onnx/in_the_way");
  EXPECT_FALSE(write_model(small_model(), scratch / "m.onnx").has_value());
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path()), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace convoy::onnx
