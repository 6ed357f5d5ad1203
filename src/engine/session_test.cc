#include "engine/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <optional>

#include "engine/compare.h"
#include "engine/test_models.h"
#include "foundation/file.h"
#include "onnx/testing.h"

namespace convoy::engine {
namespace {

using onnx::ElementType;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Result<Session> load(const std::string& name) {
  return Session::load(node_model(name), {.level = onnx::OptimizationLevel::basic});
}

SharedTensor floats(std::vector<std::int64_t> dims, const std::vector<float>& values) {
  onnx::Tensor tensor{.type = ElementType::float32, .dims = std::move(dims), .data = {}, .strings = {}};
  tensor.data.resize(values.size() * sizeof(float));
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return share(std::move(tensor));
}

// The data sets store bfloat16 as uint16.
std::vector<SharedTensor> typed(std::vector<SharedTensor> tensors, const std::vector<Port>& ports) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (ports[i].type.element == ElementType::bfloat16) tensors[i].type = ElementType::bfloat16;
  }
  return tensors;
}

// ONNX's own expectations, from its reference evaluator. One test for each kind of element that
// inputs and outputs can have, and for scalars, empty tensors, strings and several inputs.
class NodeModel : public ::testing::TestWithParam<std::string> {};

TEST_P(NodeModel, GivesTheExpectedOutputs) {
  Result<Session> session = load(GetParam());
  ASSERT_TRUE(session) << session.error().message;
  const auto inputs = typed(node_tensors(GetParam(), "input"), session->inputs());
  const Result<std::vector<SharedTensor>> outputs = session->run(inputs);
  ASSERT_TRUE(outputs) << outputs.error().message;
  const auto expected = typed(node_tensors(GetParam(), "output"), session->outputs());
  ASSERT_EQ(outputs->size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ((*outputs)[i].type, expected[i].type);
    EXPECT_EQ((*outputs)[i].dims, expected[i].dims);
    EXPECT_EQ((*outputs)[i].strings, expected[i].strings);
    const Difference difference = compare((*outputs)[i], expected[i]);
    EXPECT_TRUE(difference.identical || difference.max_abs.value_or(1) < 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, NodeModel,
    ::testing::Values("test_add", "test_identity", "test_cast_STRING_to_FLOAT", "test_equal_string", "test_cast_INT4_to_FLOAT",
                      "test_cast_BFLOAT16_to_FLOAT",
                      "test_cast_FLOAT_to_FLOAT16", "test_cast_FLOAT16_to_DOUBLE",
                      "test_cast_FLOAT_to_FLOAT8E4M3FN", "test_cast_FLOAT8E5M2_to_FLOAT",
                      "test_and2d", "test_not_2d", "test_constant_pad", "test_constantofshape_int_shape_zero",
                      "test_ai_onnx_ml_label_encoder_string_int",
                      "test_range_float_type_positive_delta", "test_if", "test_lstm_defaults",
                      "test_max_int64", "test_max_uint8", "test_bitshift_left_uint32"),
    [](const auto& info) { return info.param; });

TEST(Session, EndsARunThatIsInterrupted) {
  Result<Session> session = load("test_abs");
  ASSERT_TRUE(session) << session.error().message;
  const auto inputs = node_tensors("test_abs", "input");
  Interrupt interrupt;
  EXPECT_TRUE(session->run(inputs, interrupt));
  interrupt.raise();
  const auto ended = session->run(inputs, interrupt);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::cancelled);
  EXPECT_TRUE(session->run(inputs));
  interrupt.reset();
  EXPECT_TRUE(session->run(inputs, interrupt));
}

// ONNX Runtime wraps where ONNX's expectation saturates, so only what is in range is compared.
TEST(Session, PacksTwoElementsOfFourBitsToAByte) {
  Result<Session> session = load("test_cast_FLOAT_to_UINT4");
  ASSERT_TRUE(session) << session.error().message;
  const auto outputs = session->run(node_tensors("test_cast_FLOAT_to_UINT4", "input"));
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_EQ((*outputs)[0].dims, (std::vector<std::int64_t>{5, 5}));
  ASSERT_EQ((*outputs)[0].data.size(), 13U);
  EXPECT_EQ((*outputs)[0].data[5], std::byte{0x21}) << "elements 10 and 11 are 1 and 2";
}

TEST(Session, TellsItsPorts) {
  const Result<Session> session = load("test_lstm_defaults");
  ASSERT_TRUE(session) << session.error().message;
  ASSERT_EQ(session->inputs().size(), 3U);
  EXPECT_EQ(session->inputs()[0].name, "X");
  EXPECT_EQ(session->inputs()[0].type.element, ElementType::float32);
  ASSERT_EQ(session->inputs()[0].type.dims->size(), 3U);
  EXPECT_EQ((*session->inputs()[0].type.dims)[0].size, 1);
  EXPECT_TRUE(session->inputs()[0].required);
  ASSERT_EQ(session->outputs().size(), 1U);
  EXPECT_EQ(session->outputs()[0].name, "Y_h");
}

TEST(Session, OutputsOutliveTheSession) {
  std::vector<SharedTensor> outputs;
  {
    Result<Session> session = load("test_add");
    ASSERT_TRUE(session) << session.error().message;
    Result<std::vector<SharedTensor>> ran = session->run(node_tensors("test_add", "input"));
    ASSERT_TRUE(ran) << ran.error().message;
    outputs = std::move(*ran);
  }
  EXPECT_TRUE(compare(outputs[0], node_tensors("test_add", "output")[0]).identical);
}

Result<Session> load_graph(const onnx::ScratchFolder& folder, const std::string& text) {
  EXPECT_TRUE(onnx::write_model(onnx::parse_graph(text), folder / "model.onnx"));
  return Session::load(folder / "model.onnx", {.level = onnx::OptimizationLevel::none});
}

// ONNX Runtime hands out the memory of an input or an initializer that is an output as well.
TEST(Session, OutputsThatAreInputsOrInitializersOutliveBoth) {
  const onnx::ScratchFolder folder;
  std::vector<SharedTensor> outputs;
  {
    Result<Session> session =
        load_graph(folder, "g (float[2] x) => (x, float[2] w, y) <float[2] w = {3, 4}> "
                           "{ y = Add(x, w) }");
    ASSERT_TRUE(session) << session.error().message;
    Result<std::vector<SharedTensor>> ran = session->run(std::vector{floats({2}, {1, 2})});
    ASSERT_TRUE(ran) << ran.error().message;
    outputs = std::move(*ran);
    const std::vector<float> borrowed = {5, 6};
    const SharedTensor without_owner = {.type = ElementType::float32,
                                        .dims = {2},
                                        .data = std::as_bytes(std::span(borrowed)),
                                        .owner = nullptr,
                                        .strings = {}};
    ran = session->run(std::span(&without_owner, 1));
    ASSERT_TRUE(ran) << ran.error().message;
    outputs.push_back((*ran)[0]);
  }
  EXPECT_TRUE(compare(outputs[0], floats({2}, {1, 2})).identical);
  EXPECT_TRUE(compare(outputs[1], floats({2}, {3, 4})).identical);
  EXPECT_TRUE(compare(outputs[2], floats({2}, {4, 6})).identical);
  EXPECT_TRUE(compare(outputs[3], floats({2}, {5, 6})).identical);
}

TEST(Session, TakesOverridableInitializersOrNot) {
  const onnx::ScratchFolder folder;
  Result<Session> session =
      load_graph(folder, "g (float[1] x, float[1] w = {1}, float[1] v = {10}) => (float[1] y) "
                         "{ s = Add(x, w) y = Add(s, v) }");
  ASSERT_TRUE(session) << session.error().message;
  ASSERT_EQ(session->inputs().size(), 3U);
  EXPECT_TRUE(session->inputs()[0].required);
  EXPECT_FALSE(session->inputs()[1].required);
  const SharedTensor x = floats({1}, {100});
  const auto y_for = [&](const std::vector<SharedTensor>& inputs) {
    return session->run(inputs).value()[0];
  };
  EXPECT_TRUE(compare(y_for({x}), floats({1}, {111})).identical);
  EXPECT_TRUE(compare(y_for({x, {}, floats({1}, {20})}), floats({1}, {121})).identical);
  EXPECT_TRUE(compare(y_for({x, floats({1}, {2})}), floats({1}, {112})).identical);
}

TEST(Session, TakesAnyRankWhereTheModelSaysNone) {
  const onnx::ScratchFolder folder;
  Result<Session> session = load_graph(folder, "g (float x, float[] s) => (y) { y = Add(x, s) }");
  ASSERT_TRUE(session) << session.error().message;
  const auto outputs = session->run(std::vector{floats({2, 1}, {1, 2}), floats({}, {3})});
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_TRUE(compare((*outputs)[0], floats({2, 1}, {4, 5})).identical);
}

TEST(Session, ReadsMisalignedInputs) {
  Result<Session> session = load("test_add");
  ASSERT_TRUE(session) << session.error().message;
  std::vector<SharedTensor> inputs = node_tensors("test_add", "input");
  std::vector<std::vector<std::byte>> shifted;
  for (SharedTensor& input : inputs) {
    std::vector<std::byte>& bytes = shifted.emplace_back(input.data.size() + 1);
    std::ranges::copy(input.data, bytes.begin() + 1);
    input.data = std::span(bytes).subspan(1);
    input.owner = nullptr;
  }
  const Result<std::vector<SharedTensor>> outputs = session->run(inputs);
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_TRUE(compare((*outputs)[0], node_tensors("test_add", "output")[0]).identical);
}

TEST(Session, KeepsAnyByteOfAString) {
  Result<Session> session = load("test_equal_string");
  ASSERT_TRUE(session) << session.error().message;
  const auto strings = [](std::vector<std::string> texts) {
    return share({.type = ElementType::string, .dims = {2}, .data = {}, .strings = std::move(texts)});
  };
  using std::string_literals::operator""s;
  const Result<std::vector<SharedTensor>> outputs =
      session->run(std::vector{strings({"a\0b"s, ""}), strings({"a\0c"s, ""})});
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_EQ(copy((*outputs)[0]).data, (std::vector{std::byte{0}, std::byte{1}}));
}

TEST(Session, SaysWhichInputHasAnotherType) {
  Result<Session> session = load("test_add");
  ASSERT_TRUE(session) << session.error().message;
  std::vector<SharedTensor> inputs = node_tensors("test_add", "input");
  inputs[1].type = ElementType::int32;
  const auto outputs = session->run(inputs);
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().message, "input \"y\" wants float32 [3, 4, 5], not int32 [3, 4, 5]");
  EXPECT_EQ(outputs.error().kind, ErrorKind::input);
}

