// The pin made of connections, safe in a process that has others to the same database. A read transaction that holds a read mark above 0
// keeps everybody from restarting the log (SQLite, wal.c: walRestartLog needs all marks). Two connections take turns, so that the pin
// moves and is handed off without a moment in which nothing is held; a third does checkpoints.
#pragma once

#include <memory>
#include <string>

#include "wal/connection.h"
#include "wal/pin.h"

namespace wal {

class connection_pin final : public pin {
public:
    // `first` becomes the connection that `holder()` gives at the start.
    connection_pin(std::string path, int busy_ms, std::unique_ptr<connection> first);

    io::result<handoff> take(const drain& before) override;
    io::result<void> advance() override;
    io::result<handoff> hand_off(const drain& before) override;

    // The connection that is the pin now, for reading the file and the index.
    connection& holder() const { return *held_; }

private:
    io::result<void> prepare();
    io::result<bool> backfill_under_lock(connection& third, const wal_index& now);
    io::result<handoff> restart_under_lock(const wal_index& before, std::uint64_t locked_since);

    std::string path_;
    int busy_ms_;
    std::unique_ptr<connection> held_;   // holds the pin
    std::unique_ptr<connection> other_;  // takes the write lock, and the pin next
    std::uint32_t mark_at_most_ = 0;     // the pin's read mark is not above this frame
};

}  // namespace wal
