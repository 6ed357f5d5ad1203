// Ianvs' paradigm "multiedgeinference".
#pragma once

#include <string>
#include <vector>

#include "bench/case_host.h"
#include "convoy/plugin.h"
#include "foundation/error.h"

namespace convoy::bench {

struct Outcome {
  std::vector<std::string> predictions;  // one a sample
  RunRecord record;
};

// Without model parallelism: load, predict. With it: the base model's own partition if it has one,
// else convoy's; load the sub-models with their map; predict. `samples` are all that run.
[[nodiscard]] Result<Outcome> run_multiedge_inference(BaseModel& model, const CaseContext& context,
                                                      const std::vector<Sample>& samples);

// What the base model predicts with the whole model in this process.
[[nodiscard]] Result<std::vector<std::string>> predict_whole(BaseModel& model,
                                                             const std::filesystem::path& file,
                                                             const std::vector<Sample>& samples,
                                                             const std::function<bool()>& stop);

}  // namespace convoy::bench
