#include "bench/dataset.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include "bench/csv.h"
#include "bench/locate.h"
#include "bench/synsets.h"
#include "foundation/file.h"

namespace convoy::bench {
namespace {

namespace fs = std::filesystem;

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(trimmed(line));
  return lines;
}

// Adds a sample of an index once its file is found.
Result<void> add(std::vector<Sample>& samples, const fs::path& index, int line,
                 const std::string& file, const std::string& label) {
  const fs::path path = (index.parent_path() / file).lexically_normal();
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) {
    return fail(ErrorKind::input, "{}:{}: no file {}", index.string(), line, path.string());
  }
  if (!samples.empty() && samples.front().label.empty() != label.empty()) {
    return fail(ErrorKind::input, "{}:{}: \"{}\" has {} label, unlike the samples before",
                index.string(), line, file, label.empty() ? "no" : "a");
  }
  samples.push_back({.file = path, .label = label});
  return {};
}

Result<std::vector<Sample>> read_txt(const fs::path& index, const std::string& text) {
  std::vector<Sample> samples;
  int number = 0;
  for (const std::string& line : lines_of(text)) {
    ++number;
    if (line.empty()) continue;
    std::error_code ignored;
    const auto blank = line.find_last_of(" \t");
    const bool labelled =
        blank != std::string::npos && !fs::exists(index.parent_path() / line, ignored);
    const Result<void> added =
        labelled ? add(samples, index, number, trimmed(line.substr(0, blank)),
                       line.substr(blank + 1))
                 : add(samples, index, number, line, "");
    if (!added) return std::unexpected(added.error());
  }
  return samples;
}

Result<std::vector<Sample>> read_csv(const fs::path& index, const std::string& text,
                                     const std::string& label_column) {
  const Result<CsvTable> table = parse_csv(text, index.string());
  if (!table) return std::unexpected(table.error());
  const auto file = table->column("file");
  if (!file) return fail(ErrorKind::input, "{}:1: no column \"file\"", index.string());
  const auto label = table->column(label_column);
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < table->rows.size(); ++i) {
    const auto& row = table->rows[i];
    if (const auto added = add(samples, index, static_cast<int>(i) + 2, row[*file],
                               label ? row[*label] : "");
        !added) {
      return std::unexpected(added.error());
    }
  }
  return samples;
}

Result<std::vector<Sample>> read_jsonl(const fs::path& index, const std::string& text,
                                       const std::string& label_key) {
  std::vector<Sample> samples;
  int number = 0;
  for (const std::string& line : lines_of(text)) {
    ++number;
    if (line.empty()) continue;
    const auto object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object() || !object.contains("file") || !object["file"].is_string()) {
      return fail(ErrorKind::input, "{}:{}: not a JSON object with a \"file\"", index.string(),
                  number);
    }
    const auto label = object.find(label_key);
    const std::string text_of_label = label == object.end()  ? ""
                                      : label->is_string() ? label->get<std::string>()
                                                           : label->dump();
    if (const auto added = add(samples, index, number, object["file"], text_of_label); !added) {
      return std::unexpected(added.error());
    }
  }
  return samples;
}

