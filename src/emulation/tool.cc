#include "emulation/tool.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "foundation/file_descriptor.h"

extern char** environ;

namespace convoy::emulation {
namespace {

// No tool takes nearly as long.
constexpr int kPatience_ms = 60'000;

// An anonymous file: what a tool reads, or says.
FileDescriptor file_of(const std::string& contents) {
  FileDescriptor file(::memfd_create("convoy-tool", MFD_CLOEXEC));
  std::size_t written = 0;
  while (file && written < contents.size()) {
    const ssize_t step = ::write(file.get(), contents.data() + written, contents.size() - written);
    if (step <= 0) return {};
    written += static_cast<std::size_t>(step);
  }
  if (file) ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

// True where that cannot be told.
bool ends_in_time(pid_t child) {
  const FileDescriptor process = open_process(child);
  if (!process) return true;
  pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
  int woken = 0;
  while ((woken = ::poll(&ended, 1, kPatience_ms)) < 0 && errno == EINTR) {
  }
  return woken != 0;
}

std::string first_line(const FileDescriptor& file) {
  std::string text(1000, '\0');
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text.substr(0, text.find('\n'));
}

}  // namespace

Result<pid_t> start_tool(const std::vector<std::string>& arguments, int in, int out) {
  const std::string& program = arguments.front();
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t child = 0;
  int problem =
      ::posix_spawnp(&child, program.c_str(), &actions, &attributes, argv.data(), environ);
  // A user's PATH often lacks the folders of these tools.
  for (const char* folder : {"/usr/sbin/", "/sbin/"}) {
    if (problem != ENOENT) break;
    problem = ::posix_spawn(&child, (folder + program).c_str(), &actions, &attributes, argv.data(),
                            environ);
  }
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (problem == 0) return child;
  return fail(ErrorKind::failure, "cannot run {}: {}", program, std::strerror(problem));
}

Result<void> run_tool(const std::vector<std::string>& arguments, const std::string& input) {
  const FileDescriptor in = file_of(input);
  const FileDescriptor said = file_of("");
  if (!in || !said) return fail(ErrorKind::failure, "cannot make a file in memory");
  const Result<pid_t> child = start_tool(arguments, in.get(), said.get());
  if (!child) return std::unexpected(child.error());
  const bool in_time = ends_in_time(*child);
  if (!in_time) ::kill(*child, SIGKILL);
  int status = 0;
  while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return fail(ErrorKind::failure, "{} does not end", arguments.front());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(ErrorKind::failure, "{} failed: {}", arguments.front(), first_line(said));
}

}  // namespace convoy::emulation