TEST(Session, SaysWhichInputHasOtherDimensions) {
  Result<Session> session = load("test_add");
  ASSERT_TRUE(session) << session.error().message;
  std::vector<SharedTensor> inputs = node_tensors("test_add", "input");
  inputs[0] = floats({2, 2}, {1, 2, 3, 4});
  const auto outputs = session->run(inputs);
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().message, "input \"x\" wants float32 [3, 4, 5], not float32 [2, 2]");
}

TEST(Session, SaysWhichInputHasTheWrongNumberOfBytes) {
  Result<Session> session = load("test_add");
  ASSERT_TRUE(session) << session.error().message;
  std::vector<SharedTensor> inputs = node_tensors("test_add", "input");
  inputs[0].data = inputs[0].data.first(12);
  const auto outputs = session->run(inputs);
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().message,
            "input \"x\": 12 bytes for float32 [3, 4, 5], which take 240");
}

TEST(Session, SaysWhichInputIsMissingOrTooMany) {
  Result<Session> session = load("test_add");
  ASSERT_TRUE(session) << session.error().message;
  std::vector<SharedTensor> inputs = node_tensors("test_add", "input");
  inputs.push_back(inputs[0]);
  const auto too_many = session->run(inputs);
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().message, "the model has 2 inputs, not 3");
  inputs.resize(1);
  const auto too_few = session->run(inputs);
  ASSERT_FALSE(too_few);
  EXPECT_EQ(too_few.error().message, "input \"y\" is missing");
}

