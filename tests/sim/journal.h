// io::log into the trace. The words are not part of the hash: some say how long something really took.
#pragma once

#include <string>

#include "io/log.h"
#include "tests/sim/scheduler.h"

namespace sim {

class journal final : public io::log {
public:
    journal(scheduler& on, trace& into, std::string who) : on_(on), into_(into), who_(std::move(who)) {}
    void write(io::level severity, std::string_view text) override {
        constexpr std::string_view names[] = {"debug", "info", "warning", "error"};
        into_.remark(on_.now(), fmt::format("{}: {}: {}", who_, names[static_cast<int>(severity)], text));
    }

private:
    scheduler& on_;
    trace& into_;
    std::string who_;
};

}  // namespace sim
