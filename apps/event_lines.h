// What `flotilla watch` says of the engine's events: log lines for people, JSON lines for programs.
#pragma once

#include <string>
#include <vector>

#include "apps/json.h"
#include "apps/line_limiter.h"
#include "engine/engine.h"
#include "io/environment.h"
#include "io/wakeup.h"

namespace apps {

// For instance "handed_off".
std::string_view name(engine::event::what kind);

json_object event_line(std::int64_t wall_ms, const engine::event& one);
// The last line of a watch: its exit code, and the error's text if it is not 0.
json_object ended_line(std::int64_t wall_ms, int exit_code, const std::string& error);

// One line an event. Of one stream and kind at most so many lines a minute (line_limiter); how many were held back is a line of its own when the
// minute is over, and at the end. Debug lines are not counted: who asks for them wants each. JSON lines neither.
class event_lines {
public:
    event_lines(const io::environment& env, bool json) : env_(env), json_(json), wake_(env.time, env.on) {}
    void tell(const engine::event& one);

    // Says in time what was held back, until stop(). Once.
    io::task<void> run();
    void stop();

private:
    void say_held_back(const std::vector<line_limiter::summary>& some);

    const io::environment& env_;
    bool json_;
    bool stopping_ = false;
    line_limiter limiter_;
    io::wakeup wake_;
};

}  // namespace apps
