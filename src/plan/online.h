// Whether to switch to a better plan, without knowing what comes.
#pragma once

#include "plan/schedule.h"

namespace convoy::plan {

struct Prospect {
  double current = 0;     // requests a second that the plan in force serves now
  double better = 0;      // those that the other would
  Seconds remaining{0};   // how long that is expected to last
  Seconds standstill{0};  // what the switch takes: weights move, and the pipeline fills
};

struct SwitchPolicy {
  double factor = 1.5;         // by which the gain must exceed the loss
  Seconds least_remaining{2};  // what is expected of any change to last
};

// The requests gained after the switch, for the time that it is expected to pay, less those lost
// while all stands still.
[[nodiscard]] double net_gain(const Prospect& prospect);

// With hysteresis: the gain must exceed `factor` times the loss.
[[nodiscard]] bool should_switch(const Prospect& prospect, const SwitchPolicy& policy = {});

// What should_switch() makes of an outlook when it only knows the rates of the interval it is in.
// It begins with the plan that serves most in the first; it expects that another plan will be the
// better one for as long as it has been.
[[nodiscard]] Schedule online_schedule(const Outlook& outlook, const SwitchPolicy& policy = {});

}  // namespace convoy::plan
