// --metrics: a fleet that runs says over HTTP how it does.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "foundation/error.h"
#include "serve/metrics_server.h"

namespace convoy::cli {

void add_metrics(CLI::App& command, std::string& address);
// Nothing where `address` is empty. Says on standard error where it listens.
[[nodiscard]] Result<std::optional<serve::MetricsServer>> serve_metrics(const std::string& address);
// Hands on to `server`, which must outlive it; empty where there is none.
[[nodiscard]] std::function<void(const runtime::FleetStatus&)> publisher(
    std::optional<serve::MetricsServer>& server);

}  // namespace convoy::cli
