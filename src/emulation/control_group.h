// CPU quotas and memory limits by the kernel's control groups, version 1 or 2.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "foundation/units.h"

namespace convoy::emulation {

enum class CgroupVersion { v1, v2 };

// A folder below which groups with a controller can be made.
struct Controller {
  CgroupVersion version = CgroupVersion::v1;
  std::filesystem::path folder;
};

// Where this process stands in a controller's hierarchy ("cpu", "memory"), or with version 2 the
// nearest group above that lets its children be controlled. Error: why there is none.
[[nodiscard]] Result<Controller> find_controller(const std::string& name);

// The mount points of all hierarchies, to look for leftovers.
[[nodiscard]] std::vector<std::filesystem::path> cgroup_mounts();

// A group in one controller, removed by its destructor (which kills what is still inside).
class ControlGroup {
 public:
  [[nodiscard]] static Result<ControlGroup> create(const Controller& controller,
                                                   const std::string& name);
  ControlGroup(ControlGroup&& other) noexcept;
  ControlGroup& operator=(ControlGroup&& other) noexcept;
  ~ControlGroup();

  [[nodiscard]] Result<ControlGroup> create_child(const std::string& name) const;

  // This group before others when the CPU is short: a quota caps, it does not guarantee.
  [[nodiscard]] Result<void> set_high_priority() const;
  // A share of cores, in periods of 10 ms: with the usual 100 ms a short job after a pause would
  // run at full speed. Longer where the kernel needs it (a quota of at least 1 ms).
  [[nodiscard]] Result<void> set_cores(double cores) const;
  [[nodiscard]] Result<void> set_memory(Bytes limit) const;

  // A process joins by writing its pid here.
  [[nodiscard]] std::filesystem::path processes() const { return path_ / "cgroup.procs"; }
  // How many processes the kernel killed here for want of memory.
  [[nodiscard]] std::uint64_t memory_kills() const;

 private:
  ControlGroup(CgroupVersion version, std::filesystem::path path);
  [[nodiscard]] Result<void> write(const std::string& file, const std::string& text) const;

  CgroupVersion version_;
  std::filesystem::path path_;  // empty: moved from
};

// Kills all processes of a group and of those below, and removes them; as far as it can.
void remove_group(const std::filesystem::path& path);

}  // namespace convoy::emulation
