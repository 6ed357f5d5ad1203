// A host for tests: three devices, a chain of nodes, and a "model" that answers at once.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "convoy/plugin.h"

namespace convoy::bench {

class FakeHost : public Host {
 public:
  const std::vector<DeviceInfo>& devices() const override { return devices_; }
  std::vector<NodeInfo> profile(const std::filesystem::path&) override { return nodes; }
  std::int64_t value_bytes(const std::string&) override { return 0; }
  PartitionResult cut(const std::filesystem::path&, const std::vector<int>& stage_of,
                      const std::vector<std::string>& device_of_stage) override {
    stages = stage_of;
    stage_devices = device_of_stage;
    return {.models_dir = "cut", .map_info = {}};
  }
  void load(const std::filesystem::path& model, const std::string& device) override {
    loaded = model.string() + "@" + device;
  }
  void load(const PartitionResult& partition) override { loaded = partition.models_dir.string(); }
  void infer(std::size_t count, const std::function<FloatTensor(std::size_t)>& input,
             const std::function<void(std::size_t, const FloatTensor&)>& output) override {
    for (std::size_t i = 0; i < count; ++i) {
      fed.push_back(input(i));
      output(i, answer(fed.back()));
    }
  }
  FloatTensor image(const std::filesystem::path& file, const ImageOptions& options) override {
    asked = options;
    // An image is told by the first byte of its name.
    return {.shape = {3, 1, 1}, .data = {static_cast<float>(file.string()[0]), 0, 0}};
  }

  std::vector<NodeInfo> nodes;
  std::function<FloatTensor(const FloatTensor&)> answer;
  std::vector<int> stages;
  std::vector<std::string> stage_devices;
  std::string loaded;
  std::vector<FloatTensor> fed;
  ImageOptions asked;

 private:
  std::vector<DeviceInfo> devices_ = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
};

}  // namespace convoy::bench
