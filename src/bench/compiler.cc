#include "bench/compiler.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "foundation/file.h"
#include "foundation/sha256.h"

namespace convoy::bench {
namespace {

namespace fs = std::filesystem;

std::string compiler() {
  const char* named = std::getenv("CXX");
  return named != nullptr && *named != 0 ? named : "c++";
}

// Runs a program to its end, its output in `log`; the exit status, or 128 and the signal.
Result<int> run(const std::vector<std::string>& command, const fs::path& log) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  const int problem =
      posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) {
    return fail(ErrorKind::failure,
                "the C++ compiler \"{}\" does not start ({}); install one, or name it by CXX",
                command[0], std::strerror(problem));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The first error of a compiler's output, or its first line.
std::string first_error(const std::string& output) {
  std::istringstream lines(output);
  std::string first;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("error:") != std::string::npos) return line;
    if (first.empty()) first = line;
  }
  return first.empty() ? "it says nothing" : first;
}

// Runs one step of the compiler; what fails leaves its output beside the cached objects.
Result<void> compile_step(const std::vector<std::string>& command, const fs::path& source,
                          const fs::path& log) {
  const Result<int> status = run(command, log);
  if (!status) return std::unexpected(status.error());
  if (*status == 0) return {};
  return fail(ErrorKind::input, "{} does not compile: {} (all of it: {})", source.string(),
              first_error(read_file(log).value_or("")), log.string());
}

}  // namespace

Result<fs::path> compile_plugin(const fs::path& source, const fs::path& cache) {
  std::error_code problem;
  fs::create_directories(cache, problem);
  if (problem) {
    return fail(ErrorKind::failure, "the cache folder {} cannot be made: {}", cache.string(),
                problem.message());
  }
  const fs::path log = cache / (source.stem().string() + ".log");
  std::vector<std::string> command = {compiler(), "-std=c++23", "-O2", "-fPIC",
                                      "-I" CONVOY_INCLUDE_DIR};
  // The preprocessed text holds all that the object depends on but the compiler.
  Aside text(cache / "preprocessed");
  std::vector<std::string> preprocess = command;
  preprocess.insert(preprocess.end(), {"-E", source.string(), "-o", text.path().string()});
  if (auto done = compile_step(preprocess, source, log); !done) {
    return std::unexpected(done.error());
  }
  const Result<std::string> hash = sha256_of(text.path());
  if (!hash) return std::unexpected(hash.error());
  if (const auto status = run({command[0], "--version"}, log); !status) {
    return std::unexpected(status.error());
  }
  const Result<std::string> version = sha256_of(log);
  if (!version) return std::unexpected(version.error());
  const fs::path object = cache / fmt::format("{}-{:.24}-{:.8}.so", source.stem().string(), *hash,
                                              *version);
  if (fs::exists(object, problem)) return object;
  Aside aside(object);
  command.insert(command.end(), {"-shared", source.string(), "-o", aside.path().string()});
  return compile_step(command, source, log).and_then([&] { return aside.commit(); }).transform([&] {
    return object;
  });
}

}  // namespace convoy::bench
