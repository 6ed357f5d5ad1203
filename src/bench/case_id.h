// Names of the folders that test cases leave their results in.
#pragma once

#include <string>

namespace convoy::bench {

// A version 1 UUID, as Ianvs names them: of the time, so that they are distinct, and of random bits
// in place of a network card's address.
[[nodiscard]] std::string new_case_id();

// The local time as leaderboards spell it: "2026-01-31 12:00:00".
[[nodiscard]] std::string time_now();

}  // namespace convoy::bench