bool is_image(const fs::path& file) {
  std::string extension = file.extension().string();
  std::ranges::transform(extension, extension.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return extension == ".jpeg" || extension == ".jpg" || extension == ".png";
}

Result<std::vector<fs::path>> sorted_entries(const fs::path& folder) {
  std::error_code problem;
  std::vector<fs::path> entries;
  for (fs::directory_iterator it(folder, problem), end; !problem && it != end;
       it.increment(problem)) {
    entries.push_back(it->path());
  }
  if (problem) {
    return fail(ErrorKind::input, "{}: cannot be listed: {}", folder.string(), problem.message());
  }
  std::ranges::sort(entries);
  return entries;
}

// n01440764/ILSVRC2012_val_00000293.JPEG: the class is the rank of the folder's WordNet id.
Result<std::vector<Sample>> read_synset_folders(const fs::path& folder,
                                                const std::vector<fs::path>& entries) {
  std::vector<Sample> samples;
  std::set<std::string> ids;
  for (const fs::path& entry : entries) {
    if (is_wordnet_id(entry.filename().string())) ids.insert(entry.filename().string());
  }
  if (ids.size() != kImagenetClasses) {
    return fail(ErrorKind::input,
                "{}: {} folders named by WordNet id; their rank is the class only when all {} are "
                "there",
                folder.string(), ids.size(), kImagenetClasses);
  }
  for (std::size_t i = 0; const std::string& id : ids) {
    const auto files = sorted_entries(folder / id);
    if (!files) return std::unexpected(files.error());
    for (const fs::path& file : *files) {
      if (is_image(file)) samples.push_back({.file = file, .label = std::to_string(i)});
    }
    ++i;
  }
  return samples;
}

Result<std::vector<Sample>> read_labelled_folder(const fs::path& folder,
                                                 const std::vector<fs::path>& images,
                                                 const DatasetSettings& settings) {
  const auto file = locate(settings.labels.text, settings.labels.file, settings.labels.place);
  if (!file) return std::unexpected(file.error());
  const Result<std::string> text = read_file(*file);
  if (!text) return std::unexpected(text.error());
  std::vector<std::string> labels = lines_of(*text);
  while (!labels.empty() && labels.back().empty()) labels.pop_back();
  if (labels.size() != images.size()) {
    return fail(ErrorKind::input, "{}: {} labels for the {} images of {}", file->string(),
                labels.size(), images.size(), folder.string());
  }
  if (settings.synsets.given()) {
    const auto path = locate(settings.synsets.text, settings.synsets.file, settings.synsets.place);
    if (!path) return std::unexpected(path.error());
    const auto synsets = read_synsets(*path);
    if (!synsets) return std::unexpected(synsets.error());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const auto label = class_of(*synsets, labels[i]);
      if (!label) {
        return fail(ErrorKind::input, "{}:{}: {} knows no class \"{}\"", file->string(), i + 1,
                    path->string(), labels[i]);
      }
      labels[i] = std::to_string(*label);
    }
  } else if (file->filename() == "ILSVRC2012_validation_ground_truth.txt") {
    return fail(ErrorKind::input,
                "{}: {} counts the classes as the development kit does, not as models do; add "
                "\"synsets: .../ILSVRC2012_devkit_t12/data/meta.mat\"",
                settings.labels.place, file->string());
  }
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < images.size(); ++i) {
    samples.push_back({.file = images[i], .label = labels[i]});
  }
  return samples;
}

Result<std::vector<Sample>> read_folder(const fs::path& folder, const DatasetSettings& settings) {
  const auto entries = sorted_entries(folder);
  if (!entries) return std::unexpected(entries.error());
  std::vector<fs::path> images;
  std::ranges::copy_if(*entries, std::back_inserter(images), is_image);
  if (images.empty()) return read_synset_folders(folder, *entries);
  if (settings.labels.given()) return read_labelled_folder(folder, images, settings);
  std::vector<Sample> samples;
  for (const fs::path& image : images) samples.push_back({.file = image});
  return samples;
}

Result<std::vector<Sample>> read_index(const fs::path& index, const DatasetSettings& settings) {
  const std::string extension = index.extension().string();
  if (extension != ".txt" && extension != ".csv" && extension != ".jsonl") {
    return fail(ErrorKind::input,
                "{}: {} is no index that convoy reads; known: .txt, .csv, .jsonl, or a folder of "
                "images",
                settings.test.place, index.string());
  }
  const Result<std::string> text = read_file(index);
  if (!text) return std::unexpected(text.error());
  if (extension == ".csv") return read_csv(index, *text, settings.label_column);
  if (extension == ".jsonl") return read_jsonl(index, *text, settings.label_column);
  return read_txt(index, *text);
}

}  // namespace

Result<std::vector<Sample>> read_dataset(const DatasetSettings& settings) {
  const auto path = locate(settings.test.text, settings.test.file, settings.test.place);
  if (!path) return std::unexpected(path.error());
  std::error_code ignored;
  auto samples = fs::is_directory(*path, ignored) ? read_folder(*path, settings)
                                                  : read_index(*path, settings);
  if (samples && samples->empty()) {
    return fail(ErrorKind::input, "{}: no samples in {}", settings.test.place, path->string());
  }
  return samples;
}

}  // namespace convoy::bench