TEST(Session, RefusesStringsThatDoNotFillTheTensor) {
  Result<Session> session = load("test_cast_STRING_to_FLOAT");
  ASSERT_TRUE(session) << session.error().message;
  std::vector<SharedTensor> inputs = node_tensors("test_cast_STRING_to_FLOAT", "input");
  inputs[0].strings.pop_back();
  const auto outputs = session->run(inputs);
  ASSERT_FALSE(outputs);
  EXPECT_THAT(outputs.error().message, HasSubstr("11 strings for string [3, 4]"));
}

TEST(Session, TakesAndGivesSequences) {
  Result<Session> session = load("test_identity_sequence");
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ(session->inputs()[0].type.container, "seq(tensor(float))");
  EXPECT_EQ(session->run(std::vector<SharedTensor>(1)).error().message,
            "input \"x\" is missing");
  const auto tensor = share({.type = ElementType::float32,
                             .dims = {1},
                             .data = std::vector<std::byte>(4),
                             .strings = {}});
  EXPECT_THAT(session->run(std::vector{tensor}).error().message,
              HasSubstr("wants seq(tensor(float)), not float32 [1]"));
  const std::vector<SharedTensor> inputs = {{.sequence = std::vector{tensor, tensor}}};
  const auto outputs = session->run(inputs);
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_EQ(copy(outputs->at(0)), copy(inputs[0]));
}

