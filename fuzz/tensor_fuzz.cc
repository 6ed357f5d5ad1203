// Any bytes as a tensor in a .pb and in a .npy file: a tensor, or refused.
#include "input_file.h"
#include "onnx/tensor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace convoy;
  for (const char* name : {"tensor.pb", "tensor.npy"}) {
    (void)onnx::read_tensor(input_file(name, data, size), "");
  }
  return 0;
}
