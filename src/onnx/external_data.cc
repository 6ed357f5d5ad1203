#include "onnx/external_data.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "foundation/file.h"
#include "foundation/sha256.h"
#include "onnx/tensor.h"

namespace convoy::onnx {

namespace {

namespace fs = std::filesystem;

using TensorVisit = std::function<Result<void>(proto::TensorProto&)>;

// Bytes [offset, offset + length) of a file; no length: up to its end.
struct ExternalRange {
  std::string location;
  std::int64_t offset = 0;
  std::optional<std::int64_t> length;
};

Result<void> visit_external(proto::TensorProto& tensor, const TensorVisit& visit) {
  if (tensor.data_location() != proto::TensorProto::EXTERNAL) return {};
  return visit(tensor);
}

Result<void> visit_external(proto::SparseTensorProto& tensor, const TensorVisit& visit) {
  if (Result<void> done = visit_external(*tensor.mutable_values(), visit); !done) return done;
  return visit_external(*tensor.mutable_indices(), visit);
}

// Bodies nest at most some 30 deep (protobuf's own limit on reading), so this may recurse.
Result<void> visit_external(proto::GraphProto& graph, const TensorVisit& visit);

Result<void> visit_external(proto::NodeProto& node, const TensorVisit& visit) {
  Result<void> done;
  for (proto::AttributeProto& attribute : *node.mutable_attribute()) {
    if (attribute.has_t()) done = visit_external(*attribute.mutable_t(), visit);
    for (auto& tensor : *attribute.mutable_tensors()) {
      if (done) done = visit_external(tensor, visit);
    }
    if (done && attribute.has_sparse_tensor()) {
      done = visit_external(*attribute.mutable_sparse_tensor(), visit);
    }
    for (auto& tensor : *attribute.mutable_sparse_tensors()) {
      if (done) done = visit_external(tensor, visit);
    }
    if (!done) return done;
  }
  for_each_body(node, [&](proto::GraphProto& body) {
    if (done) done = visit_external(body, visit);
  });
  return done;
}

Result<void> visit_external(proto::GraphProto& graph, const TensorVisit& visit) {
  for (auto& tensor : *graph.mutable_initializer()) {
    if (Result<void> done = visit_external(tensor, visit); !done) return done;
  }
  for (auto& tensor : *graph.mutable_sparse_initializer()) {
    if (Result<void> done = visit_external(tensor, visit); !done) return done;
  }
  for (auto& node : *graph.mutable_node()) {
    if (Result<void> done = visit_external(node, visit); !done) return done;
  }
  return {};
}

Result<void> visit_external(proto::ModelProto& model, const TensorVisit& visit) {
  if (Result<void> done = visit_external(*model.mutable_graph(), visit); !done) return done;
  for (auto& function : *model.mutable_functions()) {
    for (auto& node : *function.mutable_node()) {
      if (Result<void> done = visit_external(node, visit); !done) return done;
    }
  }
  return {};
}

std::optional<std::int64_t> parse_count(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

Result<ExternalRange> range_of(const proto::TensorProto& tensor) {
  ExternalRange range;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") range.location = entry.value();
    if (entry.key() != "offset" && entry.key() != "length") continue;
    const std::optional<std::int64_t> count = parse_count(entry.value());
    if (!count) {
      return fail(ErrorKind::input, "the external data of \"{}\" has the {} \"{}\", not a number",
                  tensor.name(), entry.key(), entry.value());
    }
    (entry.key() == "offset" ? range.offset : range.length.emplace()) = *count;
  }
  // Only the path itself is judged: a link inside the folder was put there by the user, not by the
  // model (caches of downloads link their files).
  const fs::path location = fs::path(range.location).lexically_normal();
  if (location.empty() || location.is_absolute() || *location.begin() == "..") {
    return fail(ErrorKind::input, "the external data of \"{}\" lies at \"{}\", outside the model's "
                "folder", tensor.name(), range.location);
  }
  const auto type = static_cast<ElementType>(tensor.data_type());
  const std::optional<Bytes> needed =
      bytes_of(type, {tensor.dims().begin(), tensor.dims().end()});
  if (!range.length && needed) range.length = needed->value();
  if (needed && *range.length != needed->value()) {
    return fail(ErrorKind::input, "the external data of \"{}\" has {} bytes, its dimensions need {}",
                tensor.name(), *range.length, needed->value());
  }
  return range;
}

// The range with its length, once it is known to lie inside its file.
Result<ExternalRange> checked_range(const proto::TensorProto& tensor, const fs::path& folder) {
  Result<ExternalRange> range = range_of(tensor);
  if (!range) return range;
  const fs::path file = folder / range->location;
  std::error_code code;
  const std::uintmax_t size = fs::file_size(file, code);
  if (code) {
    return fail(ErrorKind::input, "the file {} with the data of \"{}\" is missing", file.string(),
                tensor.name());
  }
  const auto available = static_cast<std::int64_t>(size) - range->offset;
  if (!range->length && available >= 0) range->length = available;
  if (available < range->length.value_or(0)) {
    return fail(ErrorKind::input, "the file {} is truncated: it has {} bytes, and the data of \"{}\" "
                "ends at {}", file.string(), size, tensor.name(),
                range->offset + range->length.value_or(0));
  }
  return range;
}

// Written block by block, each summed while the next is copied.
class SummedFile {
 public:
  explicit SummedFile(const fs::path& file) : out_(file, std::ios::binary | std::ios::trunc) {}
  SummedFile(const SummedFile&) = delete;
  ~SummedFile() {
    if (summing_.valid()) summing_.wait();
  }