TEST(Session, GivesOnnxRuntimesOwnWordsWhenARunFails) {
  Result<Session> session = load("test_gather_0");
  ASSERT_TRUE(session) << session.error().message;
  std::vector<SharedTensor> inputs = node_tensors("test_gather_0", "input");
  onnx::Tensor indices = copy(inputs[1]);
  indices.data.assign(indices.data.size(), std::byte{0x7F});
  inputs[1] = share(std::move(indices));
  const auto outputs = session->run(inputs);
  ASSERT_FALSE(outputs);
  EXPECT_THAT(outputs.error().message,
              AllOf(HasSubstr("Gather"), HasSubstr("out of data bounds"), Not(HasSubstr("\n"))));
}

TEST(Session, NamesAFileThatIsMissing) {
  const auto session = Session::load("/nowhere/model.onnx", {});
  ASSERT_FALSE(session);
  EXPECT_THAT(session.error().message, StartsWith("/nowhere/model.onnx: "));
  EXPECT_EQ(session.error().kind, ErrorKind::input);
}

TEST(Session, NamesAFileThatIsTruncated) {
  const onnx::ScratchFolder folder;
  const std::string whole = read_file(light_model("squeezenet")).value();
  ASSERT_TRUE(write_file(folder / "half.onnx", whole.substr(0, whole.size() / 2)));
  const auto session = Session::load(folder / "half.onnx", {});
  ASSERT_FALSE(session);
  EXPECT_THAT(session.error().message,
              AllOf(StartsWith((folder / "half.onnx").string()), HasSubstr("Protobuf")));
  EXPECT_EQ(session.error().kind, ErrorKind::input);
}

TEST(Session, RefusesAnotherProviderAndListsWhatThereIs) {
  const auto session = Session::load(node_model("test_add"), {.provider = "cuda"});
  ASSERT_FALSE(session);
  EXPECT_THAT(session.error().message,
              AllOf(HasSubstr("\"cuda\""), HasSubstr("CPUExecutionProvider")));
}

TEST(Session, ProfilesEveryRun) {
  const onnx::ScratchFolder folder;
  Result<Session> session = Session::load(
      light_model("squeezenet"),
      {.level = onnx::OptimizationLevel::basic, .profile_prefix = folder / "trace"});
  ASSERT_TRUE(session) << session.error().message;
  const std::vector<SharedTensor> inputs = {
      floats({1, 3, 224, 224}, std::vector<float>(3 * 224 * 224))};
  for (int run = 0; run < 3; ++run) ASSERT_TRUE(session->run(inputs));
  const Result<ProfilerLog> log = session->finish_profile();
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_EQ(log->runs.size(), 3U);
  ASSERT_FALSE(log->nodes.empty());
  for (const NodeTiming& node : log->nodes) EXPECT_EQ(node.runs.size(), 3U) << node.node;
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "the trace is removed";
}

TEST(Session, IsOfTheLibraryThatIsLoaded) {
  EXPECT_THAT(runtime_version(), ::testing::MatchesRegex("1\\.[0-9]+\\.[0-9]+"));
}

}  // namespace
}  // namespace convoy::engine
