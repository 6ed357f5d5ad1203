// Where convoy keeps what it can make again: optimised models, profiles, compiled plug-ins.
#pragma once

#include <filesystem>

namespace convoy {

// $CONVOY_CACHE, else $XDG_CACHE_HOME/convoy, else $HOME/.cache/convoy, else a folder among the
// temporary files. It may not exist yet.
[[nodiscard]] std::filesystem::path cache_folder();

}  // namespace convoy
