#include "bench/classification.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <stdexcept>

namespace convoy::bench {
namespace {

// Decoded photos that are kept for the next time round: 600 kB each at 224 x 224.
constexpr std::size_t kKeptImages = 400;

template <class T>
void set(const Parameters& parameters, const std::string& name, T& value) {
  const auto given = parameters.find(name);
  if (given == parameters.end()) return;
  const std::string& text = given->second;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || stop != text.data() + text.size() ||
      !std::isfinite(static_cast<double>(value))) {
    throw std::invalid_argument("\"" + name + ": " + text + "\" is not a number that fits");
  }
}

}  // namespace

const std::vector<std::string>& Classification::hyperparameters() {
  static const std::vector<std::string> names = {"batch_size", "resize", "crop",
                                                 "mean",       "scale",  "interpolation"};
  return names;
}

Classification::Classification(const Parameters& parameters) {
  set(parameters, "batch_size", batch_size_);
  set(parameters, "resize", options_.resize);
  set(parameters, "crop", options_.crop);
  set(parameters, "mean", options_.mean);
  set(parameters, "scale", options_.scale);
  if (options_.scale == 0) throw std::invalid_argument("\"scale\" is not 0");
  if (batch_size_ < 1) throw std::invalid_argument("\"batch_size\" is at least 1");
  if (const auto given = parameters.find("interpolation"); given != parameters.end()) {
    if (given->second != "bilinear" && given->second != "bicubic") {
      throw std::invalid_argument("\"interpolation\" is bilinear or bicubic, not \"" +
                                  given->second + "\"");
    }
    options_.interpolation = given->second == "bilinear" ? ImageOptions::Interpolation::bilinear
                                                         : ImageOptions::Interpolation::bicubic;
  }
}

std::vector<std::string> Classification::predict(Host& host, const std::vector<Sample>& samples) {
  // Decoding competes with the devices for this machine's processor, so it is done beforehand as
  // far as memory allows.
  std::map<std::filesystem::path, FloatTensor> decoded;
  for (const Sample& sample : samples) {
    if (decoded.size() == kKeptImages) break;
    if (!decoded.contains(sample.file)) decoded[sample.file] = host.image(sample.file, options_);
  }
  const auto input = [&](std::size_t request) {
    const std::size_t first = request * batch_size_;
    const std::size_t count = std::min(batch_size_, samples.size() - first);
    FloatTensor batch;
    for (std::size_t i = first; i < first + count; ++i) {
      const auto kept = decoded.find(samples[i].file);
      const FloatTensor image =
          kept != decoded.end() ? kept->second : host.image(samples[i].file, options_);
      batch.shape = {static_cast<std::int64_t>(count), 3, options_.crop, options_.crop};
      batch.data.insert(batch.data.end(), image.data.begin(), image.data.end());
    }
    return batch;
  };
  std::vector<std::string> predictions;
  const auto output = [&](std::size_t, const FloatTensor& scores) {
    const std::size_t count =
        scores.shape.empty() ? 0 : static_cast<std::size_t>(scores.shape.front());
    if (count == 0 || scores.data.empty()) throw std::runtime_error("the model answers nothing");
    const std::size_t classes = scores.data.size() / count;
    for (std::size_t i = 0; i < count; ++i) {
      const auto first = scores.data.begin() + static_cast<std::ptrdiff_t>(i * classes);
      const auto last = first + static_cast<std::ptrdiff_t>(classes);
      if (std::any_of(first, last, [](float score) { return std::isnan(score); })) {
        throw std::runtime_error("the model answers with scores that are no numbers (NaN)");
      }
      predictions.push_back(std::to_string(std::max_element(first, last) - first));
    }
  };
  host.infer((samples.size() + batch_size_ - 1) / batch_size_, input, output);
  return predictions;
}

}  // namespace convoy::bench
