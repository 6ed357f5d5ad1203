// Any bytes as a map.json: a split, or refused.
#include "input_file.h"
#include "onnx/split_map.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace convoy;
  input_file("map.json", data, size);
  (void)onnx::read_split_map(fuzz_folder());
  return 0;
}
