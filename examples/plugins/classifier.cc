// A base model of your own: image classification that answers only when it is sure.
//
//   modules:
//     - type: "basemodel"
//       name: "SureClassifier"
//       url: "./examples/plugins/classifier.cc"
//       hyperparameters:
//         - sure: {values: [0.5]}
#include <convoy/plugin.h>

#include <algorithm>
#include <cmath>

class SureClassifier : public convoy::BaseModel {
 public:
  explicit SureClassifier(const convoy::Parameters& parameters) {
    if (parameters.contains("sure")) sure_ = std::stod(parameters.at("sure"));
  }

  std::vector<std::string> predict(convoy::Host& host,
                                   const std::vector<convoy::Sample>& samples) override {
    std::vector<std::string> predictions;
    host.infer(
        samples.size(),
        [&](std::size_t i) {
          convoy::FloatTensor image = host.image(samples[i].file, {.resize = 256, .crop = 224});
          image.shape.insert(image.shape.begin(), 1);  // a batch of one
          return image;
        },
        [&](std::size_t, const convoy::FloatTensor& scores) {
          const auto best = std::ranges::max_element(scores.data);
          double sum = 0;
          for (const float score : scores.data) sum += std::exp(score - *best);
          const bool is_sure = 1 / sum >= sure_;
          predictions.push_back(is_sure ? std::to_string(best - scores.data.begin()) : "unsure");
        });
    return predictions;
  }

 private:
  double sure_ = 0.5;
};
CONVOY_BASE_MODEL(SureClassifier)
