#include "onnx/data_piece.h"

#include <algorithm>
#include <fstream>
#include <system_error>
#include <utility>

#include "foundation/sha256.h"
#include "onnx/external_data.h"
#include "onnx/model.h"

namespace convoy::onnx {
namespace {

// Where pieces end, for tensors that begin at `begins` in a file of `size`.
std::vector<std::uint64_t> ends_of_pieces(std::vector<std::uint64_t> begins, std::uint64_t size) {
  begins.push_back(size);
  std::ranges::sort(begins);
  std::vector<std::uint64_t> ends;
  std::uint64_t begin = 0;
  for (const std::uint64_t next : begins) {
    if (next > size || (next - begin < kLeastPieceBytes && next != size)) continue;
    // What is left of a long one is no shorter than pieces are.
    while (next - begin >= kMostPieceBytes + kLeastPieceBytes) {
      ends.push_back(begin += kMostPieceBytes);
    }
    if (next - begin > kMostPieceBytes) ends.push_back(begin += kMostPieceBytes / 2);
    if (next > begin) ends.push_back(begin = next);
  }
  return ends;
}

}  // namespace

Result<std::vector<DataPiece>> pieces_of(const std::filesystem::path& model,
                                         const std::filesystem::path& data,
                                         const std::function<bool()>& stop) {
  Result<Model> read = read_model(model);
  if (!read) return std::unexpected(std::move(read.error()));
  auto begins = tensors_in(read->box().model, data.filename());
  if (!begins) return within(model.string(), std::move(begins.error()));
  std::error_code problem;
  const std::uint64_t size = std::filesystem::file_size(data, problem);
  std::ifstream stream(data, std::ios::binary);
  std::vector<DataPiece> pieces;
  std::vector<char> bytes;
  std::uint64_t begin = 0;
  if (!problem) {
    for (const std::uint64_t end : ends_of_pieces(*std::move(begins), size)) {
      if (stop && stop()) return fail(ErrorKind::cancelled, "stopped");
      bytes.resize(end - begin);
      stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      pieces.push_back({end - begin, sha256_of_text({bytes.data(), bytes.size()})});
      begin = end;
    }
  }
  if (problem || !stream) return fail(ErrorKind::input, "{}: cannot be read", data.string());
  return pieces;
}

}  // namespace convoy::onnx
