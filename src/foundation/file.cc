#include "foundation/file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

namespace convoy {

namespace fs = std::filesystem;

Result<std::string> read_file(const fs::path& file) {
  std::error_code code;
  const fs::file_status status = fs::status(file, code);
  if (status.type() == fs::file_type::not_found) {
    return fail(ErrorKind::input, "{}: no such file", file.string());
  }
  if (fs::is_directory(status)) {
    return fail(ErrorKind::input, "{}: is a folder, not a file", file.string());
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::string contents;
  if (fs::is_regular_file(status)) {
    const std::uintmax_t size = fs::file_size(file, code);
    if (!code) contents.resize(size);
    stream.read(contents.data(), static_cast<std::streamsize>(contents.size()));
    if (stream.bad() || !stream.is_open()) {
      return fail(ErrorKind::input, "{}: cannot be read: {}", file.string(), std::strerror(errno));
    }
    contents.resize(static_cast<std::size_t>(stream.gcount()));
    return contents;
  }
  // A pipe or a device has no size beforehand.
  contents.assign(std::istreambuf_iterator<char>(stream), {});
  if (stream.bad() || !stream.is_open()) {
    return fail(ErrorKind::input, "{}: cannot be read: {}", file.string(), std::strerror(errno));
  }
  return contents;
}

Result<void> write_file(const fs::path& file, std::string_view contents) {
  Aside aside(file);
  errno = 0;
  std::ofstream stream(aside.path(), std::ios::binary | std::ios::trunc);
  stream.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  stream.close();
  if (!stream) {
    return fail(ErrorKind::failure, "{}: cannot be written: {}", file.string(),
                std::strerror(errno));
  }
  return aside.commit();
}

Result<void> check_writable(const fs::path& folder) {
  std::error_code code;
  fs::path nearest = fs::absolute(folder);
  while (!fs::exists(nearest, code) && nearest.has_relative_path()) nearest = nearest.parent_path();
  const Aside probe(nearest / "probe");
  fs::create_directory(probe.path(), code);
  if (!code) return {};
  return fail(ErrorKind::failure, "{}: cannot be written into: {}", folder.string(), code.message());
}

Aside::Aside(fs::path target) : target_(std::move(target)) {
  // "DIR/" and "DIR" mean the same folder.
  if (!target_.has_filename()) target_ = target_.parent_path();
  path_ = target_.parent_path() / fmt::format(".{}.partial-{}", target_.filename().string(), getpid());
}

Aside::Aside(Aside&& other) noexcept
    : target_(std::move(other.target_)), path_(std::exchange(other.path_, {})) {}

Aside::~Aside() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Result<void> Aside::commit() {
  std::error_code code;
  fs::rename(path_, target_, code);
  if (code) {
    return fail(ErrorKind::failure, "{}: cannot be put in place: {}", target_.string(),
                code.message());
  }
  path_.clear();
  return {};
}

}  // namespace convoy
