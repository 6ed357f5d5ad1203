// convoy's command line as a user meets it: what it refuses, and with which words and exit status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/wait.h>

#include <array>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "bench/temporary_folder.h"

namespace convoy {
namespace {

using testing::HasSubstr;

const std::filesystem::path kModel =
    "/usr/share/libonnx-testdata/data/light/light_squeezenet.onnx";

struct Ended {
  int status = -1;
  std::string said;  // on both outputs
};

class CommandLine : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kModel)) GTEST_SKIP() << "no ONNX test data installed";
    folder_.write("devices.yaml", "devices:\n  - {name: phone}\n  - {name: tablet}\n");
  }
  // `words` as a shell takes them, in the test's own folder; MODEL stands for a model.
  Ended run(const std::string& words) {
    const std::string command =
        fmt::format("cd '{}'; MODEL={}; CONVOY_CACHE=$PWD/cache '{}' {} 2>&1",
                    folder_.path().string(), kModel.string(), CONVOY_PROGRAM, words);
    Ended ended;
    FILE* const output = ::popen(command.c_str(), "r");
    std::array<char, 4096> buffer{};
    while (const std::size_t read = ::fread(buffer.data(), 1, buffer.size(), output)) {
      ended.said.append(buffer.data(), read);
    }
    ended.status = WEXITSTATUS(::pclose(output));
    return ended;
  }
  void expect_refused(const std::string& words, const std::string& sentence) {
    const Ended ended = run(words);
    EXPECT_EQ(ended.status, 2) << words;
    EXPECT_THAT(ended.said, HasSubstr(sentence)) << words;
  }

  bench::TemporaryFolder folder_;
};

TEST_F(CommandLine, RefusesOptionsThatWouldHaveNoEffect) {
  expect_refused("run . --devices devices.yaml --device phone",
                 "convoy: --device phone: . is a split model, whose map.json says who runs what");
  expect_refused("profile $MODEL --devices devices.yaml --threads 2",
                 "convoy: --devices excludes --threads");
  expect_refused("run $MODEL --input . --dim batch=1",
                 "convoy: --dim batch=1: is for inputs that are made up, not for those of --input");
  expect_refused("split $MODEL --at r2 -o parts --no-check --threads 2",
                 "convoy: --no-check excludes --threads");
}

}  // namespace
}  // namespace convoy