  // Where up to block_bytes may be put for the next write().
  [[nodiscard]] char* block() { return blocks_[next_].data(); }
  void write(std::int64_t size) {
    out_.write(block(), size);
    size_ += size;
    if (summing_.valid()) summing_.wait();
    const std::span<const char> written(block(), static_cast<std::size_t>(size));
    summing_ = std::async(std::launch::async, [this, written] { sum_.add(written); });
    next_ = 1 - next_;
  }
  void append(std::string_view bytes) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(bytes.size(), block_bytes))) {
      const std::string_view part = bytes.substr(0, block_bytes);
      std::ranges::copy(part, block());
      write(static_cast<std::int64_t>(part.size()));
    }
  }
  // Fills up to the next page, and returns where it begins: readers map the file into memory, and
  // onnx.proto asks for offsets at pages.
  std::int64_t begin_page() {
    constexpr std::int64_t page = 4096;
    const std::int64_t gap = (page - size_ % page) % page;
    std::fill_n(block(), gap, '\0');
    if (gap > 0) write(gap);
    return size_;
  }
  // False if any write failed.
  [[nodiscard]] bool close() {
    out_.close();
    return out_.good();
  }
  // Of all that was written; asked once.
  [[nodiscard]] std::string sum() {
    if (summing_.valid()) summing_.wait();
    return sum_.sum();
  }

  static constexpr std::int64_t block_bytes = 1 << 22;

 private:
  std::ofstream out_;
  std::int64_t size_ = 0;
  Sha256 sum_;
  std::array<std::vector<char>, 2> blocks_ = {std::vector<char>(block_bytes),
                                              std::vector<char>(block_bytes)};
  std::size_t next_ = 0;
  std::future<void> summing_;
};

Result<void> copy_range(const ExternalRange& range, const fs::path& folder, SummedFile& out) {
  std::ifstream in(folder / range.location, std::ios::binary);
  in.seekg(range.offset);
  for (std::int64_t left = range.length.value_or(0); left > 0;) {
    const std::int64_t size = std::min(left, SummedFile::block_bytes);
    in.read(out.block(), size);
    if (!in) {
      return fail(ErrorKind::failure, "{}: cannot be read", (folder / range.location).string());
    }
    out.write(size);
    left -= size;
  }
  return {};
}

// Worth a place of its own in a file of weights. What decides shapes is smaller.
bool is_large(const proto::TensorProto& tensor) {
  return tensor.data_location() != proto::TensorProto::EXTERNAL &&
         tensor.raw_data().size() >= std::size_t{16} << 10;
}

