// convoy keys: whom this host trusts, and who it is.
#include "runtime/keys.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/command.h"
#include "runtime/key_folder.h"

namespace convoy::cli {
namespace {

struct Arguments {
  std::string folder = runtime::default_key_folder();
  std::string name;
  std::string file;
  bool json = false;
};

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

Result<void> init(const Arguments& arguments) {
  const auto made = runtime::KeyFolder::create(
      arguments.folder, arguments.name.empty() ? host_name() : arguments.name);
  if (!made) return std::unexpected(made.error());
  fmt::print(
      "{} is the key of {}; copy it to the hosts that shall know this one, and there run\n"
      "  convoy keys add public.key\n",
      (made->folder() / "public.key").string(), made->name());
  return {};
}

Result<void> add(const Arguments& arguments) {
  const auto added =
      runtime::KeyFolder::open(arguments.folder).and_then([&](runtime::KeyFolder folder) {
        return folder.add(arguments.file, arguments.name);
      });
  if (!added) return std::unexpected(added.error());
  fmt::print("trusted: {} {}\n", added->key, added->name);
  return {};
}

Result<void> revoke(const Arguments& arguments) {
  const auto revoked =
      runtime::KeyFolder::open(arguments.folder).and_then([&](runtime::KeyFolder folder) {
        return folder.revoke(arguments.name);
      });
  if (!revoked) return std::unexpected(revoked.error());
  fmt::print("revoked: {} {}; workers that run with {} cut it off within a second\n", revoked->key,
             revoked->name, arguments.folder);
  return {};
}

nlohmann::json to_json(const std::vector<runtime::NamedKey>& keys) {
  nlohmann::json list = nlohmann::json::array();
  for (const runtime::NamedKey& key : keys) list.push_back({{"name", key.name}, {"key", key.key}});
  return list;
}

Result<void> list(const Arguments& arguments) {
  const auto folder = runtime::KeyFolder::open(arguments.folder);
  if (!folder) return std::unexpected(folder.error());
  const auto trusted = folder->trusted();
  if (!trusted) return std::unexpected(trusted.error());
  const auto revoked = folder->revoked();
  if (!revoked) return std::unexpected(revoked.error());
  const runtime::NamedKey own{folder->name(), folder->own().public_key};
  if (arguments.json) {
    const nlohmann::json all = {
        {"own", to_json({own})[0]}, {"trusted", to_json(*trusted)}, {"revoked", to_json(*revoked)}};
    fmt::print("{}\n", all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return {};
  }
  const auto print = [](const char* what, const runtime::NamedKey& key) {
    fmt::print("{:<10}{}  {}\n", what, key.key, key.name);
  };
  print("this host", own);
  for (const runtime::NamedKey& key : *trusted) print("trusted", key);
  for (const runtime::NamedKey& key : *revoked) print("revoked", key);
  return {};
}

}  // namespace

void add_keys_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* const keys =
      app.add_subcommand("keys", "Says which hosts trust each other over the network.");
  keys->footer(
      "Example, on a laptop that coordinates and a tablet that computes:\n"
      "  laptop$ convoy keys init --name laptop\n"
      "  tablet$ convoy keys init --name tablet\n"
      "  laptop$ scp tablet:.config/convoy/keys/public.key tablet.key\n"
      "  laptop$ convoy keys add tablet.key\n"
      "  laptop$ scp .config/convoy/keys/public.key tablet:laptop.key\n"
      "  tablet$ convoy keys add laptop.key\n"
      "  tablet$ convoy worker --name tablet --listen tcp://0.0.0.0:7700\n"
      "Later, should the laptop be lost:\n  tablet$ convoy keys revoke laptop");
  keys->require_subcommand(1);
  const auto command = [&](const char* name, const char* about, auto run) {
    CLI::App* const made = keys->add_subcommand(name, about);
    made->add_option("--keys", arguments->folder, "Folder of keys")->capture_default_str();
    made->callback(
        [arguments, &action, run] { action = [arguments, run] { return run(*arguments); }; });
    return made;
  };
  command("init", "Makes this host's key.", init)
      ->add_option("--name", arguments->name, "This host's name; its host name without it");
  CLI::App* const adding = command("add", "Trusts another host's public key.", add);
  adding->add_option("FILE", arguments->file, "Its public.key, copied here")->required();
  adding->add_option("--name", arguments->name,
                     "Another name for it; of a device, its name in devices.yaml");
  command("list", "Lists this host's key, those that it trusts, and those that were revoked.", list)
      ->add_flag("--json", arguments->json, "Print one JSON object");
  command("revoke", "Trusts a key no longer, and never again.", revoke)
      ->add_option("NAME", arguments->name, "As convoy keys list shows it")
      ->required();
}

}  // namespace convoy::cli
