// convoy's command line as a user meets it: what it refuses, and with which words and exit status.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/wait.h>

#include <array>
#include <filesystem>
#include <string>

#include "bench/temporary_folder.h"

namespace convoy {
namespace {

using testing::AllOf;
using testing::AnyOf;
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
  // In the test's own folder; $CONVOY and $MODEL stand for what they say.
  Ended shell(const std::string& command) {
    const std::string all = fmt::format(
        "exec 2>&1; cd '{0}'; export CONVOY_CACHE='{0}/cache' TMPDIR='{0}'; CONVOY='{1}'; "
        "MODEL='{2}'; {3}",
        folder_.path().string(), CONVOY_PROGRAM, kModel.string(), command);
    Ended ended;
    FILE* const output = ::popen(all.c_str(), "r");
    std::array<char, 4096> buffer{};
    while (const std::size_t read = ::fread(buffer.data(), 1, buffer.size(), output)) {
      ended.said.append(buffer.data(), read);
    }
    ended.status = WEXITSTATUS(::pclose(output));
    return ended;
  }
  Ended run(const std::string& words) { return shell("$CONVOY " + words); }
  void expect_refused(const std::string& words, const std::string& sentence) {
    const Ended ended = run(words);
    EXPECT_EQ(ended.status, 2) << words;
    EXPECT_THAT(ended.said, HasSubstr(sentence)) << words;
  }

  bench::TemporaryFolder folder_;
};

TEST_F(CommandLine, SaysWhatPlansForFleetsThatChangeNeed) {
  expect_refused("plan $MODEL --devices devices.yaml --over-time",
                 "devices.yaml: it has neither traces nor events, which --over-time plans for");
  expect_refused("plan $MODEL --devices devices.yaml --over-time --standby",
                 "--over-time prints a schedule of auto's plans; leave out --output, --standby");
  expect_refused("plan $MODEL --devices devices.yaml --standby --home fone",
                 "--home: no device is called \"fone\"; did you mean \"phone\"?");
  expect_refused("plan $MODEL --devices devices.yaml --home phone",
                 "--home is for --standby and --over-time");
  expect_refused("plan $MODEL --devices devices.yaml --setup 1",
                 "--setup and --horizon are for --over-time");
  folder_.write("moving.yaml",
                "devices:\n  - {name: phone}\n  - {name: tablet}\n"
                "events:\n  - {at: 3 s, leaves: phone}\n");
  expect_refused("plan $MODEL --devices moving.yaml --over-time --horizon 0",
                 "--horizon must be above 0");
}

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

TEST_F(CommandLine, RunsPartsThatAreForNoDeviceInParticularHere) {
  ASSERT_EQ(run("split $MODEL --at r9 -o parts").status, 0);
  const Ended ran = run("run parts --requests 2");
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.said, AllOf(HasSubstr("part-1"), HasSubstr("part-2")));
  expect_refused("run parts --devices devices.yaml",
                 "convoy: parts: its map.json names no devices: leave --devices out to run each "
                 "part in a process of its own here, or split by convoy plan --devices "
                 "devices.yaml -o parts");
}

TEST_F(CommandLine, PlansByAProfileOfTheSameDevicesOnly) {
  ASSERT_EQ(run("profile $MODEL --devices devices.yaml -o profile.json").status, 0);
  ASSERT_EQ(run("plan $MODEL --devices devices.yaml --profile profile.json -o parts").status, 0);
  expect_refused("run parts", "convoy: parts: its map.json names devices: say with --devices");
  EXPECT_EQ(run("split $MODEL --plan parts/plan.json -o again").status, 0);
  EXPECT_EQ(run("run again --devices devices.yaml").status, 0);

  folder_.write("devices.yaml", "devices:\n  - {name: phone, cores: 0.5}\n");
  expect_refused("plan $MODEL --devices devices.yaml --profile profile.json",
                 "convoy: profile.json: the profile of the device \"phone\" was made with no limit "
                 "to its cores, but it has 0.5 cores");
}

