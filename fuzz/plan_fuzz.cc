// Any bytes as a plan.json: stages, or refused.
#include <string>

#include "input_file.h"
#include "plan/plan_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)convoy::plan::read_stages(std::string(reinterpret_cast<const char*>(data), size), "plan.json");
  return 0;
}
