// One writer's process, and the log of what it committed when. The log is written after each commit returned, so it can lack the one
// that was just being committed when the writer was killed; the next writer logs that first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/crash/workload.h"
#include "tests/support/process.h"

namespace crash {

struct commit {
    std::uint64_t n = 0;
    std::int64_t wall_ns = 0;  // just after it returned, ns since 1970
};

std::int64_t wall_ns();

// What follows `known` in the log, appended to it.
void read_log(const std::string& path, std::vector<commit>& known);

// How it writes: bursts and pauses, about 500 commits a second, so that there are both a standing start and a backlog; or some 80 a second, one by one.
enum class pace { bursts, calm };

// This program again, as the writer of one database, until SIGTERM (exit 0, at a transaction's end) or an error (exit 1, on standard error).
tests::process start_writer(const std::string& database, kind of, std::uint64_t seed, pace how, const std::string& log, const std::string& errors);

// What main() does for start_writer().
int run_writer(const std::vector<std::string>& arguments);

}  // namespace crash
