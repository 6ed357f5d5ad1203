// Whose a worker is.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace convoy::runtime {

// A coordinator as a worker knows it.
struct Tenant {
  std::string key;            // its public key; empty where there are none
  std::uint64_t session = 0;  // the same for all connections of one coordinator
  std::string who;            // for people
};

// One coordinator's at a time. It keeps its worker while its connection lasts, and for `grace`
// after that, in which it may come back. A state machine: no sockets, no clock.
class Tenancy {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Tenancy(std::chrono::milliseconds grace) : grace_(grace) {}

  enum class Claim {
    taken,    // the worker was free
    kept,     // by the same coordinator, on a new connection
    refused,  // it is another's
  };
  [[nodiscard]] Claim claim(const Tenant& tenant, const std::string& route, Time now);
  void release();

  // Its connection is gone.
  void lost(Time now) {
    if (!lost_) lost_ = now;
  }
  [[nodiscard]] bool expired(Time now) const { return tenant_ && lost_ && now - *lost_ >= grace_; }

  [[nodiscard]] const std::optional<Tenant>& tenant() const { return tenant_; }
  // The way to the tenant; empty when the worker is free.
  [[nodiscard]] const std::string& route() const { return route_; }
  // Whether a request of the tenant's is a new one; its ids grow.
  [[nodiscard]] bool is_new(std::uint64_t request);

 private:
  std::chrono::milliseconds grace_;
  std::optional<Tenant> tenant_;
  std::string route_;
  std::optional<Time> lost_;
  std::uint64_t last_request_ = 0;
};

}  // namespace convoy::runtime
