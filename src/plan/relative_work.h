// How much there is to do, told apart from who does it.
#pragma once

#include <vector>

namespace convoy::plan {

// The whole is one unit of work for each worker; its speed is work a second. What an item takes:
// what the worker that is relatively quickest at it makes of it, so that nobody does it with less.
// Whoever does what, a worker gets at most speed * time done in some time.
struct RelativeWork {
  std::vector<double> speed;  // by worker; infinite where the whole takes no time
  std::vector<double> work;   // by item
};

// `seconds[worker][item]`.
[[nodiscard]] RelativeWork relative_work(const std::vector<std::vector<double>>& seconds);

}  // namespace convoy::plan
