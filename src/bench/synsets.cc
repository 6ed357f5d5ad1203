#include "bench/synsets.h"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <sstream>

#include "foundation/file.h"

namespace convoy::bench {
namespace {

static_assert(std::endian::native == std::endian::little, "meta.mat is read as little-endian");

// --- MATLAB's level 5 format, as far as meta.mat needs it ---------------------------------------
// https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf

constexpr std::size_t kMatHeader = 128;
constexpr std::size_t kMostInflated = 64 << 20;  // meta.mat has some 2 MB

enum MatType : std::uint32_t {
  kInt8 = 1, kUint8 = 2, kInt16 = 3, kUint16 = 4, kInt32 = 5, kUint32 = 6, kDouble = 9,
  kMatrix = 14, kCompressed = 15,
};

struct MatElement {
  std::uint32_t type = 0;
  std::string_view data;
};

std::uint32_t word_at(std::string_view bytes, std::size_t at) {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof word);
  return word;
}

// Takes the next element off the front; nothing at the end or where the bytes make no sense.
std::optional<MatElement> next_element(std::string_view& bytes) {
  if (bytes.size() < 8) return std::nullopt;
  const std::uint32_t tag = word_at(bytes, 0);
  if (tag >> 16 != 0) {  // small: at most four bytes, in the tag itself
    const std::size_t size = std::min<std::size_t>(tag >> 16, 4);
    const MatElement element{tag & 0xffff, bytes.substr(4, size)};
    bytes.remove_prefix(8);
    return element;
  }
  const std::size_t size = word_at(bytes, 4);
  if (size > bytes.size() - 8) return std::nullopt;
  const MatElement element{tag, bytes.substr(8, size)};
  const std::size_t padded = tag == kCompressed ? size : (size + 7) / 8 * 8;
  bytes.remove_prefix(std::min(bytes.size(), 8 + padded));
  return element;
}

std::optional<std::string> inflated(std::string_view bytes) {
  std::string whole;
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  int status = Z_OK;
  while (status == Z_OK && whole.size() < kMostInflated) {
    char chunk[1 << 14];
    stream.next_out = reinterpret_cast<Bytef*>(chunk);
    stream.avail_out = sizeof chunk;
    status = inflate(&stream, Z_NO_FLUSH);
    whole.append(chunk, sizeof chunk - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END) return std::nullopt;
  return whole;
}

// The content of a matrix behind its flags, dimensions and name.
struct MatMatrix {
  std::size_t count = 1;
  std::string name;
  std::string_view rest;
};

std::optional<MatMatrix> matrix_of(std::string_view bytes) {
  const auto flags = next_element(bytes);
  const auto dims = next_element(bytes);
  const auto name = next_element(bytes);
  if (!flags || !dims || !name) return std::nullopt;
  MatMatrix matrix{.name = std::string(name->data), .rest = bytes};
  for (std::size_t i = 0; i + 4 <= dims->data.size(); i += 4) {
    matrix.count *= word_at(dims->data, i);
  }
  return matrix;
}

// Characters or a number, in whichever of its types MATLAB found them to fit.
std::string text_of(const MatElement& element) {
  if (element.type != kUint16 && element.type != kInt16) return std::string(element.data);
  std::string text;
  for (std::size_t i = 0; i + 1 < element.data.size(); i += 2) text += element.data[i];
  return text;
}

std::size_t number_of(const MatElement& element) {
  if (element.type == kDouble && element.data.size() >= 8) {
    double number = 0;
    std::memcpy(&number, element.data.data(), sizeof number);
    return number >= 0 && number < 1e9 ? static_cast<std::size_t>(number) : 0;
  }
  std::size_t number = 0;
  for (std::size_t i = std::min<std::size_t>(element.data.size(), 4); i-- > 0;) {
    number = number << 8 | static_cast<unsigned char>(element.data[i]);
  }
  return number;
}

// `synsets`: an array of structures with, among others, ILSVRC2012_ID and WNID.
std::optional<std::vector<std::string>> synsets_of_mat(std::string_view file) {
  file.remove_prefix(kMatHeader);
  const auto outer = next_element(file);
  if (!outer) return std::nullopt;
  std::string whole(outer->data);
  if (outer->type == kCompressed) {
    const auto bytes = inflated(outer->data);
    if (!bytes) return std::nullopt;
    whole = *bytes;
    std::string_view view = whole;
    const auto inner = next_element(view);
    if (!inner || inner->type != kMatrix) return std::nullopt;
    whole = std::string(inner->data);
  } else if (outer->type != kMatrix) {
    return std::nullopt;
  }
  auto structures = matrix_of(whole);
  if (!structures || structures->name != "synsets") return std::nullopt;
  const auto name_length = next_element(structures->rest);
  const auto names = next_element(structures->rest);
  if (!name_length || !names) return std::nullopt;
  const std::size_t length = number_of(*name_length);
  if (length == 0) return std::nullopt;
  std::vector<std::string> fields;
  for (std::size_t at = 0; at + length <= names->data.size(); at += length) {
    fields.emplace_back(std::string(names->data.substr(at, length)).c_str());
  }
  std::vector<std::string> synsets(kImagenetClasses);
  for (std::size_t i = 0; i < structures->count; ++i) {
    std::size_t number = 0;
    std::string id;
    for (const std::string& field : fields) {
      const auto element = next_element(structures->rest);
      if (!element || element->type != kMatrix) return std::nullopt;
      if (field != "ILSVRC2012_ID" && field != "WNID") continue;
      auto matrix = matrix_of(element->data);
      const auto value = matrix ? next_element(matrix->rest) : std::nullopt;
      if (!value) return std::nullopt;
      if (field == "WNID") {
        id = text_of(*value);
      } else {
        number = number_of(*value);
      }
    }
    if (number >= 1 && number <= kImagenetClasses) synsets[number - 1] = id;
  }
  return synsets;
}

}  // namespace

bool is_wordnet_id(std::string_view text) {
  return text.size() == 9 && text[0] == 'n' &&
         std::ranges::all_of(text.substr(1), [](unsigned char c) { return std::isdigit(c) != 0; });
}

Result<std::vector<std::string>> read_synsets(const std::filesystem::path& file) {
  const Result<std::string> bytes = read_file(file);
  if (!bytes) return std::unexpected(bytes.error());
  std::vector<std::string> synsets;
  if (bytes->starts_with("MATLAB 5.0") && bytes->size() > kMatHeader) {
    synsets = synsets_of_mat(*bytes).value_or(std::vector<std::string>{});
  } else {
    std::istringstream lines(*bytes);
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty()) synsets.push_back(line.substr(0, line.find_first_of(" \t\r,")));
    }
  }
  if (synsets.size() != kImagenetClasses || !std::ranges::all_of(synsets, is_wordnet_id)) {
    return fail(ErrorKind::input,
                "{}: does not give the WordNet ids of {} classes, as meta.mat of ImageNet's "
                "development kit or a text with one id a line would",
                file.string(), kImagenetClasses);
  }
  return synsets;
}

std::optional<std::size_t> class_of(const std::vector<std::string>& synsets,
                                    const std::string& label) {
  std::string id = label;
  if (!is_wordnet_id(label)) {
    std::size_t number = 0;
    const char* const end = label.data() + label.size();
    const auto [stop, problem] = std::from_chars(label.data(), end, number);
    if (problem != std::errc() || stop != end || number < 1 || number > synsets.size()) {
      return std::nullopt;
    }
    id = synsets[number - 1];
  }
  if (!std::ranges::contains(synsets, id)) return std::nullopt;
  return static_cast<std::size_t>(
      std::ranges::count_if(synsets, [&](const std::string& other) { return other < id; }));
}

}  // namespace convoy::bench
