#include "foundation/error.h"

namespace convoy {

std::unexpected<Error> within(std::string_view where, Error error) {
  error.message = fmt::format("{}: {}", where, error.message);
  return std::unexpected(std::move(error));
}

int exit_status(const Error& error) {
  switch (error.kind) {
    case ErrorKind::input:
      return 2;
    case ErrorKind::cancelled:
      return 130;
    case ErrorKind::infeasible:
    case ErrorKind::lost:
    case ErrorKind::failure:
      return 1;
  }
  return 1;
}

}  // namespace convoy
