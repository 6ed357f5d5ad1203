// What a worker is able to do, and whether that is what its coordinator needs.
#pragma once

#include <string>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "foundation/units.h"
#include "messages.pb.h"

namespace convoy::runtime {

struct Capabilities {
  std::string convoy_version;
  std::string runtime_version;            // of ONNX Runtime
  std::string machine;                    // as `uname -m` says: "x86_64", "aarch64"
  std::vector<std::string> instructions;  // that matter for speed: "avx2", "avx512f", "asimd" ...
  std::vector<std::string> providers;     // execution providers of ONNX Runtime
  int cores = 0;                          // that this process may use
  int threads = 0;                        // that it computes with at most
  Bytes memory{0};                        // of the machine
};

// Of this process.
[[nodiscard]] Capabilities capabilities(int threads);

// Whether both can work together; one sentence that names both sides' versions if not. Pieces give
// the whole model's bits only under the same ONNX Runtime.
[[nodiscard]] Result<void> check_versions(std::uint32_t protocol, const std::string& convoy_version,
                                          const std::string& runtime_version);

// Whether the worker at a device's address can be what devices.yaml says of it, which cores and
// memory it can hold included. Errors say what devices.yaml or the worker should say instead.
[[nodiscard]] Result<void> check_device(const fleet::Device& device, const Capabilities& able);

[[nodiscard]] wire::Welcome to_wire(const Capabilities& able, const std::string& name);
[[nodiscard]] Capabilities from_wire(const wire::Welcome& welcome);

}  // namespace convoy::runtime
