#include "emulation/child_process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace convoy::emulation {
namespace {

enum class Step : int { join, enter, start };

struct Problem {
  Step step;
  int number;
};

// Between fork and exec: only what is safe in a copy of one thread of many.
[[noreturn]] void become_worker(const std::vector<int>& groups, const ChildOptions& options,
                                int errors, int report, char* const* argv) {
  Problem problem{};
  const auto give_up = [&](Step step) {
    problem = {step, errno};
    [[maybe_unused]] const auto written = ::write(report, &problem, sizeof problem);
    ::_exit(127);
  };
  ::setpgid(0, 0);
  sigset_t none;  // who waits for signals by signalfd blocks them
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int group : groups) {
    if (::write(group, "0", 1) != 1) give_up(Step::join);  // 0: the writing process
  }
  if (options.network_namespace >= 0 && ::setns(options.network_namespace, CLONE_NEWNET) != 0) {
    give_up(Step::enter);
  }
  const int nothing = ::open("/dev/null", O_RDWR);
  ::dup2(options.input >= 0 ? options.input : nothing, STDIN_FILENO);
  ::dup2(nothing, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  ::execv(argv[0], argv);
  give_up(Step::start);
  ::_exit(127);
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const ChildOptions& options) {
  std::vector<FileDescriptor> groups;
  std::vector<int> group_numbers;
  for (const std::filesystem::path& group : options.groups) {
    groups.emplace_back(::open(group.c_str(), O_WRONLY | O_CLOEXEC));
    if (!groups.back()) {
      return fail(ErrorKind::failure, "cannot open {}: {}", group.string(), std::strerror(errno));
    }
    group_numbers.push_back(groups.back().get());
  }
  FileDescriptor errors(::memfd_create("convoy-worker-errors", MFD_CLOEXEC));
  int ends[2] = {-1, -1};
  if (!errors || ::pipe2(ends, O_CLOEXEC) != 0) {
    return fail(ErrorKind::failure, "cannot make a pipe: {}", std::strerror(errno));
  }
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  std::vector<char*> argv;
  for (const std::string& argument : options.arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);

  const pid_t id = ::fork();
  if (id < 0) return fail(ErrorKind::failure, "cannot fork: {}", std::strerror(errno));
  if (id == 0) {
    become_worker(group_numbers, options, errors.get(), writing.get(), argv.data());
  }
  ChildProcess child(id, std::move(errors));
  writing = FileDescriptor();  // the pipe closes when the worker's program begins
  Problem problem{};
  ssize_t size = 0;
  while ((size = ::read(reading.get(), &problem, sizeof problem)) < 0 && errno == EINTR) {
  }
  if (size == 0) return child;
  const char* what = problem.step == Step::join    ? "join its control group"
                     : problem.step == Step::enter ? "enter its network namespace"
                                                   : "start";
  return fail(ErrorKind::failure, "{} cannot {}: {}", options.arguments.front(), what,
              std::strerror(problem.number));
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : id_(std::exchange(other.id_, 0)),
      errors_(std::move(other.errors_)),
      status_(other.status_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(id_, other.id_);
  std::swap(errors_, other.errors_);
  std::swap(status_, other.status_);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (id_ == 0 || status_) return;
  ::kill(id_, SIGKILL);
  while (::waitpid(id_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::optional<int> ChildProcess::status() {
  int status = 0;
  if (!status_ && ::waitpid(id_, &status, WNOHANG) == id_) status_ = status;
  return status_;
}

std::string ChildProcess::last_words() const {
  constexpr off_t kMost = 2000;
  const off_t size = ::lseek(errors_.get(), 0, SEEK_END);
  std::string text(static_cast<std::size_t>(std::min(std::max<off_t>(size, 0), kMost)), '\0');
  const off_t from = size - static_cast<off_t>(text.size());
  if (text.empty() || ::pread(errors_.get(), text.data(), text.size(), from) < 0) return "";
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace convoy::emulation
