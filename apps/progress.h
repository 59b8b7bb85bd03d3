// A progress bar on standard error, if that is a terminal and the work takes longer than two seconds. Removed at the end.
#pragma once

#include <cstdint>
#include <string>

#include "io/clock.h"

namespace apps {

class progress {
public:
    // `what` stands before the bar. Nothing is ever shown if `wanted` is false.
    progress(io::clock& time, std::string what, bool wanted = true);
    ~progress();
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;

    void show(std::uint64_t done, std::uint64_t total);

private:
    io::clock& time_;
    std::string what_;
    bool wanted_;
    bool shown_ = false;
    io::instant next_;
};

// "restoring [#####.....]  50%". Pure. total 0 counts as done.
std::string progress_line(const std::string& what, std::uint64_t done, std::uint64_t total);

}  // namespace apps
