#include "bench/whole_model_host.h"

#include <thread>

#include "bench/float_tensor.h"
#include "bench/image_input.h"
#include "bench/plugin.h"

namespace convoy::bench {
namespace {

template <class T>
T or_throw(Result<T> result) {
  if (!result) throw HostError(result.error());
  return std::move(*result);
}

[[noreturn]] void refuse() {
  throw HostError({ErrorKind::input, "the whole model is run here as it is, without devices"});
}

}  // namespace

std::vector<NodeInfo> WholeModelHost::profile(const std::filesystem::path&) { refuse(); }
std::int64_t WholeModelHost::value_bytes(const std::string&) { refuse(); }
PartitionResult WholeModelHost::cut(const std::filesystem::path&, const std::vector<int>&,
                                    const std::vector<std::string>&) {
  refuse();
}
void WholeModelHost::load(const PartitionResult&) { refuse(); }

void WholeModelHost::load(const std::filesystem::path& model, const std::string&) {
  const int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  session_ = or_throw(engine::Session::load(model, {.threads = threads}));
}

void WholeModelHost::infer(std::size_t count,
                           const std::function<FloatTensor(std::size_t)>& input,
                           const std::function<void(std::size_t, const FloatTensor&)>& output) {
  if (!session_) throw HostError({ErrorKind::input, "infer() asks before load() was called"});
  for (std::size_t i = 0; i < count; ++i) {
    if (stop_()) throw HostError({ErrorKind::cancelled, "stopped"});
    const std::vector<engine::SharedTensor> inputs = {or_throw(to_shared(input(i)))};
    const auto outputs = or_throw(session_->run(inputs));
    output(i, or_throw(to_floats(outputs.at(0), session_->outputs().at(0).name)));
  }
}

FloatTensor WholeModelHost::image(const std::filesystem::path& file, const ImageOptions& options) {
  if (stop_()) throw HostError({ErrorKind::cancelled, "stopped"});
  return or_throw(image_input(file, options));
}

}  // namespace convoy::bench
