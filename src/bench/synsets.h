// ImageNet's classes: WordNet ids, and the numbers that its development kit gives them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/error.h"

namespace convoy::bench {

inline constexpr std::size_t kImagenetClasses = 1000;

// "n01440764"
[[nodiscard]] bool is_wordnet_id(std::string_view text);

// The WordNet ids of the 1000 classes by their ILSVRC2012_ID, from 1: item i is class i + 1. Reads
// meta.mat of the development kit (MATLAB's level 5 format), or a text with one id a line.
[[nodiscard]] Result<std::vector<std::string>> read_synsets(const std::filesystem::path& file);

// The class as models count it (rank of its WordNet id, from 0) of a label: an ILSVRC2012_ID or a
// WordNet id.
[[nodiscard]] std::optional<std::size_t> class_of(const std::vector<std::string>& synsets,
                                                  const std::string& label);

}  // namespace convoy::bench
