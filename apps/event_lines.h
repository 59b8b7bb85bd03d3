// What `flotilla watch` says of the engine's events: log lines for people, JSON lines for programs.
#pragma once

#include <string>
#include <vector>

#include "apps/json.h"
#include "engine/engine.h"
#include "io/environment.h"

namespace apps {

// For instance "handed_off".
std::string_view name(engine::event::what kind);

json_object event_line(std::int64_t wall_ms, const engine::event& one);
// The last line of a watch: its exit code, and the error's text if it is not 0.
json_object ended_line(std::int64_t wall_ms, int exit_code, const std::string& error);

class event_lines {
public:
    event_lines(const io::environment& env, bool json) : env_(env), json_(json) {}
    void tell(const engine::event& one);

private:
    const io::environment& env_;
    bool json_;
};

}  // namespace apps
