// How slow a link is that its sender makes slow.
#pragma once

#include "foundation/units.h"

namespace convoy::runtime {

struct LinkPace {
  BytesPerSecond rate{0};  // 0: unpaced
  Seconds latency{0};
  bool is_cut = false;  // nothing leaves until it is mended

  bool operator==(const LinkPace&) const = default;
};

enum class Sharing { own_links, one_radio };  // one_radio: links take turns

}  // namespace convoy::runtime
