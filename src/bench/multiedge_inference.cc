#include "bench/multiedge_inference.h"

#include "bench/plugin.h"
#include "bench/whole_model_host.h"

namespace convoy::bench {
namespace {

Result<void> check_count(const std::vector<std::string>& predictions,
                         const std::vector<Sample>& samples) {
  if (predictions.size() == samples.size()) return {};
  return fail(ErrorKind::failure, "the base model made {} predictions for {} samples",
              predictions.size(), samples.size());
}

}  // namespace

Result<Outcome> run_multiedge_inference(BaseModel& model, const CaseContext& context,
                                        const std::vector<Sample>& samples) {
  CaseHost host(context);
  Outcome outcome;
  return call_plugin("base model",
                     [&] {
                       if (context.settings.partitioning == Partitioning::none) {
                         model.load(host, context.model, context.settings.device);
                       } else {
                         auto partition = model.partition(host, context.model);
                         if (!partition) partition = host.partition(context.model);
                         model.load(host, *partition);
                       }
                       outcome.predictions = model.predict(host, samples);
                       outcome.record = host.finish();
                     })
      .and_then([&] { return check_count(outcome.predictions, samples); })
      .transform([&] { return std::move(outcome); });
}

Result<std::vector<std::string>> predict_whole(BaseModel& model, const std::filesystem::path& file,
                                               const std::vector<Sample>& samples,
                                               const std::function<bool()>& stop) {
  WholeModelHost host(stop);
  std::vector<std::string> predictions;
  return call_plugin("base model",
                     [&] {
                       model.load(host, file, "");
                       predictions = model.predict(host, samples);
                     })
      .and_then([&] { return check_count(predictions, samples); })
      .transform([&] { return std::move(predictions); });
}

}  // namespace convoy::bench
