#include "plan/relative_work.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace convoy::plan {

RelativeWork relative_work(const std::vector<std::vector<double>>& seconds) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  RelativeWork result;
  for (const auto& of_worker : seconds) {
    const double whole = std::accumulate(of_worker.begin(), of_worker.end(), 0.0);
    const double speed = whole > 0 ? 1 / whole : kInfinity;
    result.speed.push_back(speed);
    result.work.resize(of_worker.size(), kInfinity);
    for (std::size_t item = 0; item < of_worker.size(); ++item) {
      const double work = of_worker[item] > 0 ? of_worker[item] * speed : 0;
      result.work[item] = std::min(result.work[item], work);
    }
  }
  return result;
}

}  // namespace convoy::plan
