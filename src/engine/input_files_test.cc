#include "engine/input_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "foundation/file.h"
#include "onnx/testing.h"

namespace convoy::engine {
namespace {

using ::testing::HasSubstr;

Port port(std::string name, bool required = true) {
  return {.name = std::move(name),
          .type = {.element = onnx::ElementType::uint8, .dims = {}, .container = {}},
          .required = required};
}

class InputFiles : public ::testing::Test {
 protected:
  // One byte of this value.
  void write(const std::string& file, std::uint8_t value, std::string name_inside = "") {
    ASSERT_TRUE(onnx::write_tensor(folder_ / file, {.name = std::move(name_inside),
                                                    .tensor = {.type = onnx::ElementType::uint8,
                                                               .dims = {1},
                                                               .data = {std::byte{value}},
                                                               .strings = {}}}));
  }
  static int value_of(const SharedTensor& tensor) { return std::to_integer<int>(tensor.data[0]); }

  onnx::ScratchFolder folder_;
};

TEST_F(InputFiles, AreCountedAsOnnxCountsThem) {
  write("input_0.pb", 7);
  write("input_1.npy", 8);
  write("output_0.pb", 9);
  ASSERT_TRUE(write_file(folder_ / "README", "not a tensor"));
  const auto inputs = read_inputs(folder_.path(), {port("x"), port("y")});
  ASSERT_TRUE(inputs) << inputs.error().message;
  EXPECT_EQ(value_of(inputs->at("x")), 7);
  EXPECT_EQ(value_of(inputs->at("y")), 8);
}

TEST_F(InputFiles, AreFoundByTheirNames) {
  write("y.npy", 7);
  write("input_1.pb", 8, "x");
  const auto inputs = read_inputs(folder_.path(), {port("x"), port("y"), port("z", false)});
  ASSERT_TRUE(inputs) << inputs.error().message;
  EXPECT_EQ(value_of(inputs->at("x")), 8) << "the name inside comes before the number";
  EXPECT_EQ(value_of(inputs->at("y")), 7);
  EXPECT_EQ(inputs->size(), 2U);
}

TEST_F(InputFiles, MayBeOneFileOfAnyName) {
  write("photo.npy", 7);
  const auto inputs = read_inputs(folder_ / "photo.npy", {port("x")});
  ASSERT_TRUE(inputs) << inputs.error().message;
  EXPECT_EQ(value_of(inputs->at("x")), 7);
}

TEST_F(InputFiles, NameTheFileForNoInput) {
  write("imagse.npy", 7);
  const auto inputs = read_inputs(folder_.path(), {port("image")});
  ASSERT_FALSE(inputs);
  EXPECT_THAT(inputs.error().message,
              HasSubstr("imagse.npy is for no input of the model; did you mean \"image\"?"));
}

TEST_F(InputFiles, NameTheSecondFileForAnInput) {
  write("input_0.pb", 7);
  write("x.npy", 8);
  const auto inputs = read_inputs(folder_.path(), {port("x")});
  ASSERT_FALSE(inputs);
  EXPECT_THAT(inputs.error().message, HasSubstr("another file is already for the input \"x\""));
}

TEST_F(InputFiles, NameTheInputWithoutAFile) {
  write("x.npy", 7);
  const auto inputs = read_inputs(folder_.path(), {port("x"), port("y")});
  ASSERT_FALSE(inputs);
  EXPECT_THAT(inputs.error().message, HasSubstr("has no file for the input \"y\""));
}

TEST_F(InputFiles, NameAFolderThatIsEmptyOrMissing) {
  EXPECT_THAT(read_inputs(folder_.path(), {port("x")}).error().message,
              HasSubstr("has no input_0.pb"));
  EXPECT_THAT(read_inputs(folder_ / "none", {port("x")}).error().message, HasSubstr("none"));
}

}  // namespace
}  // namespace convoy::engine
