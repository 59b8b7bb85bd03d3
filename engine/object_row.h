// What is remembered of one object of a stream: a row of state.db, which exists only while something needs it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/key.h"

namespace engine {

// Which object of a stream: its level and its interval.
struct object_name {
    unsigned level = level_captures;
    txid_range range;

    friend bool operator==(const object_name&, const object_name&) = default;
    friend bool operator<(const object_name& a, const object_name& b) {
        if (a.level != b.level) return a.level < b.level;
        return a.range.min != b.range.min ? a.range.min < b.range.min : a.range.max < b.range.max;
    }
};

struct object_row {
    enum class fate {
        pending,   // on its way
        uploaded,  // the store has confirmed it; kept for its local file
        failed,    // refused for good: nothing of its level is shipped past it before it was tried again and confirmed
    };
    object_name name;
    fate state = fate::pending;
    std::uint64_t size = 0;            // bytes; 0: not known yet
    std::uint64_t attempts = 0;        // puts that failed, over all runs
    std::string error;                 // of the last one; empty if there is none
    std::string file;                  // its bytes on local disk, relative to the state directory; empty: none
    std::uint64_t file_checksum = 0;   // the one in its trailer; 0: not known
    std::int64_t time_ms = 0;          // when the row last changed its state, ms since 1970

    friend bool operator==(const object_row&, const object_row&) = default;
};

// "pending", "uploaded", "failed".
std::string_view name(object_row::fate state);

}  // namespace engine
