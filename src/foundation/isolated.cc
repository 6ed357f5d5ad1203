#include "foundation/isolated.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>

#include "foundation/file_descriptor.h"

namespace convoy {
namespace {

using Clock = std::chrono::steady_clock;

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

[[noreturn]] void be_child(const std::function<std::string()>& work, int results) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Not our handlers, nor a sanitizer's.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    ::signal(number, SIG_DFL);
  }
  if (const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC); nowhere >= 0) {
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
  }
  bool done = false;
  try {
    done = write_all(results, work());
  } catch (const std::exception&) {
  }
  ::_exit(done ? 0 : 1);
}

// All that is written until the other end closes; false if that is not before `end`.
bool read_until(int descriptor, Clock::time_point end, std::string& text) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) return false;
    pollfd ready{.fd = descriptor, .events = POLLIN, .revents = 0};
    const int polled = ::poll(&ready, 1, static_cast<int>(left.count()));
    if (polled < 0 && errno != EINTR) return false;
    if (polled <= 0) continue;
    std::array<char, 65536> buffer;
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count == 0;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

Result<std::string> run_isolated(const std::function<std::string()>& work,
                                 std::chrono::milliseconds patience) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(ErrorKind::failure, "no pipe to a child process: {}", std::strerror(errno));
  }
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) {
    return fail(ErrorKind::failure, "no child process: {}", std::strerror(errno));
  }
  if (child == 0) be_child(work, ends[1]);
  writing = FileDescriptor();

  std::string text;
  const bool in_time = read_until(reading.get(), Clock::now() + patience, text);
  if (!in_time) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return fail(ErrorKind::failure, "took longer than {} ms", patience.count());
  if (WIFSIGNALED(status)) {
    return fail(ErrorKind::failure, "crashed: {}", ::strsignal(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0) return fail(ErrorKind::failure, "failed");
  return text;
}

}  // namespace convoy
