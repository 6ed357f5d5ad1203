// Profiles, kept for the next time.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "engine/shared_tensor.h"
#include "fleet/fleet.h"
#include "foundation/error.h"
#include "profile/profile.h"

namespace convoy::profile {

// Where the profile of a fleet is kept in `cache`: by the sha256 of the model that was profiled, the
// devices' names and limits, the shapes of the inputs, and ONNX Runtime's version.
[[nodiscard]] std::filesystem::path kept_profile(const std::filesystem::path& cache,
                                                 const std::string& model_sha256,
                                                 const fleet::Fleet& fleet,
                                                 std::span<const engine::SharedTensor> inputs);

// What is kept in `file`; nothing if it isn't there or cannot be read, as it can be made again.
[[nodiscard]] std::optional<Profile> find_profile(const std::filesystem::path& file);

// Keeps it, and makes the folder for it.
[[nodiscard]] Result<void> keep_profile(const std::filesystem::path& file, const Profile& profile);

}  // namespace convoy::profile
