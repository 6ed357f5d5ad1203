// The builtin base model: image classification, answers are class numbers.
#pragma once

#include <string>
#include <vector>

#include "convoy/plugin.h"

namespace convoy::bench {

// Written against the plug-in interface only, so it can be copied as a start for one's own.
// Hyperparameters: batch_size, resize, crop, mean, scale, interpolation (bilinear or bicubic).
class Classification : public BaseModel {
 public:
  // Throws std::invalid_argument for a value that is none.
  explicit Classification(const Parameters& parameters);

  std::vector<std::string> predict(Host& host, const std::vector<Sample>& samples) override;

  [[nodiscard]] static const std::vector<std::string>& hyperparameters();

 private:
  std::size_t batch_size_ = 1;
  ImageOptions options_;
};

}  // namespace convoy::bench
