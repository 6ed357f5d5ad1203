#include "bench/job_file.h"

#include <algorithm>

#include "bench/locate.h"
#include "foundation/suggest.h"
#include "foundation/yaml.h"

namespace convoy::bench {
namespace {

Result<void> parse_test_object(const Yaml& object, Job& job) {
  static const std::vector<std::string> known = {"type", "algorithms"};
  static const std::vector<std::string> known_of_algorithm = {"name", "url"};
  if (auto keys = expect_map(object, "test_object").and_then([&] {
        return only_keys(object, known);
      });
      !keys) {
    return keys;
  }
  const Result<std::string> type = text_or(object, "type", "algorithms");
  if (!type) return std::unexpected(type.error());
  if (*type != "algorithms") {
    return fail_at(*object.find("type"), "test_object has the type \"{}\"; known: algorithms",
                   *type);
  }
  const auto list = required(object, "algorithms", "test_object").and_then([](const Yaml* value) {
    return as_list(*value, "algorithms");
  });
  if (!list) return std::unexpected(list.error());
  for (const Yaml& item : **list) {
    if (auto keys = expect_map(item, "algorithms").and_then([&] {
          return only_keys(item, known_of_algorithm);
        });
        !keys) {
      return keys;
    }
    const Result<std::string> name = required_text(item, "name", "an algorithm");
    if (!name) return std::unexpected(name.error());
    const Result<std::string> url = required_text(item, "url", "an algorithm");
    if (!url) return std::unexpected(url.error());
    if (std::ranges::contains(job.algorithms, *name, &AlgorithmReference::name)) {
      return fail_at(*item.find("name"), "a second algorithm named \"{}\"", *name);
    }
    const auto file = locate(*url, job.file, item.find("url")->place());
    if (!file) return std::unexpected(file.error());
    job.algorithms.push_back({.name = *name, .file = *file});
  }
  if (job.algorithms.empty()) return fail_at(object, "test_object has no algorithms");
  return {};
}

// A name becomes a folder of the workspace.
Result<void> check_name(const Yaml& value, const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return fail_at(value, "the job's name \"{}\" cannot be the name of a folder", name);
  }
  return {};
}

}  // namespace

Result<Job> read_job(const std::filesystem::path& file) {
  static const std::vector<std::string> known_at_top = {"benchmarkingjob"};
  static const std::vector<std::string> known = {"name", "workspace",  "testenv", "test_object",
                                                 "rank", "simulation", "sandbox"};
  const Result<Yaml> yaml = read_yaml(file);
  if (!yaml) return std::unexpected(yaml.error());
  const auto top = only_keys(*yaml, known_at_top).and_then([&] {
    return required(*yaml, "benchmarkingjob", "a job file");
  });
  if (!top) return std::unexpected(top.error());
  const Yaml& map = **top;
  if (auto keys = expect_map(map, "benchmarkingjob").and_then([&] {
        return only_keys(map, known);
      });
      !keys) {
    return std::unexpected(keys.error());
  }

  Job job{.file = file};
  const Result<std::string> name = required_text(map, "name", "benchmarkingjob");
  if (!name) return std::unexpected(name.error());
  if (auto checked = check_name(*map.find("name"), *name); !checked) {
    return std::unexpected(checked.error());
  }
  job.name = *name;
  const Result<std::string> workspace = text_or(map, "workspace", "./workspace");
  if (!workspace) return std::unexpected(workspace.error());
  job.workspace = *workspace;
  const auto test_env = required_text(map, "testenv", "benchmarkingjob")
                            .and_then([&](const std::string& path) {
                              return locate(path, file, map.find("testenv")->place());
                            });
  if (!test_env) return std::unexpected(test_env.error());
  job.test_env = *test_env;
  const auto test_object = required(map, "test_object", "benchmarkingjob");
  if (!test_object) return std::unexpected(test_object.error());
  if (auto parsed = parse_test_object(**test_object, job); !parsed) {
    return std::unexpected(parsed.error());
  }
  if (const Yaml* rank = map.find("rank"); rank != nullptr && !rank->is_null()) {
    Result<RankSettings> settings = parse_rank(*rank);
    if (!settings) return std::unexpected(settings.error());
    job.rank = std::move(*settings);
  }
  for (const char* key : {"simulation", "sandbox"}) {
    if (const Yaml* value = map.find(key)) {
      job.notes.push_back(fmt::format("{}: \"{}\" is not used: convoy emulates the devices of "
                                      "devices.yaml itself",
                                      value->place(), key));
    }
  }
  return job;
}

}  // namespace convoy::bench
