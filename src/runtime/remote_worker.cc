#include "runtime/remote_worker.h"

#include <algorithm>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "foundation/clock.h"
#include "runtime/sockets.h"

namespace convoy::runtime {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A transfer ends when the connection is lost so many times without a byte more being there.
constexpr int kVainAttempts = 3;
// A worker that is not wanted after all is told so, and waited for so long.
constexpr Seconds kLeave{1};
// How often a worker's host is asked whether it lives, while we wait for something else.
constexpr milliseconds kCheck{50};

}  // namespace

RemoteWorker::RemoteWorker(fleet::Device device, WorkerHost& host, WorkerLink link, Patience patience)
    : device_(std::move(device)),
      host_(&host),
      stop_(std::move(patience.stop)),
      link_(std::move(link)) {}

Result<RemoteWorker> RemoteWorker::start(zmq::context_t& context, const fleet::Device& device,
                                         WorkerHost& host, Patience patience) {
  auto link = host.start(device).and_then([&](WorkerHost::Worker worker) {
    return WorkerLink::connect(context, device.name, std::move(worker), patience.silence);
  });
  if (!link) return within(fmt::format("device {}", device.name), std::move(link.error()));
  return RemoteWorker(device, host, *std::move(link), std::move(patience));
}

Result<void> RemoteWorker::greet(Time deadline) {
  wire::Request request;
  *request.mutable_hello() = hello_to(worker(), {});
  const Result<wire::Answer> answer =
      ask(std::move(request), std::min(deadline, from_now(worker().patience)));
  if (!answer) return std::unexpected(answer.error());
  link_.update();  // what became of earlier connections still counts for nothing
  link_.set_greeted(true);
  greeted_ = true;
  auto fits = check_welcome(answer->welcome(), device_, worker());
  if (!fits && answer->welcome().protocol() == kProtocol) leave(from_now(kLeave));
  return fits;
}

Result<void> RemoteWorker::come_back() {
  greeted_ = false;
  link_.set_greeted(false);
  link_.forget_loss();
  answers_.clear();
  return greet(from_now(worker().patience));
}

void RemoteWorker::leave(Time deadline) {
  stop_ = nullptr;
  wire::Request stop;
  stop.mutable_stop();
  [[maybe_unused]] const auto left = ask(std::move(stop), deadline);
  greeted_ = false;
}

Result<void> RemoteWorker::send_model(const std::filesystem::path& file, const ModelFiles& model,
                                      Seconds patience) {
  return send_file(file, model.sha256, patience).and_then([&]() -> Result<void> {
    if (model.data_file.empty()) return {};
    return send_file(file.parent_path() / model.data_file, model.data_sha256, patience);
  });
}

Result<void> RemoteWorker::send_file(const std::filesystem::path& file, const std::string& sha256,
                                     Seconds patience) {
  auto transfer = FileTransfer::open(file, sha256, {});
  if (!transfer) return std::unexpected(std::move(transfer.error()));
  for (int vain = 0;;) {
    const std::uint64_t before = transfer->held();
    auto sent = send_rest(*transfer, patience);
    if (sent || !link_.is_lost() || host_->obituary(name())) return sent;
    vain = transfer->held() > before ? 0 : vain + 1;
    if (vain == kVainAttempts) return sent;
    if (auto back = come_back(); !back) return back;
    transfer->begin_again();
  }
}

Result<void> RemoteWorker::send_rest(FileTransfer& transfer, Seconds patience) {
  std::deque<std::uint64_t> underway;
  while (!transfer.done()) {
    auto message = transfer.next();
    if (!message) return std::unexpected(std::move(message.error()));
    if (*message) {
      underway.push_back(post(std::move((*message)->request), std::move((*message)->parts)));
      continue;
    }
    const auto answer = await(underway.front(), from_now(patience));
    if (!answer) return std::unexpected(answer.error());
    transfer.answered(*answer);
    underway.pop_front();
  }
  return {};
}

std::uint64_t RemoteWorker::post(wire::Request request, Parts parts) {
  request.set_id(next_id_);
  parts.insert(parts.begin(), to_part(request));
  link_.send(Gate::Side::control, std::move(parts));
  return next_id_++;
}

Result<wire::Answer> RemoteWorker::await(std::uint64_t id, Time deadline) {
  while (true) {
    take_answers();
    if (auto answer = answers_.extract(id); !answer.empty()) {
      if (!answer.mapped().has_failure()) return std::move(answer.mapped());
      return within(fmt::format("device {}", name()), from_wire(answer.mapped().failure()));
    }
    if (auto there = check(); !there) return std::unexpected(there.error());
    if (Clock::now() >= deadline) {
      if (!greeted_) return std::unexpected(link_.unreached());
      return lost("did not answer in time");
    }
    std::vector<zmq::pollitem_t> items;
    link_.add_to(items);
    wait(items, std::min<Clock::duration>(kCheck, deadline - Clock::now()));
  }
}

void RemoteWorker::take_answers() {
  while (const std::optional<Parts> parts = link_.receive(Gate::Side::control)) {
    wire::Answer answer;
    // Id 0 only asks whether we are there.
    if (parse_part(parts->front(), answer) && answer.id() != 0)
      answers_.insert_or_assign(answer.id(), answer);
  }
}

Result<void> RemoteWorker::check() {
  if (stop_ && stop_()) return fail(ErrorKind::cancelled, "stopped");
  take_answers();
  link_.update();
  if (const auto obituary = host_->obituary(name())) return lost(*obituary);
  if (link_.is_hopeless()) return std::unexpected(link_.unreached());
  if (!link_.is_lost()) return {};
  // A process that died is known to its host a moment after its sockets closed; that our key was
  // revoked, once we have tried to come back.
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
    link_.update();
    if (link_.is_refused()) return std::unexpected(link_.unreached());
    if (const auto obituary = host_->obituary(name())) return lost(*obituary);
  }
  return lost(kSilent);
}

std::unexpected<Error> RemoteWorker::lost(std::string_view what) {
  return std::unexpected(runtime::lost(name(), what));
}

}  // namespace convoy::runtime
