#include "emulation/leftovers.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

namespace convoy::emulation {
namespace {

namespace fs = std::filesystem;

// A process that is no more.
int gone() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

TEST(ProcessOf, ReadsTheNamesThatRunsGiveToTheirThings) {
  EXPECT_EQ(process_of("convoy-4242-0"), 4242);
  EXPECT_EQ(process_of("convoy-4242-0-1"), 4242);
  EXPECT_EQ(process_of("cv4242-0-1"), 4242);
  EXPECT_EQ(process_of("convoy-4242-trace_2026-11-28_12-00-00.json"), 4242);
  for (const char* other :
       {"convoy-test-XyZ", "convoy-4242", "cv", "cvs-1", "eth0", "convoy-0-0"}) {
    EXPECT_EQ(process_of(other), std::nullopt) << other;
  }
}

TEST(Leftovers, OfProcessesThatAreGoneAreRemoved) {
  std::string name = (fs::temp_directory_path() / "leftovers-XXXXXX").string();
  const fs::path cache = ::mkdtemp(name.data());
  ::setenv("CONVOY_CACHE", cache.c_str(), 1);
  const auto make = [&](int process, std::chrono::hours age) {
    const fs::path file = cache / fmt::format(".model.onnx.partial-{}", process);
    std::ofstream(file) << "half";
    fs::last_write_time(file, fs::file_time_type::clock::now() - age);
    return file;
  };
  using std::chrono::hours;
  const fs::path old = make(gone(), hours(2));
  const fs::path fresh = make(gone(), hours(0));
  const fs::path ours = make(::getpid(), hours(2));
  const fs::path run = fmt::format("/var/tmp/convoy-{}-0", gone());
  fs::create_directories(run / "models");
  const auto claimed = claim_run_name();
  ASSERT_TRUE(claimed);

  remove_leftovers();
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(fresh));
  EXPECT_TRUE(fs::exists(ours));
  EXPECT_FALSE(fs::exists(run));
  EXPECT_TRUE(fs::exists(claimed->folder));
  fs::remove_all(claimed->folder);
  fs::remove_all(cache);
}

}  // namespace
}  // namespace convoy::emulation