TEST_F(CommandLine, PlansForDevicesThatAreNotThereByEstimates) {
  expect_refused("plan $MODEL --devices devices.yaml --estimate",
                 "convoy: the device \"phone\" has no flops and no memory_bandwidth; the device "
                 "\"tablet\" has no flops and no memory_bandwidth: estimates need both");
  folder_.write(
      "devices.yaml",
      "devices:\n"
      "  - {name: phone, address: 'phone:7000', flops: 10 GFLOP/s, memory_bandwidth: 5 GB/s}\n"
      "  - {name: tablet, address: 'tablet:7000', flops: 20 GFLOP/s, memory_bandwidth: 9 GB/s}\n");
  const Ended planned = run("plan $MODEL --devices devices.yaml --estimate");
  EXPECT_EQ(planned.status, 0);
  EXPECT_THAT(planned.said, HasSubstr("costs: estimated"));
  EXPECT_THAT(run("plan $MODEL --devices devices.yaml --estimate --json").said,
              HasSubstr("\"costs\": \"estimated\""));
  EXPECT_THAT(run("profile $MODEL --devices devices.yaml --estimate").said,
              AllOf(HasSubstr("phone: "), HasSubstr("tablet: "), HasSubstr(" a run (estimated)")));
  expect_refused("profile $MODEL --estimate", "convoy: --estimate requires --devices");
  expect_refused("plan $MODEL --devices devices.yaml --estimate --batch 4",
                 "convoy: --batch 4: the model takes 1 items a request, not 4: the first dimension "
                 "of its input");
}

TEST_F(CommandLine, CutsPlansThatStandByBesideThePlanAndNowhereElse) {
  folder_.write("devices.yaml",
                "devices:\n"
                "  - {name: phone, flops: 4 GFLOP/s, memory_bandwidth: 2 GB/s}\n"
                "  - {name: tablet, flops: 9 GFLOP/s, memory_bandwidth: 5 GB/s}\n");
  const std::string plan = "plan $MODEL --devices devices.yaml --estimate --budget 1 -o planned";
  const auto standby = folder_.path() / "planned" / "standby";
  folder_.write("planned/standby/notes.txt", "mine");
  expect_refused(plan + " --standby", "planned/standby is there already and holds no standby plans");
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "planned" / "map.json"));
  std::filesystem::remove_all(standby);

  const Ended planned = run(plan + " --standby");
  ASSERT_EQ(planned.status, 0) << planned.said;
  for (const char* file : {"standby.json", "1/map.json", "2/map.json", "whole/map.json"}) {
    EXPECT_TRUE(std::filesystem::exists(standby / file)) << file;
  }
  // They go with the plan that they stand by.
  ASSERT_EQ(run(plan).status, 0);
  EXPECT_FALSE(std::filesystem::exists(standby));
}

TEST_F(CommandLine, PlansBySolversOfOnesOwnAndDrawsThem) {
  const std::string example = CONVOY_SOURCE_DIR "/examples/plugins/hill_climb.cc";
  const Ended planned =
      run("plan $MODEL --devices devices.yaml --verify --picture plan.svg --solver " + example);
  EXPECT_EQ(planned.status, 0) << planned.said;
  EXPECT_THAT(planned.said, AllOf(HasSubstr("solver: hill_climb.cc"), HasSubstr("Verified"),
                                  HasSubstr("with another fleet (planned anew, estimated):")));
  EXPECT_THAT(shell("head -c 4 plan.svg").said, HasSubstr("<svg"));
  folder_.write("none.cc",
                "#include <convoy/plugin.h>\nstruct None : convoy::Solver {\n"
                "  convoy::PlacementChoice solve(const convoy::PlanningTask&, const "
                "convoy::Predict&) override { return {}; }\n};\nCONVOY_SOLVER(None)\n");
  expect_refused("plan $MODEL --devices devices.yaml --solver ./none.cc",
                 "convoy: none.cc: its placement does not hold: node ");
  expect_refused("plan $MODEL --devices devices.yaml --solver ./other.cc",
                 "convoy: --solver: no file \"./other.cc\"");
}

