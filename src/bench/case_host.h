// What convoy offers to the base model of one test case: the Host of the plug-in interface on the
// devices of the job.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/case_settings.h"
#include "bench/device_profiles.h"
#include "bench/module_source.h"
#include "bench/run_record.h"
#include "convoy/plugin.h"
#include "emulation/local_host.h"
#include "fleet/devices_file.h"
#include "runtime/pipeline.h"

namespace convoy::bench {

struct CaseContext {
  emulation::Surroundings surroundings;
  const fleet::DevicesFile* devices = nullptr;
  std::filesystem::path devices_file;
  std::filesystem::path model;
  CaseSettings settings;
  std::optional<ModuleSource> solver;        // the user's own
  std::filesystem::path directory;           // the case's own
  DeviceProfiles* profiles = nullptr;
  std::function<bool()> stop;                // true once the user wants to stop
  std::function<void(const std::string& what, std::size_t done, std::size_t all)> progress;
};

// Throws HostError, as plug-ins expect exceptions. Starts worker processes at load(), which are gone
// when it is.
class CaseHost : public Host {
 public:
  explicit CaseHost(CaseContext context);
  ~CaseHost() override;

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

  // convoy's own partition: the user's points, or planned, as the settings say.
  PartitionResult partition(const std::filesystem::path& model);

  // Ends the run: asks the workers what they did, stops them, and returns all that was seen.
  RunRecord finish();

 private:
  // A model with its costs on the devices.
  struct Costed {
    PreparedModel model;
    profile::PlannedGraph planned;
  };

  const Costed& costed(const std::filesystem::path& model);
  const Costed& costed(PreparedModel model);
  PartitionResult realize(const Costed& costed, const onnx::Partition& partition, plan::Plan plan);
  DeviceId device_named(const std::string& name) const;
  DeviceId fastest(const Costed& costed) const;
  void start(const onnx::SplitMap& map, const std::filesystem::path& directory);
  void check_stop() const;

  CaseContext context_;
  std::vector<DeviceInfo> devices_;
  std::vector<std::unique_ptr<Costed>> costed_;
  const Costed* last_profiled_ = nullptr;
  RunRecord record_;
  std::unique_ptr<emulation::EmulatedHost> workers_;  // outlives the pipeline
  std::optional<runtime::Pipeline> pipeline_;
};

}  // namespace convoy::bench
