// Plug-ins in this process (include/convoy/plugin.h).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "convoy/plugin.h"
#include "foundation/error.h"

namespace convoy::bench {

// Load the shared object and make what it exports; the object stays loaded as long as that lives.
// Errors: not loadable, made for another version of the header, of another kind, its constructor's
// exception.
[[nodiscard]] Result<std::shared_ptr<BaseModel>> load_base_model(
    const std::filesystem::path& object, const Parameters& parameters);
[[nodiscard]] Result<std::shared_ptr<Metric>> load_metric(const std::filesystem::path& object,
                                                          const Parameters& parameters);
[[nodiscard]] Result<std::shared_ptr<Solver>> load_solver(const std::filesystem::path& object,
                                                          const Parameters& parameters);

// Calls into a plug-in: an exception becomes an error that begins with `what`. An exception that
// carries an Error of convoy's own (HostError) keeps its kind.
[[nodiscard]] Result<void> call_plugin(const std::string& what, const std::function<void()>& call);

// How the host reports its own errors through a plug-in.
class HostError : public std::runtime_error {
 public:
  explicit HostError(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}
  [[nodiscard]] const Error& error() const { return error_; }

 private:
  Error error_;
};

}  // namespace convoy::bench
