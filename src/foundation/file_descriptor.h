// An open file, pipe or kernel event with one owner.
#pragma once

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace convoy {

// Closed by its destructor; false when there is none.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileDescriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  [[nodiscard]] int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

// A process, to be polled for its end and signalled: what has ended is not mistaken for another
// one. False if there is none, or the kernel (before 5.3) has no such thing.
[[nodiscard]] inline FileDescriptor open_process(pid_t id) {
  return FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, id, 0)));
}

}  // namespace convoy
