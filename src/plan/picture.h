// A plan as a picture: who is busy with what, when.
#pragma once

#include <string>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// An SVG that needs nothing else, light or dark as its reader is: one period of the full pipeline
// and, below it, one request alone (timetable.h). A row a device and a row for each link, radio or
// the medium, of which at most 64 are shown, the busiest; a colour a stage; what is busy for the
// whole period stands out. Names are escaped. The same for the same plan, byte for byte.
[[nodiscard]] std::string picture_of(const CostGraph& graph, const fleet::Fleet& fleet,
                                     const Plan& plan);

// The same as an HTML page.
[[nodiscard]] std::string picture_page(const CostGraph& graph, const fleet::Fleet& fleet,
                                       const Plan& plan);

}  // namespace convoy::plan
