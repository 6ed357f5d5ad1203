// The pieces of a file of weights, by which other files are known to have some of the same.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "foundation/error.h"

namespace convoy::onnx {

struct DataPiece {
  std::uint64_t bytes = 0;
  std::string sha256;

  friend bool operator==(const DataPiece&, const DataPiece&) = default;
};

// Longer ones are two; shorter ones are only at the end of a file.
inline constexpr std::uint64_t kMostPieceBytes = std::uint64_t{4} << 20;
inline constexpr std::uint64_t kLeastPieceBytes = std::uint64_t{64} << 10;

// The whole file `data` beside the model file `model`, in order. A piece begins where a tensor
// does, so that parts of one model that share a layer share its pieces, wherever in their files
// they lie; small tensors are one piece with what follows them. Reads all of `data`, unless `stop`
// ends it: an error of kind cancelled. Other errors name the file.
[[nodiscard]] Result<std::vector<DataPiece>> pieces_of(const std::filesystem::path& model,
                                                       const std::filesystem::path& data,
                                                       const std::function<bool()>& stop = nullptr);

}  // namespace convoy::onnx
