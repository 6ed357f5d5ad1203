// The samples of a test set.
#pragma once

#include <filesystem>
#include <vector>

#include "bench/test_env_file.h"
#include "convoy/plugin.h"
#include "foundation/error.h"

namespace convoy::bench {

// What the settings name:
// - an index `.txt` ("path label" a line, the label after the last blank), `.csv` or `.jsonl`
//   (columns or keys "file" and "label"); paths count from the index's folder;
// - a folder of images with `labels`, one a line in the order of the images' names: ImageNet's
//   ILSVRC2012_val_*.JPEG with ILSVRC2012_validation_ground_truth.txt, whose own numbers `synsets`
//   (meta.mat of the development kit, or one WordNet id a line) turns into those of the models;
// - a folder of 1000 folders named by WordNet id (n01440764/...), the class being their rank.
// Every file exists. Errors name the index with line, what is missing, or that there is no sample.
[[nodiscard]] Result<std::vector<Sample>> read_dataset(const DatasetSettings& settings);

}  // namespace convoy::bench
