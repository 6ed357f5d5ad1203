// Links that are slow because workers keep them so.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "emulation/link_control.h"
#include "fleet/fleet.h"
#include "foundation/file_descriptor.h"

namespace convoy::emulation {

// Tells the workers of emulated devices what the links from them are like, now and whenever that
// changes. The process of a device out of reach is stopped, and goes on later where it was.
class WorkerLinks : public LinkControl {
 public:
  explicit WorkerLinks(const fleet::Fleet& fleet) : devices_(fleet.devices) {}

  Result<void> set(DeviceId from, DeviceId to, const runtime::LinkPace& link) override;
  Result<void> set_reachable(DeviceId device, bool reachable) override;

  // The device's worker, which has just begun, in place of an earlier one: a socket that is its
  // standard input, and its process.
  [[nodiscard]] Result<void> attach(DeviceId device, FileDescriptor input, FileDescriptor process);

 private:
  struct Link {
    runtime::LinkPace pace;
    Seconds since{0};  // by the steady clock
  };
  using Links = std::map<DeviceId, Link>;  // by their ends
  struct Worker {
    FileDescriptor input;
    FileDescriptor process;
    Links untold;
    std::string unsent;  // lines for which there was no room
  };
  void tell(Worker& worker) const;

  ById<DeviceId, fleet::Device> devices_;
  std::mutex mutex_;  // for what follows
  std::map<DeviceId, Links> links_;
  std::set<DeviceId> unreachable_;
  std::map<DeviceId, Worker> workers_;
};

}  // namespace convoy::emulation
