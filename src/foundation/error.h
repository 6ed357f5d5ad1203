// What a function says when it cannot do what it was asked.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <utility>

namespace convoy {

// The few kinds that a caller may want to tell apart. A bug is none of them: it is an assertion.
enum class ErrorKind {
  input,       // the user's file, argument or model is wrong; exit status 2
  infeasible,  // understood, but no plan fits (memory, devices); exit status 1
  lost,        // a peer is gone or did not answer in time; exit status 1
  failure,     // the machine refused: disk, sockets, a library; exit status 1
  cancelled,   // the user stopped it; exit status 130, or 128 and the signal that came
};

// One sentence for the user: what is wrong, where (file, line, name), and what would be right.
struct Error {
  ErrorKind kind = ErrorKind::failure;
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = std::expected<T, Error>;

// return fail(ErrorKind::input, "{}:{}: unknown key \"{}\"", file, line, key);
template <class... Args>
[[nodiscard]] std::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> format,
                                          Args&&... args) {
  return std::unexpected(Error{kind, fmt::format(format, std::forward<Args>(args)...)});
}

// The same error with a place or a purpose in front: "load model: no such file ...".
[[nodiscard]] std::unexpected<Error> within(std::string_view where, Error error);

// The exit status of a command that ends with this error.
[[nodiscard]] int exit_status(const Error& error);

}  // namespace convoy
