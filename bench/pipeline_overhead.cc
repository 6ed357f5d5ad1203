// What a pipeline of one stage on one unlimited device costs over ONNX Runtime called directly:
//   pipeline_overhead MODEL.onnx [PAIRS] [REQUESTS]
// Both run the same optimised file on the same inputs with one thread, in turns of REQUESTS (5), so
// that whatever else the machine does hits both. Prints the median of PAIRS (15) ratios of the time
// per request; the goal is 1.03 on ViT-B/16.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "emulation/local_host.h"
#include "engine/optimized_cache.h"
#include "engine/sample.h"
#include "engine/session.h"
#include "foundation/cache_folder.h"
#include "good.h"
#include "onnx/graph.h"
#include "onnx/split_map.h"
#include "runtime/pipeline.h"

namespace {

using namespace convoy;
using Clock = std::chrono::steady_clock;

void run(const std::filesystem::path& model, std::size_t pairs, std::size_t requests) {
  const auto file = good(
      engine::optimized_model(model, onnx::OptimizationLevel::extended, cache_folder()));
  const onnx::Graph graph = good(onnx::index_graph(good(onnx::read_model(file))));
  const std::vector<engine::SharedTensor> inputs =
      good(engine::sample_inputs(engine::inputs_of(graph), {}, engine::kSampleSeed));

  fleet::Fleet fleet;
  fleet.devices.push_back({.name = "host"});
  fleet.links = {{fleet::Link{}}};
  onnx::SplitMap map = good(onnx::map_of_whole(file, graph));
  map.sub_models.front().device = "host";
  const auto host = good(emulation::make_local_host(fleet, {.program = CONVOY_PROGRAM},
                                                    emulation::MemoryLimit::ignored));
  runtime::Pipeline pipeline =
      good(runtime::Pipeline::start({{file.parent_path(), map}}, fleet, *host, {}));
  engine::Session session =
      good(engine::Session::load(file, {.threads = 1, .level = onnx::OptimizationLevel::none}));

  const auto direct = [&] {
    for (std::size_t i = 0; i < requests; ++i) good(session.run(inputs));
  };
  const auto through_pipeline = [&] {
    if (auto done = runtime::run_all(
            pipeline, requests,
            [&](std::size_t) -> Result<std::vector<engine::SharedTensor>> { return inputs; },
            [](const runtime::Answer&) {}, nullptr);
        !done) {
      throw std::runtime_error(done.error().message);
    }
  };
  const auto time = [&](const auto& what) {
    const auto begin = Clock::now();
    what();
    return Seconds(Clock::now() - begin) / static_cast<double>(requests);
  };
  direct();  // warm up
  through_pipeline();
  std::vector<double> ratios;
  for (std::size_t i = 0; i < pairs; ++i) {
    // Who goes first alternates, or a drift of the machine would favour one.
    Seconds plain{0};
    Seconds piped{0};
    if (i % 2 == 0) plain = time(direct);
    piped = time(through_pipeline);
    if (i % 2 == 1) plain = time(direct);
    ratios.push_back(piped / plain);
    fmt::print("direct {}, pipeline {}, ratio {:.4f}\n", to_text(plain), to_text(piped),
               ratios.back());
  }
  std::ranges::sort(ratios);
  fmt::print("median ratio {:.4f} (quartiles {:.4f} and {:.4f}) over {} pairs of {} requests\n",
             ratios[pairs / 2], ratios[pairs / 4], ratios[pairs * 3 / 4], pairs, requests);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 2) throw std::invalid_argument("usage: pipeline_overhead MODEL.onnx [PAIRS] [REQUESTS]");
    const auto number = [&](int at, std::size_t otherwise) {
      return argc > at ? std::max<std::size_t>(1, std::strtoul(argv[at], nullptr, 10)) : otherwise;
    };
    run(argv[1], number(2, 15), number(3, 5));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "pipeline_overhead: {}\n", error.what());
    return 1;
  }
}
