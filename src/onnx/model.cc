#include "onnx/model.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>

#include <fstream>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "foundation/file.h"
#include "onnx/external_data.h"
#include "onnx/model_proto.h"

namespace convoy::onnx {

namespace {

namespace fs = std::filesystem;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::IstreamInputStream;
using google::protobuf::io::OstreamOutputStream;

// What protobuf can hold in one message.
constexpr std::uintmax_t largest_message = std::numeric_limits<std::int32_t>::max();

// Read and written at once; protobuf's own 8 kB make 40,000 calls of 300 MB.
constexpr int block_bytes = 1 << 20;

// The wire type of each field of a ModelProto, or nothing for a number that it lacks.
std::optional<std::uint32_t> wire_type_of(std::uint32_t field) {
  switch (field) {
    case 1:
    case 5:
      return 0;
    case 2:
    case 3:
    case 4:
    case 6:
    case 7:
    case 8:
    case 14:
    case 20:
    case 25:
      return 2;
    default:
      return std::nullopt;
  }
}

// Whether a file that protobuf does not understand is the beginning of a ModelProto: known fields up
// to one that reaches beyond the end.
bool is_truncated(const fs::path& file, std::uintmax_t size) {
  std::ifstream stream(file, std::ios::binary);
  IstreamInputStream input(&stream);
  CodedInputStream coded(&input);
  while (const std::uint32_t tag = coded.ReadTag()) {
    if (wire_type_of(tag >> 3) != (tag & 7)) return false;
    std::uint64_t number = 0;
    if (!coded.ReadVarint64(&number)) return true;
    if ((tag & 7) != 2) continue;
    const auto position = static_cast<std::uintmax_t>(coded.CurrentPosition());
    if (number > size - position) return true;
    coded.Skip(static_cast<int>(number));
  }
  return false;
}

// What a file is that is not an ONNX model, for a helpful word.
std::string guess_kind(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string head(64, '\0');
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  if (head.starts_with("version https://git-lfs")) {
    return ": it is a Git LFS pointer; fetch the file itself with `git lfs pull`";
  }
  if (head.starts_with("PK\3\4")) return ": it is a ZIP archive, as PyTorch saves; export to ONNX";
  if (head.starts_with("GGUF")) return ": it is a GGUF file";
  if (head.starts_with("\x89HDF")) return ": it is an HDF5 file, as Keras saves; export to ONNX";
  if (head.substr(4, 4) == "TFL3") return ": it is a TensorFlow Lite model; export to ONNX";
  if (head.substr(4, 4) == "ORTM") return ": it is in ONNX Runtime's own format; give the .onnx file";
  return "";
}

Result<void> check_is_model(const proto::ModelProto& model, const fs::path& file) {
  const auto no_model = [&](std::string_view why) {
    return fail(ErrorKind::input, "{}: no ONNX model ({}){}", file.string(), why, guess_kind(file));
  };
  if (!model.has_graph()) return no_model("no graph");
  if (!model.has_ir_version()) return no_model("no IR version");
  if (model.ir_version() < 3) {
    return fail(ErrorKind::input, "{}: IR version {} is too old; convert it to 3 or newer",
                file.string(), model.ir_version());
  }
  if (model.opset_import().empty()) {
    // Writers put the operator sets behind the graph.
    return no_model("no operator sets; the file may be truncated");
  }
  return {};
}

}  // namespace

Model::Model(std::unique_ptr<ModelProtoBox> box) : box_(std::move(box)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

const fs::path& Model::file() const { return box_->file; }

std::vector<fs::path> Model::data_files() const {
  std::vector<fs::path> files;
  for (const std::string& location : box_->data_locations) {
    files.push_back(box_->data_folder / location);
  }
  return files;
}

std::map<std::string, std::string> Model::metadata() const {
  std::map<std::string, std::string> entries;
  for (const auto& entry : box_->model.metadata_props()) entries[entry.key()] = entry.value();
  return entries;
}

std::int64_t Model::ir_version() const { return box_->model.ir_version(); }

std::string Model::producer() const {
  const proto::ModelProto& model = box_->model;
  if (model.producer_version().empty()) return model.producer_name();
  return fmt::format("{} {}", model.producer_name(), model.producer_version());
}

std::vector<Opset> Model::opsets() const {
  std::vector<Opset> opsets;
  for (const auto& opset : box_->model.opset_import()) {
    opsets.push_back({.domain = opset.domain().empty() ? "ai.onnx" : opset.domain(),
                      .version = opset.version()});
  }
  return opsets;
}

std::string label_of(const proto::NodeProto& node) {
  if (!node.name().empty()) return fmt::format("\"{}\" ({})", node.name(), node.op_type());
  for (const std::string& output : node.output()) {
    if (!output.empty()) return fmt::format("the {} that makes \"{}\"", node.op_type(), output);
  }
  return fmt::format("a {} without outputs", node.op_type());
}

Result<Model> read_model(const fs::path& file) {
  std::error_code code;
  const fs::file_status status = fs::status(file, code);
  if (!fs::exists(status)) return fail(ErrorKind::input, "{}: no such file", file.string());
  if (fs::is_directory(status)) {
    return fail(ErrorKind::input, "{}: is a folder, not a model file", file.string());
  }
  const std::uintmax_t size = fs::file_size(file, code);
  if (code) return fail(ErrorKind::input, "{}: cannot be read: {}", file.string(), code.message());
  if (size == 0) return fail(ErrorKind::input, "{}: the file is empty", file.string());
  if (size > largest_message) {
    return fail(ErrorKind::input, "{}: takes {} bytes, and an ONNX file holds at most 2 GB; save the "
                "weights as external data", file.string(), size);
  }
  auto box = std::make_unique<ModelProtoBox>();
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail(ErrorKind::input, "{}: cannot be opened", file.string());
  IstreamInputStream blocks(&stream, block_bytes);
  if (!box->model.ParseFromZeroCopyStream(&blocks)) {
    if (stream.bad()) return fail(ErrorKind::failure, "{}: cannot be read", file.string());
    if (is_truncated(file, size)) {
      return fail(ErrorKind::input, "{}: the file is truncated", file.string());
    }
    return fail(ErrorKind::input, "{}: no ONNX model{}", file.string(), guess_kind(file));
  }
  if (Result<void> model = check_is_model(box->model, file); !model) {
    return std::unexpected(model.error());
  }
  box->file = file;
  box->data_folder = fs::absolute(file, code).parent_path();
  auto external = check_external_data(box->model, box->data_folder);
  if (!external) return within(file.string(), external.error());
  box->data_locations = *std::move(external);
  return Model(std::move(box));
}

Result<std::string> write_model(const Model& model, const fs::path& file) {
  const ModelProtoBox& box = model.box();
  proto::ModelProto moved;
  const proto::ModelProto* written = &box.model;
  std::string data_sum;
  std::error_code code;
  const fs::path folder = fs::absolute(file, code).parent_path();
  if (!box.data_locations.empty() && !fs::equivalent(folder, box.data_folder, code)) {
    moved = box.model;
    fs::path data_file = file;
    data_file += ".data";
    Result<std::string> sum = move_external_data(moved, box.data_folder, data_file);
    if (!sum) return within(file.string(), sum.error());
    data_sum = *std::move(sum);
    written = &moved;
  }
  const std::size_t size = written->ByteSizeLong();
  if (size > largest_message) {
    return fail(ErrorKind::input, "{}: would take {} bytes, and an ONNX file holds at most 2 GB; save "
                "the weights as external data", file.string(), size);
  }
  Aside aside(file);
  std::ofstream stream(aside.path(), std::ios::binary | std::ios::trunc);
  bool good = false;
  {
    OstreamOutputStream blocks(&stream, block_bytes);
    good = written->SerializeToZeroCopyStream(&blocks);
  }
  stream.close();
  if (!good || !stream) {
    return fail(ErrorKind::failure, "{}: cannot be written", file.string());
  }
  return aside.commit().transform([&] { return data_sum; });
}

Result<std::string> write_for_engine(Model model, const fs::path& file) {
  // Less is not worth a second file.
  constexpr std::int64_t worth_bytes = std::int64_t{4} << 20;
  ModelProtoBox& box = model.box();
  if (!box.data_locations.empty() || large_weight_bytes(box.model) < worth_bytes) {
    return write_model(model, file);
  }
  fs::path data_file = file;
  data_file += ".data";
  Result<std::string> data_sum = move_large_weights(box.model, data_file);
  if (!data_sum) return within(file.string(), data_sum.error());
  return write_model(model, file).transform([&](const std::string&) { return *data_sum; });
}

}  // namespace convoy::onnx
