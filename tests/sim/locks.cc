#include "tests/sim/locks.h"

#include <algorithm>

namespace sim {

namespace {

constexpr int shared = 1;
constexpr int reserved_level = 2;
constexpr int pending = 3;
constexpr int exclusive_level = 4;

}  // namespace

bool database_locks::anybody_else(const void* connection, int least) const {
    return std::any_of(holders_.begin(), holders_.end(), [&](const auto& one) { return one.connection != connection && one.level >= least; });
}

int database_locks::level_of(const void* connection) const {
    for (const auto& one : holders_) if (one.connection == connection) return one.level;
    return 0;
}

bool database_locks::reserved() const { return anybody_else(nullptr, reserved_level); }

bool database_locks::raise(const void* connection, process_id who, int level) {
    if (level_of(connection) >= level) return true;
    const auto set = [&](int to) {
        for (auto& one : holders_) {
            if (one.connection == connection) return void(one.level = to);
        }
        holders_.push_back({connection, who, to});
    };
    if (level == shared) {
        if (anybody_else(connection, pending)) return false;
        set(shared);
        return true;
    }
    if (anybody_else(connection, reserved_level)) return false;
    if (level == exclusive_level && anybody_else(connection, shared)) {
        set(pending);
        return false;
    }
    set(level);
    return true;
}

void database_locks::lower(const void* connection, int level) {
    for (auto& one : holders_) if (one.connection == connection) one.level = std::min(one.level, level);
    std::erase_if(holders_, [](const auto& one) { return one.level == 0; });
}

void database_locks::drop(process_id who) {
    std::erase_if(holders_, [&](const auto& one) { return one.who == who; });
}

bool database_locks::holds(process_id who) const {
    return std::any_of(holders_.begin(), holders_.end(), [&](const auto& one) { return one.who == who; });
}

bool index_locks::lock(const void* connection, process_id who, int first, int count, bool exclusive) {
    for (int slot = first; slot < first + count; ++slot) {
        for (const auto& one : held_[static_cast<std::size_t>(slot)]) {
            if (one.connection != connection && (exclusive || one.exclusive)) return false;
        }
    }
    unlock(connection, first, count);
    for (int slot = first; slot < first + count; ++slot) held_[static_cast<std::size_t>(slot)].push_back({connection, who, exclusive});
    return true;
}

void index_locks::unlock(const void* connection, int first, int count) {
    for (int slot = first; slot < first + count; ++slot) {
        std::erase_if(held_[static_cast<std::size_t>(slot)], [&](const auto& one) { return one.connection == connection; });
    }
}

void index_locks::drop(process_id who) {
    for (auto& slot : held_) std::erase_if(slot, [&](const auto& one) { return one.who == who; });
}

bool index_locks::holds(process_id who) const {
    return std::any_of(held_.begin(), held_.end(), [&](const auto& slot) { return std::any_of(slot.begin(), slot.end(), [&](const auto& one) { return one.who == who; }); });
}

}  // namespace sim
