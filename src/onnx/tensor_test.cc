#include "onnx/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <cstring>
#include <fstream>

#include "foundation/file.h"
#include "onnx/npy.h"
#include "onnx/testing.h"

namespace convoy::onnx {
namespace {

using ::testing::HasSubstr;

template <class T>
Tensor tensor_of(ElementType type, std::vector<std::int64_t> dims, const std::vector<T>& elements) {
  Tensor tensor{.type = type, .dims = std::move(dims), .data = {}, .strings = {}};
  tensor.data.resize(elements.size() * sizeof(T));
  std::memcpy(tensor.data.data(), elements.data(), tensor.data.size());
  return tensor;
}

// As numpy.save writes numpy.arange(6, dtype="<f4").reshape(2, 3).
std::string numpy_file(std::string_view header, char version = 1) {
  std::string file("\x93NUMPY");
  file += version;
  file += '\0';
  const auto size = static_cast<std::uint32_t>(header.size());
  file.append(reinterpret_cast<const char*>(&size), version == 1 ? 2 : 4);
  file += header;
  return file;
}

TEST(Tensor, SizesFollowElementTypeAndDimensions) {
  EXPECT_EQ(bytes_of(ElementType::float32, {2, 3}), Bytes(24));
  EXPECT_EQ(bytes_of(ElementType::int4, {3}), Bytes(2));
  EXPECT_EQ(bytes_of(ElementType::float64, {}), Bytes(8));
  EXPECT_EQ(bytes_of(ElementType::float32, {0, 1 << 30, 1 << 30, 1 << 30}), Bytes(0));
  EXPECT_EQ(bytes_of(ElementType::float32, {-1, 3}), std::nullopt);
  EXPECT_EQ(bytes_of(ElementType::uint8, {1ll << 32, 1ll << 32}), std::nullopt);
  EXPECT_EQ(bytes_of(ElementType::float64, {1ll << 62}), std::nullopt);
  EXPECT_EQ(bytes_of(ElementType::string, {3}), std::nullopt);
}

TEST(Tensor, EveryElementTypeIsNamedAsOnnxNumbersIt) {
  EXPECT_EQ(name_of(ElementType::boolean), "bool");
  EXPECT_EQ(name_of(static_cast<ElementType>(::onnx::TensorProto::BFLOAT16)), "bfloat16");
  EXPECT_EQ(name_of(static_cast<ElementType>(99)), "undefined");
  EXPECT_EQ(bits_of(static_cast<ElementType>(::onnx::TensorProto::FLOAT8E5M2)), 8);
}

TEST(Tensor, ReadsWhatItWroteInBothFormats) {
  const ScratchFolder scratch;
  const Tensor tensor = tensor_of<float>(ElementType::float32, {2, 1}, {1.5f, -0.0f});
  for (const char* name : {"t.pb", "t.npy"}) {
    ASSERT_TRUE(write_tensor(scratch / name, {.name = "x", .tensor = tensor}));
    const Result<NamedTensor> read = read_tensor(scratch / name);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->tensor, tensor);
  }
  EXPECT_EQ(read_tensor(scratch / "t.pb")->name, "x");
}

TEST(Tensor, ReadsStringsFromPb) {
  const ScratchFolder scratch;
  const Tensor tensor{.type = ElementType::string, .dims = {2}, .data = {}, .strings = {"a", "bc"}};
  ASSERT_TRUE(write_tensor(scratch / "s.pb", {.name = "s", .tensor = tensor}));
  EXPECT_EQ(read_tensor(scratch / "s.pb")->tensor, tensor);
  EXPECT_THAT(write_tensor(scratch / "s.npy", {.name = "s", .tensor = tensor}).error().message,
              HasSubstr("NumPy has no element type string; write a .pb file"));
}

TEST(Tensor, ReadsTypedFieldsAsRawData) {
  const ScratchFolder scratch;
  const auto read = [&](const ::onnx::TensorProto& proto) {
    std::ofstream(scratch / "t.pb", std::ios::binary) << proto.SerializeAsString();
    return read_tensor(scratch / "t.pb");
  };
  ::onnx::TensorProto half;
  half.set_data_type(::onnx::TensorProto::FLOAT16);
  half.add_dims(2);
  half.add_int32_data(0x3c00);
  half.add_int32_data(0xc000);
  EXPECT_EQ(read(half)->tensor,
            tensor_of<std::uint16_t>(ElementType::float16, {2}, {0x3c00, 0xc000}));

  ::onnx::TensorProto wide;
  wide.set_data_type(::onnx::TensorProto::UINT32);
  wide.add_dims(1);
  wide.add_uint64_data(4'000'000'000u);
  EXPECT_EQ(read(wide)->tensor,
            tensor_of<std::uint32_t>(ElementType::uint32, {1}, {4'000'000'000u}));

  ::onnx::TensorProto packed;  // three 4-bit numbers in two bytes
  packed.set_data_type(::onnx::TensorProto::UINT4);
  packed.add_dims(3);
  packed.add_int32_data(0x21);
  packed.add_int32_data(0x03);
  EXPECT_EQ(read(packed)->tensor, tensor_of<std::uint8_t>(ElementType::uint4, {3}, {0x21, 0x03}));

  packed.add_dims(5);
  EXPECT_THAT(read(packed).error().message, HasSubstr("holds 2 bytes, its dimensions need 8"));
}

TEST(Tensor, ReadsNumpyVersions1And2) {
  const std::string header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }\n";
  for (const char version : {'\1', '\2'}) {
    const Result<Tensor> tensor = parse_npy(numpy_file(header, version) + std::string("\1\0\2\0", 4));
    ASSERT_TRUE(tensor) << tensor.error().message;
    EXPECT_EQ(*tensor, tensor_of<std::int16_t>(ElementType::int16, {2}, {1, 2}));
  }
}

TEST(Tensor, ReadsNumpyScalars) {
  const std::string header = "{'descr': '|b1', 'fortran_order': False, 'shape': (), }\n";
  EXPECT_EQ(*parse_npy(numpy_file(header) + '\1'),
            tensor_of<std::uint8_t>(ElementType::boolean, {}, {1}));
}

TEST(Tensor, RefusesNumpyFilesItCannotMean) {
  const auto message = [](const std::string& file) { return parse_npy(file).error().message; };
  EXPECT_THAT(message("hello"), HasSubstr("not a .npy file"));
  EXPECT_THAT(message(numpy_file("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }")),
              HasSubstr("Fortran order"));
  EXPECT_THAT(message(numpy_file("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }")),
              HasSubstr("big-endian"));
  EXPECT_THAT(message(numpy_file("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }")),
              HasSubstr("element type \"|O\" has no counterpart"));
  EXPECT_THAT(message(numpy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }") + "abcd"),
              HasSubstr("truncated"));
  EXPECT_THAT(message(numpy_file("{'descr': '<f4', 'fortran_order': False, 'shape': "
                                 "(4611686018427387904, 4), }")),
              HasSubstr("impossible dimensions"));
  EXPECT_THAT(message(numpy_file("{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }") + "ab"),
              HasSubstr("1 bytes follow"));
  EXPECT_THAT(message(numpy_file("{'shape': (1,), }")), HasSubstr("header of the .npy file is broken"));
  EXPECT_THAT(message(std::string("\x93NUMPY\1\0\xff\xff{", 11)), HasSubstr("truncated"));
}

TEST(Tensor, TellsMissingEmptyAndBrokenFilesApart) {
  const ScratchFolder scratch;
  EXPECT_THAT(read_tensor(scratch / "no.pb").error().message, HasSubstr("no such file"));
  EXPECT_THAT(read_tensor(scratch / "no.txt").error().message, HasSubstr("known: .pb, .npy"));
  std::ofstream(scratch / "empty.pb");
  EXPECT_THAT(read_tensor(scratch / "empty.pb").error().message, HasSubstr("the file is empty"));
  std::ofstream(scratch / "text.pb") << "just some text, which is no protobuf";
  EXPECT_THAT(read_tensor(scratch / "text.pb").error().message, HasSubstr("not a TensorProto"));
  std::filesystem::create_directory(scratch / "folder.pb");
  EXPECT_THAT(read_tensor(scratch / "folder.pb").error().message, HasSubstr("is a folder"));

  const Tensor tensor = tensor_of<float>(ElementType::float32, {64}, std::vector<float>(64, 1.0f));
  ASSERT_TRUE(write_tensor(scratch / "t.pb", {.name = "x", .tensor = tensor}));
  std::filesystem::resize_file(scratch / "t.pb", 100);
  EXPECT_THAT(read_tensor(scratch / "t.pb").error().message, HasSubstr("truncated"));
}

TEST(Tensor, AnUnwritablePlaceIsAnError) {
  const ScratchFolder scratch;
  const Tensor tensor = tensor_of<float>(ElementType::float32, {}, {1.0f});
  EXPECT_THAT(write_tensor(scratch / "nowhere/t.pb", {.name = "x", .tensor = tensor}).error().message,
              HasSubstr("cannot be written"));
}

TEST(Tensor, ReadsAndWritesSequences) {
  const ScratchFolder folder;
  const Tensor element{.type = ElementType::uint8, .dims = {1}, .data = {std::byte{7}}, .strings = {}};
  const NamedTensor written{.name = "s", .tensor = {.sequence = std::vector{element, element}}};
  ASSERT_TRUE(write_tensor(folder / "input_0.pb", written));
  const auto read = read_tensor(folder / "input_0.pb", "seq(tensor(uint8))");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->name, "s");
  EXPECT_EQ(read->tensor, written.tensor);
  EXPECT_FALSE(write_tensor(folder / "input_0.npy", written));
}

TEST(Tensor, ReadsTheSequencesAndOptionalsOfOnnxsOwnTests) {
  const std::filesystem::path tests = "/usr/share/libonnx-testdata/data/node";
  if (!std::filesystem::exists(tests)) GTEST_SKIP() << "no " << tests << ": install libonnx-testdata";
  const auto sequence = read_tensor(tests / "test_identity_sequence/test_data_set_0/input_0.pb",
                                    "seq(tensor(float))");
  ASSERT_TRUE(sequence) << sequence.error().message;
  EXPECT_TRUE(sequence->tensor.sequence);
  const auto optional = read_tensor(
      tests / "test_optional_get_element_optional_tensor/test_data_set_0/input_0.pb",
      "optional(tensor(float))");
  ASSERT_TRUE(optional) << optional.error().message;
  EXPECT_EQ(optional->tensor.type, ElementType::float32);
}

}  // namespace
}  // namespace convoy::onnx
