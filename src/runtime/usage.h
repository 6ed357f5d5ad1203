// What this process has used of the machine.
#pragma once

#include <optional>

#include "foundation/units.h"

namespace convoy::runtime {

// CPU time of all threads; and of the calling thread alone.
[[nodiscard]] Seconds process_cpu_time();
[[nodiscard]] Seconds thread_cpu_time();
// The same of the threads that move messages: the process's first one, and ZeroMQ's. 0 if unknown.
[[nodiscard]] Seconds messaging_cpu_time();

// The steady clock, in seconds; on one machine all processes share it.
[[nodiscard]] double steady_seconds();

// The largest resident memory so far (VmHWM), or since forget_peak_memory(); 0 if unknown.
[[nodiscard]] Bytes peak_memory();
// Resident now (VmRSS); 0 if unknown.
[[nodiscard]] Bytes resident_memory();
// Gives free memory back and begins a new peak, as far as the kernel lets it.
void forget_peak_memory();

// The warmest of the machine's thermal zones in degrees Celsius, if it has any.
[[nodiscard]] std::optional<double> temperature_c();

}  // namespace convoy::runtime
