// Messages as ZeroMQ parts, and back. Whatever comes in is checked here, before it is believed.
#pragma once

#include <cstdint>
#include <vector>
#include <zmq.hpp>

#include "messages.pb.h"
#include "onnx/data_piece.h"
#include "runtime/drops.h"
#include "runtime/parcel.h"

namespace convoy::runtime {

// Raised whenever older programs would misunderstand newer ones.
inline constexpr std::uint32_t kProtocol = 5;

// A part that is parsed above this is refused: in memory its message may be fifty times as large.
inline constexpr std::size_t kMostParsedBytes = std::size_t{16} << 20;

using Parts = std::vector<zmq::message_t>;

// A parcel as it travels, and who gets it.
struct Packet {
  PeerId to;
  std::uint64_t request = 0;
  Parts parts;
};

[[nodiscard]] wire::Failure to_wire(const Error& error);
[[nodiscard]] Error from_wire(const wire::Failure& failure);
[[nodiscard]] wire::Drops to_wire(const Drops& drops);
[[nodiscard]] Drops from_wire(const wire::Drops& drops);

[[nodiscard]] wire::Piece to_wire(const onnx::DataPiece& piece);
// In order. Error: they are not a file of `total`, or longer or more than pieces are.
[[nodiscard]] Result<std::vector<onnx::DataPiece>> from_wire(
    const google::protobuf::RepeatedPtrField<wire::Piece>& pieces, std::uint64_t total);

[[nodiscard]] zmq::message_t to_part(const google::protobuf::MessageLite& message);
// A whole message of this one part.
[[nodiscard]] Parts to_parts(const google::protobuf::MessageLite& message);
// Whether the part was such a message.
[[nodiscard]] bool parse_part(const zmq::message_t& part, google::protobuf::MessageLite& message);

// The first that a peer says on a connection for tensors.
[[nodiscard]] Parts knock(PeerId from);

// A count of bytes; one beyond all that can be becomes the greatest that can be said.
[[nodiscard]] Bytes bytes_of(std::uint64_t count);

// A header, and a part that shares the tensor's bytes (ZeroMQ lets go of them when they are sent).
void append_tensor(const engine::SharedTensor& tensor, wire::TensorHeader& header, Parts& parts);

// The tensors that `headers` describe, one each; they share the bytes of `parts` from `next` on.
// Error: a type, a size or a number of parts that does not fit; nothing was allocated for it.
[[nodiscard]] Result<std::vector<engine::SharedTensor>> take_tensors(
    const google::protobuf::RepeatedPtrField<wire::TensorHeader>& headers, Parts& parts,
    std::size_t next);

// Strings travel in the header: with more of them than fit there the parcel becomes a failed one.
[[nodiscard]] Parts encode(const Parcel& parcel, PeerId from);
// A header that was parsed already, and its message.
[[nodiscard]] Result<Parcel> decode(const wire::DataHeader& header, Parts& parts);

// What a parcel's tensors weigh; what a message does.
[[nodiscard]] Bytes bytes_of(const Parcel& parcel);
[[nodiscard]] Bytes bytes_of(const Parts& parts);

}  // namespace convoy::runtime
