// Others' models: whatever ONNX Runtime runs is cut, and the pieces give the bits of the whole.
#include "corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "foundation/file.h"

namespace convoy {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using Outcome = CorpusTrial::Outcome;

constexpr std::size_t kShards = 8;
constexpr std::size_t kMostCuts = 32;

class Corpus : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Corpus, IsCutEverywhereOrNotRunByOnnxRuntime) {
  const std::vector<CorpusModel> models = corpus();
  if (models.empty()) GTEST_SKIP() << "libonnx-testdata is not installed";
  const Aside scratch(std::filesystem::path(::testing::TempDir()) / "corpus");
  std::filesystem::create_directories(scratch.path());
  for (std::size_t i = GetParam(); i < models.size(); i += kShards) {
    const CorpusTrial trial = try_model(models[i], kMostCuts, scratch.path());
    if (trial.outcome == Outcome::not_run) {
      EXPECT_THAT(trial.message, AnyOf(HasSubstr("Could not find an implementation"),
                                       HasSubstr("is not a registered function/op"),
                                       HasSubstr("Exception during initialization"),
                                       HasSubstr("ONNX Runtime takes no empty sequence"),
                                       HasSubstr("nothing can feed that to ONNX Runtime")))
          << models[i].name;
      continue;
    }
    EXPECT_EQ(trial.outcome, Outcome::identical) << models[i].name << ": " << trial.message;
    EXPECT_GE(trial.cuts, 2u) << models[i].name;
  }
}

INSTANTIATE_TEST_SUITE_P(Shards, Corpus, ::testing::Range<std::size_t>(0, kShards));

}  // namespace
}  // namespace convoy
