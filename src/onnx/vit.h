// A vision transformer made on the spot, for machines without the trained model.
#pragma once

#include <cstdint>

#include "foundation/error.h"
#include "onnx/model.h"

namespace convoy::onnx {

// The defaults are ViT-B/16 as vit-base-patch16-224 has it (Dosovitskiy et al., 2021): 86,567,656
// parameters, 346 MB.
struct VitOptions {
  std::int64_t image_size = 224;  // pixels of a side
  std::int64_t patch_size = 16;   // pixels of a side; divides image_size
  std::int64_t layers = 12;
  std::int64_t width = 768;       // of the residual stream
  std::int64_t heads = 12;        // divides width
  std::int64_t mlp_width = 3072;
  std::int64_t classes = 1000;
  std::uint64_t seed = 1;
};

// `pixel_values` [batch, 3, image_size, image_size] -> `logits` [batch, classes], in opset 17 as an
// exporter writes it. The weights are random as before training (normal, deviation 0.02; the same
// for a seed on every machine), so it computes what the trained model does, and classifies by
// chance: metadata `convoy.weights` says "random, seed 1".
//
// The residual stream behind layer k = 1, 2, ... is the value `input.20k`: the partition points of
// Ianvs' example, `input.60` and `input.160`, are behind the third and the eighth layer.
//
// `convoy bench` writes it to models/vit-base-patch16-224.onnx when a job names that file and it is
// not there. Errors: sizes that are not positive or do not divide.
[[nodiscard]] Result<Model> make_vit(const VitOptions& options);

}  // namespace convoy::onnx
