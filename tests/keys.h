// Keys of a coordinator and its three devices.
#pragma once

#include <filesystem>
#include <string>

#include "good.h"
#include "runtime/key_folder.h"

namespace convoy {

inline void make_keys(const std::filesystem::path& folder, const std::string& name) {
  good(runtime::KeyFolder::create(folder / name, name));
}

// `one` trusts `other`.
inline void introduce(const std::filesystem::path& folder, const std::string& other,
                      const std::string& one) {
  auto keys = good(runtime::KeyFolder::open(folder / one));
  good(keys.add(folder / other / "public.key", ""));
}

// "us" and the devices trust each other; each has a folder of its own.
inline void make_keys_of_all(const std::filesystem::path& folder) {
  make_keys(folder, "us");
  for (const char* device : {"phone", "tablet", "laptop"}) {
    make_keys(folder, device);
    introduce(folder, "us", device);
    introduce(folder, device, "us");
  }
}

}  // namespace convoy
