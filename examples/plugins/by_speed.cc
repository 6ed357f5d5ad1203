// A partitioner of your own: every device gets as much of the model as it is fast, in order. Unlike
// convoy's own it knows nothing of links and memory.
//
//   modules:
//     - type: "basemodel"
//       name: "BySpeed"
//       url: "./examples/plugins/by_speed.cc"
#include <convoy/plugin.h>

#include <algorithm>

class BySpeed : public convoy::BaseModel {
 public:
  std::optional<convoy::PartitionResult> partition(convoy::Host& host,
                                                   const std::filesystem::path& model) override {
    const std::vector<convoy::NodeInfo> nodes = host.profile(model);
    const std::size_t devices = host.devices().size();
    std::vector<double> whole(devices);  // seconds of the whole model on each device
    for (const convoy::NodeInfo& node : nodes) {
      for (std::size_t d = 0; d < devices; ++d) whole[d] += node.seconds[d];
    }
    double speed = 0;
    for (const double seconds : whole) speed += 1 / seconds;

    std::vector<int> stage_of;
    std::vector<std::string> device_of_stage = {host.devices()[0].name};
    std::size_t device = 0;
    double done = 0;  // of the model, on this device
    for (const convoy::NodeInfo& node : nodes) {
      if (done >= 1 / whole[device] / speed && device + 1 < devices) {
        device_of_stage.push_back(host.devices()[++device].name);
        done = 0;
      }
      done += node.seconds[device] / whole[device];
      stage_of.push_back(static_cast<int>(device));
    }
    return host.cut(model, stage_of, device_of_stage);
  }

  std::vector<std::string> predict(convoy::Host& host,
                                   const std::vector<convoy::Sample>& samples) override {
    std::vector<std::string> predictions;
    host.infer(
        samples.size(),
        [&](std::size_t i) {
          convoy::FloatTensor image = host.image(samples[i].file, {});
          image.shape.insert(image.shape.begin(), 1);
          return image;
        },
        [&](std::size_t, const convoy::FloatTensor& scores) {
          const auto best = std::ranges::max_element(scores.data);
          predictions.push_back(std::to_string(best - scores.data.begin()));
        });
    return predictions;
  }
};
CONVOY_BASE_MODEL(BySpeed)
