// The Host of the plug-in interface with nothing but the whole model in this process: what it
// predicts is what every partition must predict.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "convoy/plugin.h"
#include "engine/session.h"

namespace convoy::bench {

// Throws HostError. No device, no profile, no cut.
class WholeModelHost : public Host {
 public:
  explicit WholeModelHost(std::function<bool()> stop) : stop_(std::move(stop)) {}

  const std::vector<DeviceInfo>& devices() const override { return devices_; }
  std::vector<NodeInfo> profile(const std::filesystem::path& model) override;
  std::int64_t value_bytes(const std::string& value) override;
  PartitionResult cut(const std::filesystem::path& model, const std::vector<int>& stage_of,
                      const std::vector<std::string>& device_of_stage) override;
  void load(const std::filesystem::path& model, const std::string& device) override;
  void load(const PartitionResult& partition) override;
  void infer(std::size_t count, const std::function<FloatTensor(std::size_t)>& input,
             const std::function<void(std::size_t, const FloatTensor&)>& output) override;
  FloatTensor image(const std::filesystem::path& file, const ImageOptions& options) override;

 private:
  std::function<bool()> stop_;
  std::vector<DeviceInfo> devices_;
  std::optional<engine::Session> session_;
};

}  // namespace convoy::bench
