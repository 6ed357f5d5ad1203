#include "runtime/tenancy.h"

#include <utility>

namespace convoy::runtime {

Tenancy::Claim Tenancy::claim(const Tenant& tenant, const std::string& route, Time now) {
  const bool same = tenant_ && tenant_->key == tenant.key && tenant_->session == tenant.session;
  if (tenant_ && !same && !expired(now)) return Claim::refused;
  tenant_ = tenant;
  route_ = route;
  lost_.reset();
  last_request_ = 0;
  return same ? Claim::kept : Claim::taken;
}

void Tenancy::release() {
  tenant_.reset();
  route_.clear();
  lost_.reset();
}

bool Tenancy::is_new(std::uint64_t request) {
  if (request <= last_request_) return false;
  last_request_ = request;
  return true;
}

}  // namespace convoy::runtime
