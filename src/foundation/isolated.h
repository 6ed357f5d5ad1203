// Work that may crash or never end, done where it does no harm.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "foundation/error.h"

namespace convoy {

// What `work` returns, computed in a child process forked from this one, which is killed after
// `patience`. Nothing else that `work` does is seen here, its messages included. Errors: it crashed,
// threw, or took too long. Other threads do not run in the child: a lock that one of them holds at
// the time is held there until `patience` is over.
[[nodiscard]] Result<std::string> run_isolated(const std::function<std::string()>& work,
                                               std::chrono::milliseconds patience);

}  // namespace convoy
