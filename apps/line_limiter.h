// How many log lines one stream may make of one kind of event: a stream that flaps must not bury what the others say. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "io/clock.h"

namespace apps {

class line_limiter {
public:
    struct limits {
        unsigned lines = 10;                               // of one stream and kind in one window
        io::duration window = std::chrono::minutes(1);     // from the first of them on
    };
    // What was held back in a window that is over.
    struct summary {
        std::string stream;
        engine::event::what kind;
        std::uint64_t suppressed = 0;
    };

    line_limiter() : line_limiter(limits{}) {}
    explicit line_limiter(limits some) : limits_(some) {}

    // Whether one more line may be written now. To be called after expire() with the same time. Memory: an entry for each stream and kind that had
    // a line in a window that is not over.
    bool admit(const std::string& stream, engine::event::what kind, io::instant now);
    // Forgets the windows that are over, and tells of those in which something was held back, oldest first.
    std::vector<summary> expire(io::instant now);
    // The same for all windows: at the end.
    std::vector<summary> drain() { return expire(io::instant::max()); }
    // When the next window is over; nullopt if there is none.
    std::optional<io::instant> next() const { return ends_.empty() ? std::nullopt : std::optional(ends_.front().first); }
    std::size_t size() const { return windows_.size(); }

private:
    struct window {
        unsigned lines = 0;
        std::uint64_t suppressed = 0;
    };
    using key = std::pair<std::string, engine::event::what>;
    limits limits_;
    std::map<key, window> windows_;
    std::deque<std::pair<io::instant, key>> ends_;  // in order, for all are equally long
};

}  // namespace apps