void refer_to(proto::TensorProto& tensor, const std::string& location, std::int64_t offset,
              std::int64_t length) {
  tensor.clear_external_data();
  const auto add = [&](const char* key, const std::string& value) {
    auto* entry = tensor.add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  };
  add("location", location);
  add("offset", std::to_string(offset));
  add("length", std::to_string(length));
}

}  // namespace

Result<std::set<std::string>> check_external_data(proto::ModelProto& model,
                                                  const fs::path& folder) {
  std::set<std::string> found;
  const Result<void> checked = visit_external(model, [&](proto::TensorProto& tensor) -> Result<void> {
    const Result<ExternalRange> range = checked_range(tensor, folder);
    if (!range) return std::unexpected(range.error());
    found.insert(range->location);
    return {};
  });
  if (!checked) return std::unexpected(checked.error());
  return found;
}

Result<std::string> move_external_data(proto::ModelProto& model, const fs::path& folder,
                                       const fs::path& data_file) {
  Aside aside(data_file);
  SummedFile out(aside.path());
  std::map<std::tuple<std::string, std::int64_t, std::int64_t>, std::int64_t> copied;
  const auto move = [&](proto::TensorProto& tensor) -> Result<void> {
    const Result<ExternalRange> range = checked_range(tensor, folder);
    if (!range) return std::unexpected(range.error());
    const std::int64_t length = range->length.value_or(0);
    const auto [place, is_new] = copied.try_emplace({range->location, range->offset, length}, 0);
    if (is_new) {
      place->second = out.begin_page();
      if (Result<void> done = copy_range(*range, folder, out); !done) return done;
    }
    refer_to(tensor, data_file.filename().string(), place->second, length);
    return {};
  };
  if (auto moved = visit_external(model, move); !moved) return std::unexpected(moved.error());
  if (!out.close()) return fail(ErrorKind::failure, "{}: cannot be written", data_file.string());
  return aside.commit().transform([&] { return out.sum(); });
}

std::int64_t large_weight_bytes(const proto::ModelProto& model) {
  std::int64_t sum = 0;
  for (const proto::TensorProto& tensor : model.graph().initializer()) {
    if (is_large(tensor)) sum += static_cast<std::int64_t>(tensor.raw_data().size());
  }
  return sum;
}

Result<std::string> move_large_weights(proto::ModelProto& model, const fs::path& data_file) {
  Aside aside(data_file);
  SummedFile out(aside.path());
  for (proto::TensorProto& tensor : *model.mutable_graph()->mutable_initializer()) {
    if (!is_large(tensor)) continue;
    const std::unique_ptr<std::string> bytes(tensor.release_raw_data());
    const std::int64_t offset = out.begin_page();
    out.append(*bytes);
    refer_to(tensor, data_file.filename().string(), offset,
             static_cast<std::int64_t>(bytes->size()));
    tensor.set_data_location(proto::TensorProto::EXTERNAL);
  }
  if (!out.close()) return fail(ErrorKind::failure, "{}: cannot be written", data_file.string());
  return aside.commit().transform([&] { return out.sum(); });
}

Result<std::vector<std::uint64_t>> tensors_in(proto::ModelProto& model,
                                              const std::string& location) {
  std::vector<std::uint64_t> begins;
  auto visited = visit_external(model, [&](proto::TensorProto& tensor) -> Result<void> {
    const Result<ExternalRange> range = range_of(tensor);
    if (!range) return std::unexpected(range.error());
    if (range->location == location) begins.push_back(static_cast<std::uint64_t>(range->offset));
    return {};
  });
  if (!visited) return std::unexpected(std::move(visited.error()));
  return begins;
}

std::int64_t stored_bytes(const proto::TensorProto& tensor) {
  const std::optional<Bytes> dense = bytes_of(static_cast<ElementType>(tensor.data_type()),
                                              {tensor.dims().begin(), tensor.dims().end()});
  if (dense) return dense->value();
  if (tensor.data_location() == proto::TensorProto::EXTERNAL) {
    return range_of(tensor).value_or(ExternalRange{}).length.value_or(0);
  }
  return static_cast<std::int64_t>(tensor.ByteSizeLong());
}

}  // namespace convoy::onnx
