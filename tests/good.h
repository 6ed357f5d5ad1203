// For programs that have no use for an error but to end with it.
#pragma once

#include <stdexcept>
#include <type_traits>
#include <utility>

#include "foundation/error.h"

namespace convoy {

// The value; or the error's sentence as an exception.
template <class T>
T good(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace convoy
