// Which plan is in force when.
#pragma once

#include <vector>

#include "plan/outlook.h"

namespace convoy::plan {

// A plan in force, from the begin of the switch to it.
struct Turn {
  PlanId plan;
  Seconds begin{0};
  Seconds end{0};
  Seconds ready{0};   // from when it serves; may be after `end` where it never comes to that
  Bytes moved{0};     // weights, over all links
  double served = 0;  // requests
};

struct Schedule {
  std::vector<Turn> turns;  // at least one; each begins where the one before it ends
  double served = 0;
  bool exact = true;  // no schedule of these plans that begins switches where intervals begin
                      // serves more
};

struct ScheduleOptions {
  std::size_t most_states = 64;  // kept for a plan and an interval
};

// The schedule that serves most: a dynamic programme over intervals, plans and which weights are
// where (all that was ever moved counts, not only the last plan's). Of states of one plan those are
// left out that have served less and hold nothing more, which loses nothing as long as memory makes
// no device drop weights; else only equal ones are. Beyond `most_states` those that have served
// least are left out, and `exact` says so.
[[nodiscard]] Schedule best_schedule(const Outlook& outlook, const ScheduleOptions& options = {});

// The one plan that serves most all the time.
[[nodiscard]] Schedule best_fixed(const Outlook& outlook);

// The best plan of each interval, if a switch cost nothing: no schedule of these plans serves more.
[[nodiscard]] double served_without_move_costs(const Outlook& outlook);

}  // namespace convoy::plan
