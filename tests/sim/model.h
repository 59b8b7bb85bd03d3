// The truth about one database, kept by its application and independent of the engine: every state that a transaction may have left, by the
// transaction's own id, which is part of the database.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "tests/sim/sqlite.h"

namespace sim {

// What a database holds: the id of the transaction that wrote it last, and a hash over every row.
struct state {
    std::uint64_t id = 0;
    std::uint64_t hash = 0;
    friend bool operator==(const state&, const state&) = default;
};

class model {
public:
    enum class fate {
        unknown,    // its process died, or lost power, between the beginning of the commit and its end
        committed,
        undone,     // rolled back: no copy of the database may ever show it
    };
    struct known {
        std::uint64_t hash = 0;
        std::uint64_t order = 0;  // in which transactions held the write lock
        fate what = fate::unknown;
        std::int64_t begun_ms = 0;  // when its commit began, by its host's clock
    };

    // Before the commit, with the write lock held.
    void attempt(const state& next, std::int64_t now_ms) { states_[next.id] = {next.hash, ++newest_, fate::unknown, now_ms}; }
    void decide(std::uint64_t id, bool committed) {
        known& one = states_[id];
        one.what = committed ? fate::committed : fate::undone;
        if (committed) newest_committed_ = std::max(newest_committed_, one.order);
    }
    const known* find(std::uint64_t id) const {
        const auto at = states_.find(id);
        return at == states_.end() ? nullptr : &at->second;
    }
    // What was committed may be gone: its application did not ask for more than synchronous=NORMAL, and the power was lost.
    void doubt_the_newest() { newest_committed_ = 0; }
    // The order of the newest transaction that is certain to be in the database; 0: none.
    std::uint64_t newest_committed() const { return newest_committed_; }

private:
    std::map<std::uint64_t, known> states_;
    std::uint64_t newest_ = 0;
    std::uint64_t newest_committed_ = 0;
};

// The tables of an application's database.
void create_tables(sqlite& db);
// The bytes that a row of the number `seed` has.
std::string content_of(std::uint64_t seed, std::uint64_t most_bytes);
// In a transaction of its own, if none is open. Empty text in `broken`, or what is wrong: `whole` reads every byte of every row, and
// has SQLite check the file.
state read_state(sqlite& db, bool whole, std::string& broken);

}  // namespace sim