TEST_F(CommandLine, NamesThePlaceInAJsonFileThatIsBroken) {
  for (const std::string name : {"map.json", "plan.json", "profile.json"}) {
    folder_.write(name, "{\n  \"stages\": oops\n}\n");
  }
  const std::string sentence =
      ":2: not valid JSON: syntax error while parsing value - invalid literal";
  expect_refused("run .", "convoy: ./map.json" + sentence);
  expect_refused("split $MODEL --plan plan.json -o parts", "convoy: plan.json" + sentence);
  expect_refused("plan $MODEL --devices devices.yaml --profile profile.json",
                 "convoy: profile.json" + sentence);
}

TEST_F(CommandLine, NoticesAtOnceThatTheOutputCannotBeWritten) {
  for (const std::string words : {"run $MODEL --requests 1000000000 --output",
                                  "plan $MODEL --devices devices.yaml -o",
                                  "profile $MODEL -o", "split $MODEL --at r9 -o"}) {
    const Ended ended = run(words + " devices.yaml/folder/file");
    EXPECT_EQ(ended.status, 1) << words;
    EXPECT_THAT(ended.said, HasSubstr("cannot be written into: Not a directory")) << words;
  }
}

TEST_F(CommandLine, EndsWithTheNumberOfTheSignal) {
  for (const auto& [signal, status] : {std::pair("INT", 130), {"TERM", 143}, {"HUP", 129}}) {
    const Ended ended = shell(fmt::format(
        "timeout --preserve-status -s {} 3 $CONVOY run $MODEL --requests 1000000000", signal));
    EXPECT_EQ(ended.status, status);
    EXPECT_THAT(ended.said, HasSubstr("convoy: stopped after"));
  }
}

TEST_F(CommandLine, LeavesNothingHalfDoneWhenASplitIsStopped) {
  for (const double delay_s : {0.1, 0.2, 0.4, 0.8}) {
    const Ended ended = shell(fmt::format(
        "timeout --preserve-status -s INT {} $CONVOY split $MODEL --at r9 -o parts", delay_s));
    EXPECT_THAT(ended.status, AnyOf(0, 130)) << ended.said;
    EXPECT_EQ(shell("find . -name '*partial*'").said, "");
  }
}

TEST_F(CommandLine, KeepsKeys) {
  EXPECT_EQ(run("keys init --name laptop --keys l").status, 0);
  EXPECT_EQ(run("keys init --name tablet --keys t").status, 0);
  expect_refused("keys init --name laptop --keys l", "l/secret.key exists already");
  EXPECT_EQ(run("keys add t/public.key --keys l").status, 0);
  EXPECT_THAT(run("keys list --keys l").said,
              AllOf(HasSubstr("this host "), HasSubstr("trusted "), HasSubstr("  tablet\n")));
  EXPECT_EQ(run("keys revoke tablet --keys l").status, 0);
  EXPECT_THAT(run("keys list --keys l --json").said,
              AllOf(HasSubstr("\"trusted\":[]"), HasSubstr("\"name\":\"tablet\"")));
  expect_refused("keys add t/public.key --keys l", "this key was revoked (as tablet)");
  expect_refused("keys list --keys none", "make one with convoy keys init");
}

TEST_F(CommandLine, AWorkerThatOthersReachHasKeys) {
  expect_refused("worker --name a --listen tcp://0.0.0.0:7700 --cache c --keys none",
                 "tcp://0.0.0.0:7700 can be reached from other hosts, so there must be keys");
  expect_refused("worker --name a --listen tcp://0.0.0.0:7700 --cache c --keys none --parent 1",
                 "tcp://0.0.0.0:7700 can be reached from other hosts, so there must be keys");
  expect_refused("worker --name a --listen tcp://127.0.0.1:7700 --cache c --keys k",
                 "this host has no key there; make one with convoy keys init");
  expect_refused("worker --name a --listen 7700 --cache c", "\"7700\" is no address");
  folder_.write("devices.yaml", "devices:\n  - {name: a, address: \"tcp://192.0.2.1:7700\"}\n");
  expect_refused("run $MODEL --devices devices.yaml --keys none",
                 "device a: tcp://192.0.2.1:7700 is another host, which is only reached with keys");
}

}  // namespace
}  // namespace convoy
