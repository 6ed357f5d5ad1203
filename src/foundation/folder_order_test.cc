// A folder knows only those above it, and a library only the folder that adapts it. The order is
// that of docs/internals.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace convoy {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

const std::vector<std::string> kOrder = {"foundation", "onnx",    "fleet",     "plan",  "engine",
                                         "profile",    "runtime", "emulation", "bench", "serve",
                                         "cli"};
// Tighter than the order: plan reads published problems too, and has nothing of ONNX.
const std::map<std::string, std::set<std::string>> kKnowsOnly = {
    {"fleet", {"foundation"}},
    {"plan", {"foundation", "fleet"}},
};
// Headers, by how they begin, that only one folder may see.
const std::map<std::string, std::string> kAdapters = {
    {"onnx/onnx", "onnx"},        {"onnx/checker", "onnx"}, {"onnx/shape_inference", "onnx"},
    {"onnxruntime", "engine"},    {"zmq", "runtime"},       {"yaml-cpp/", "foundation"},
    {"sqlite3", "bench"},         {"jpeglib", "bench"},     {"png.h", "bench"},
    {"CLI/", "cli"},              {"httplib", "serve"},
};

struct Include {
  std::string file;   // relative to src/
  std::string folder;
  int line = 0;
  std::string header;
};

std::vector<Include> includes() {
  std::vector<Include> found;
  const fs::path source = fs::path(CONVOY_SOURCE_DIR) / "src";
  for (const auto& entry : fs::recursive_directory_iterator(source)) {
    const fs::path extension = entry.path().extension();
    if (extension != ".h" && extension != ".cc") continue;
    const fs::path file = entry.path().lexically_relative(source);
    std::ifstream stream(entry.path());
    std::string text;
    for (int line = 1; std::getline(stream, text); ++line) {
      if (!text.starts_with("#include ")) continue;
      const auto begin = text.find_first_of("\"<");
      const auto end = text.find_first_of("\">", begin + 1);
      if (begin == std::string::npos || end == std::string::npos) continue;
      found.push_back({file.string(), file.begin()->string(), line,
                       text.substr(begin + 1, end - begin - 1)});
    }
  }
  return found;
}

bool may_know(const std::string& folder, const std::string& other) {
  if (folder == other) return true;
  if (const auto only = kKnowsOnly.find(folder); only != kKnowsOnly.end()) {
    return only->second.contains(other);
  }
  return std::ranges::find(kOrder, other) < std::ranges::find(kOrder, folder);
}

// "plan/x.cc:3 includes "onnx/graph.h"", for each that should not.
std::vector<std::string> wrong_includes() {
  std::vector<std::string> wrong;
  for (const auto& [file, folder, line, header] : includes()) {
    const std::string other = header.substr(0, header.find('/'));
    const bool is_ours = fs::exists(fs::path(CONVOY_SOURCE_DIR) / "src" / header);
    bool right = !is_ours || may_know(folder, other);
    for (const auto& [beginning, adapter] : kAdapters) {
      if (!is_ours && header.starts_with(beginning) && folder != adapter) right = false;
    }
    if (!right) wrong.push_back(file + ":" + std::to_string(line) + " includes " + header);
  }
  return wrong;
}

TEST(FolderOrderTest, EveryFolderHasItsPlace) {
  for (const auto& entry : fs::directory_iterator(fs::path(CONVOY_SOURCE_DIR) / "src")) {
    if (!entry.is_directory()) continue;
    const std::string folder = entry.path().filename().string();
    EXPECT_NE(std::ranges::find(kOrder, folder), kOrder.end()) << folder;
  }
}

TEST(FolderOrderTest, AFolderKnowsOnlyThoseAboveItAndItsOwnLibraries) {
  EXPECT_GT(includes().size(), 100u);
  EXPECT_THAT(wrong_includes(), IsEmpty());
}

TEST(FolderOrderTest, TheOrderIsThatOfTheDesign) {
  EXPECT_TRUE(may_know("cli", "bench"));
  EXPECT_FALSE(may_know("bench", "cli"));
  EXPECT_FALSE(may_know("plan", "onnx"));
  EXPECT_TRUE(may_know("profile", "plan"));
}

}  // namespace
}  // namespace convoy
