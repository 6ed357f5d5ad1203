// ZeroMQ's question whether a connection may be made (ZAP, https://rfc.zeromq.org/spec/27), asked
// by its own thread at inproc://zeromq.zap.01 of whoever is bound there.
#pragma once

#include <string>

#include "foundation/error.h"
#include "runtime/wire.h"

namespace convoy::runtime {

struct ZapRequest {
  std::string id;
  std::string domain;   // as the listening socket has it
  std::string address;  // of who connects
  std::string key;      // their public key, as text
};

// Error: of another version, mechanism or form.
[[nodiscard]] Result<ZapRequest> parse_zap(const Parts& parts);

enum class Verdict { admitted, refused };
// The answer. All messages of an admitted connection carry its key as "User-Id".
[[nodiscard]] Parts zap_answer(const ZapRequest& request, Verdict verdict);

}  // namespace convoy::runtime
