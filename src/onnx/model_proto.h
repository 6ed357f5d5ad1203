// ONNX's protobuf classes, for src/onnx only.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>

namespace convoy::onnx {

namespace proto = ::onnx;

struct ModelProtoBox {
  proto::ModelProto model;
  std::filesystem::path file;  // where it was read from, or empty
};

}  // namespace convoy::onnx
