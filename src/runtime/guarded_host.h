// One host of workers for several threads.
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "runtime/worker_host.h"

namespace convoy::runtime {

// Guards another one, which must outlive it.
class GuardedHost : public WorkerHost {
 public:
  explicit GuardedHost(WorkerHost& host) : host_(host) {}
  [[nodiscard]] Result<Worker> start(const fleet::Device& device) override {
    const std::scoped_lock lock(mutex_);
    auto worker = host_.start(device);
    if (worker && worker->quota) under_quota_.insert(device.name);
    return worker;
  }
  [[nodiscard]] bool is_under_quota(const std::string& device) {
    const std::scoped_lock lock(mutex_);
    return under_quota_.contains(device);
  }
  [[nodiscard]] std::optional<std::string> obituary(const std::string& device) override {
    const std::scoped_lock lock(mutex_);
    return host_.obituary(device);
  }
  void stop_all() override {
    const std::scoped_lock lock(mutex_);
    host_.stop_all();
  }
  [[nodiscard]] std::string description() const override { return host_.description(); }
  // Pipelines that start one after the other.
  auto alone(const auto& start) {
    const std::scoped_lock lock(starting_);
    return start();
  }

 private:
  WorkerHost& host_;
  std::set<std::string> under_quota_;
  std::mutex mutex_;
  std::mutex starting_;
};

}  // namespace convoy::runtime
