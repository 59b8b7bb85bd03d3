// Locks of SQLite on one file, as fcntl(2) gives them to processes: by connection here, for connections of one process keep each other out,
// too. A process that closes some other descriptor of the file loses all of them, silently; one that dies, too.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tests/sim/scheduler.h"

namespace sim {

// Of a database file: SQLITE_LOCK_NONE (0), SHARED (1), RESERVED (2), PENDING (3), EXCLUSIVE (4).
class database_locks {
public:
    // False: somebody is in the way. A refused EXCLUSIVE leaves PENDING, which keeps new readers out.
    bool raise(const void* connection, process_id who, int level);
    void lower(const void* connection, int level);
    int level_of(const void* connection) const;
    // Whether anybody has RESERVED or more.
    bool reserved() const;
    void drop(process_id who);
    bool holds(process_id who) const;

private:
    struct holder {
        const void* connection;
        process_id who;
        int level;
    };
    bool anybody_else(const void* connection, int least) const;

    std::vector<holder> holders_;
};

// Of a wal-index: eight slots, each shared by many or exclusively one's.
class index_locks {
public:
    static constexpr int slots = 8;
    // All of [first, first + count) or none of it.
    bool lock(const void* connection, process_id who, int first, int count, bool exclusive);
    void unlock(const void* connection, int first, int count);
    void drop(process_id who);
    bool holds(process_id who) const;

private:
    struct holder {
        const void* connection;
        process_id who;
        bool exclusive;
    };
    std::array<std::vector<holder>, slots> held_;
};

}  // namespace sim
