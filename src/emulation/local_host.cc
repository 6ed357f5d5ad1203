#include "emulation/local_host.h"

#include <fmt/ranges.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

#include "emulation/child_process.h"
#include "emulation/control_group.h"
#include "emulation/kernel_links.h"
#include "emulation/leftovers.h"
#include "emulation/network_changes.h"
#include "emulation/virtual_network.h"
#include "emulation/worker_links.h"
#include "runtime/real_device.h"

namespace convoy::emulation {
namespace {

// In a namespace of its own a device has all ports to itself.
constexpr int kPort = 7700;

// No other coordinator has it.
std::uint64_t random_session() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

// A folder that goes with its owner.
class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  ~RunFolder() {
    std::error_code problem;
    std::filesystem::remove_all(path_, problem);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class LocalHost : public EmulatedHost {
 public:
  LocalHost(const fleet::Fleet& fleet, const Surroundings& surroundings, RunName run)
      : fleet_(fleet),
        surroundings_(surroundings),
        name_(std::move(run.name)),
        folder_(std::move(run.folder)),
        worker_links_(fleet) {}
  ~LocalHost() override { stop_all(); }

  void prepare(MemoryLimit memory, Enforcement enforcement, const fleet::FleetChanges& changes);

  Result<Worker> start(const fleet::Device& device) override;
  std::optional<std::string> obituary(const std::string& device) override;
  void stop_all() override { running_.clear(); }
  std::string description() const override;
  void begin_changes() override {
    if (changes_) changes_->begin();
  }
  VirtualNetwork* network() override { return network_.get(); }

 private:
  // Members go in reverse order: the process first, then the groups it was in.
  struct Running {
    Worker worker;
    std::optional<ControlGroup> cpu;
    std::optional<ControlGroup> memory;
    ChildProcess process;
  };

  void prepare_cpu(Enforcement enforcement);
  void prepare_memory(MemoryLimit memory, Enforcement enforcement);
  void prepare_network(Enforcement enforcement, const fleet::FleetChanges& changes);
  // What became of it.
  [[nodiscard]] std::string follow(const fleet::FleetChanges& changes);
  [[nodiscard]] std::vector<DeviceId> emulated() const;

  fleet::Fleet fleet_;
  Surroundings surroundings_;
  std::uint64_t session_ = random_session();
  std::string name_;
  RunFolder folder_;
  std::optional<ControlGroup> cpu_;     // the devices' groups are in these
  std::optional<ControlGroup> memory_;
  std::unique_ptr<VirtualNetwork> network_;
  WorkerLinks worker_links_;
  bool paced_ = false;  // workers keep to these
  std::optional<KernelLinks> kernel_links_;
  std::unique_ptr<NetworkChanges> changes_;
  std::vector<std::string> notes_;
  std::map<std::string, Running> running_;
  std::map<std::string, Worker> real_;  // devices with an address, as they were reached last
};

struct SocketPair {
  FileDescriptor ours;
  FileDescriptor theirs;
};
Result<SocketPair> make_socket_pair() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail(ErrorKind::failure, "cannot make a pair of sockets: {}", std::strerror(errno));
  }
  return SocketPair{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// A group in a controller for all devices.
Result<ControlGroup> group_in(const std::string& controller, const std::string& name) {
  return find_controller(controller).and_then(
      [&](const Controller& found) { return ControlGroup::create(found, name); });
}

std::vector<DeviceId> LocalHost::emulated() const {
  std::vector<DeviceId> devices;
  for (const DeviceId id : fleet_.devices.ids()) {
    if (fleet_.devices[id].address.empty()) devices.push_back(id);
  }
  return devices;
}

void LocalHost::prepare(MemoryLimit memory, Enforcement enforcement,
                        const fleet::FleetChanges& changes) {
  prepare_cpu(enforcement);
  prepare_memory(memory, enforcement);
  prepare_network(enforcement, changes);
  for (const fleet::Device& device : fleet_.devices) {
    if (device.address.empty()) continue;
    notes_.push_back(
        fmt::format("{} is real: links as they are{}", device.name,
                    device.memory.value() > 0 ? ", memory planned with but not limited" : ""));
  }
  double claimed = 0;
  for (const DeviceId id : emulated()) claimed += fleet_.devices[id].cores;
  if (const unsigned cores = std::thread::hardware_concurrency(); claimed > cores) {
    notes_.push_back(fmt::format("contended: the devices claim {:.3g} cores, this machine has {}",
                                 claimed, cores));
  }
}

void LocalHost::prepare_cpu(Enforcement enforcement) {
  const std::vector<DeviceId> devices = emulated();
  if (std::ranges::all_of(devices, [&](DeviceId id) { return fleet_.devices[id].cores == 0; })) {
    return;
  }
  std::string why = "as asked";
  if (enforcement == Enforcement::automatic) {
    auto group = group_in("cpu", name_);
    const Result<void> ready =
        group ? group->set_high_priority().and_then([&]() -> Result<void> {
          // Whether a quota can be set at all shows only in a child.
          const auto child = group->create_child("try");
          return child ? child->set_cores(0.5) : std::unexpected(child.error());
        })
              : std::unexpected(group.error());
    if (ready) {
      cpu_ = *std::move(group);
      notes_.push_back("CPU quota by control group in periods of 10 ms");
      return;
    }
    why = ready.error().message;
  }
  notes_.push_back(fmt::format("computing stretched in the workers ({})", why));
}

void LocalHost::prepare_memory(MemoryLimit memory, Enforcement enforcement) {
  const std::vector<DeviceId> devices = emulated();
  if (std::ranges::all_of(devices,
                          [&](DeviceId id) { return fleet_.devices[id].memory.value() == 0; })) {
    return;
  }
  std::string why = "as asked";
  if (memory == MemoryLimit::enforced && enforcement == Enforcement::automatic) {
    auto group = group_in("memory", name_);
    const Result<void> ready = group ? Result<void>() : std::unexpected(group.error());
    if (ready) {
      memory_ = *std::move(group);
      notes_.push_back("memory limit by control group");
      return;
    }
    why = ready.error().message;
  }
  notes_.push_back(fmt::format("memory not limited ({})", why));
}

void LocalHost::prepare_network(Enforcement enforcement, const fleet::FleetChanges& changes) {
  const std::vector<DeviceId> devices = emulated();
  bool any_rate = false;
  bool any_latency = changes.has_latency();
  for (const DeviceId from : devices) {
    for (const DeviceId to : devices) {
      if (from == to) continue;
      const fleet::Link& link = fleet_.links[from][to];
      any_rate |= link.bandwidth.value() > 0;
      any_latency |= link.latency.count() > 0;
    }
  }
  if (any_rate || (!changes.empty() && !devices.empty())) {
    std::string why = "as asked";
    if (enforcement == Enforcement::automatic) {
      auto network = VirtualNetwork::create(name_, at_slowest(fleet_, changes), devices);
      if (network) {
        network_ = *std::move(network);
        kernel_links_.emplace(*network_, worker_links_);
      } else {
        why = network.error().message;
      }
    }
    notes_.push_back(network_ ? "links shaped by HTB between network namespaces"
                              : fmt::format("links paced in the workers ({})", why));
    paced_ = !network_;
  }
  paced_ = paced_ || any_latency;
  if (any_latency) notes_.push_back("link latency added by the sending worker");
  if (any_rate && fleet_.contention != fleet::Contention::link) {
    notes_.push_back("contention approximated: what a device sends shares its fastest link");
  }
  for (const DeviceId from : devices) {
    for (const DeviceId to : devices) {
      if (from == to) continue;
      const fleet::Link& link = fleet_.links[from][to];
      const BytesPerSecond rate = network_ ? BytesPerSecond(0) : link.bandwidth;
      // Nothing can go wrong in what workers are told.
      (void)worker_links_.set(from, to, {.rate = rate, .latency = link.latency});
    }
  }
  if (!changes.empty()) notes_.push_back(follow(changes));
}

std::string LocalHost::follow(const fleet::FleetChanges& changes) {
  LinkControl& links = kernel_links_ ? static_cast<LinkControl&>(*kernel_links_) : worker_links_;
  auto made = NetworkChanges::create(links, fleet_, emulated(), changes);
  if (!made) return "traces and events not followed: " + made.error().message;
  changes_ = *std::move(made);
  return fmt::format("traces and events followed since the pipeline started{}",
                     network_ ? "" : "; who is out of reach is stopped");
}

std::string LocalHost::description() const {
  std::string text = fmt::format("{}", fmt::join(notes_, "; "));
  if (const auto problem = changes_ ? changes_->problem() : std::nullopt) {
    text += fmt::format("; traces and events followed no longer: {}", problem->message);
  }
  return text;
}

Result<runtime::WorkerHost::Worker> LocalHost::start(const fleet::Device& device) {
  if (!device.address.empty()) {
    auto reached = runtime::reach(device, surroundings_.keys, session_);
    if (reached) real_.insert_or_assign(device.name, *reached);
    return reached;
  }
  const auto id = fleet_.find(device.name);
  if (!id) return fail(ErrorKind::input, "it is not in the fleet that this host emulates");
  if (const auto found = running_.find(device.name); found != running_.end()) {
    if (!found->second.process.status()) return found->second.worker;
    running_.erase(found);
  }
  if (changes_ && !changes_->is_present(*id)) {
    return fail(ErrorKind::lost, "it is not there at this time, by the events of devices.yaml");
  }

  ChildOptions child;
  Worker worker{.session = session_};
  FileDescriptor space;
  std::string listen;
  if (network_) {
    auto opened = network_->open_namespace(*id);
    if (!opened) return std::unexpected(opened.error());
    space = *std::move(opened);
    child.network_namespace = space.get();
    listen = fmt::format("tcp://{}:{}", network_->address(*id), kPort);
  } else {
    listen = fmt::format("ipc://{}/{}", folder_.path().string(), id->index());
  }
  auto endpoint = runtime::parse_endpoint(listen);
  if (!endpoint) return std::unexpected(std::move(endpoint.error()));
  worker.endpoint = *std::move(endpoint);

  // A group is the device's for one worker, so that its counts are that worker's.
  const std::string group_name = fmt::format("device-{}", id->index());
  std::optional<ControlGroup> cpu;
  std::optional<ControlGroup> memory;
  if (cpu_ && device.cores > 0) {
    auto group = cpu_->create_child(group_name);
    if (!group) return std::unexpected(group.error());
    if (auto set = group->set_cores(device.cores); !set) return std::unexpected(set.error());
    child.groups.push_back(group->processes());
    cpu = *std::move(group);
    worker.quota = true;
  }
  if (memory_ && device.memory.value() > 0) {
    auto group = memory_->create_child(group_name);
    if (!group) return std::unexpected(group.error());
    if (auto set = group->set_memory(device.memory); !set) return std::unexpected(set.error());
    child.groups.push_back(group->processes());
    memory = *std::move(group);
  }

  child.arguments = {surroundings_.program.string(), "worker", "--name=" + device.name, "--listen",
                     listen,
                     // Its network is reached from this host alone.
                     "--keys", "none", "--cache", (folder_.path() / "models").string(), "--threads",
                     std::to_string(threads_of(device)), "--parent", std::to_string(::getpid())};
  if (!cpu_ && device.cores > 0) {
    child.arguments.insert(child.arguments.end(),
                           {"--speed", std::to_string(device.cores / threads_of(device))});
  }
  SocketPair links;
  if (paced_) {
    auto made = make_socket_pair();
    if (!made) return std::unexpected(made.error());
    links = *std::move(made);
    child.input = links.theirs.get();
    const bool shares = fleet_.contention != fleet::Contention::link && !network_;
    child.arguments.insert(child.arguments.end(), {"--paced", shares ? "radio" : "links"});
  }
  auto process = ChildProcess::start(child);
  if (!process) return std::unexpected(process.error());
  if (paced_) {
    auto attached = worker_links_.attach(*id, std::move(links.ours), open_process(process->id()));
    if (!attached) return std::unexpected(attached.error());
  }
  running_.emplace(device.name,
                   Running{worker, std::move(cpu), std::move(memory), *std::move(process)});
  return worker;
}

std::optional<std::string> LocalHost::obituary(const std::string& device) {
  if (const auto real = real_.find(device); real != real_.end()) {
    return runtime::cut_off(device, real->second, surroundings_.keys);
  }
  const auto found = running_.find(device);
  if (found == running_.end()) return std::nullopt;
  Running& running = found->second;
  const std::optional<int> status = running.process.status();
  if (!status) return std::nullopt;
  if (WIFSIGNALED(*status)) {
    const int signal = WTERMSIG(*status);
    if (signal == SIGKILL && running.memory && running.memory->memory_kills() > 0) {
      const auto id = fleet_.find(device);
      return fmt::format("was killed: out of memory (limit {})",
                         to_text(fleet_.devices[*id].memory));
    }
    return fmt::format("was killed by signal {} ({})", signal, ::strsignal(signal));
  }
  const std::string words = running.process.last_words();
  return fmt::format("exited with status {}{}{}", WEXITSTATUS(*status), words.empty() ? "" : ": ",
                     words);
}

}  // namespace

Result<std::unique_ptr<EmulatedHost>> make_local_host(const fleet::Fleet& fleet,
                                                      const Surroundings& surroundings,
                                                      MemoryLimit memory, Enforcement enforcement,
                                                      const fleet::FleetChanges& changes) {
  remove_leftovers();
  auto run = claim_run_name();
  if (!run) return std::unexpected(run.error());
  auto host = std::make_unique<LocalHost>(fleet, surroundings, *std::move(run));
  host->prepare(memory, enforcement, changes);
  return host;
}

}  // namespace convoy::emulation
