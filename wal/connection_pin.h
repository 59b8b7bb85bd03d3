// The pin made of connections, safe in a process that has others to the same database. Two connections take turns, so that the pin moves
// and is handed off without a moment in which nothing is held; a handoff opens a third.
//
// A connection pins the log if it began to read before a look at the wal-index that shows frames which are not backfilled. Either it
// stands on a mark above 0, and nobody restarts the log before all those marks are free (SQLite, wal.c: walRestartLog); or it stands on
// mark 0, and nobody backfills while that one is held (walCheckpoint), without which nobody restarts.
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
    void let_go() override;
    io::result<void> advance() override;
    io::result<handoff> hand_off(const drain& before) override;

    // The connection that is the pin now, for reading the file.
    connection& holder() const { return *held_; }
    // The wal-index; has it mended if a writer died in the middle of changing it. Errors: connection::index()'s; busy if a writer was
    // stopped there and does not go on (SQLite waits about 10 s for it).
    io::result<wal_index> index();

private:
    io::result<void> prepare();
    io::result<bool> move_to(std::unique_ptr<connection>& next);
    io::result<handoff> try_to_take(const drain& before, std::uint64_t& locked_ns);
    io::result<handoff> try_to_hand_off(const drain& before, std::uint64_t& locked_ns);
    io::result<bool> backfill_under_lock(std::unique_ptr<connection>& third);
    io::result<handoff> restart_under_lock(const wal_index& before);

    std::string path_;
    int busy_ms_;
    std::unique_ptr<connection> held_;   // holds the pin
    std::unique_ptr<connection> other_;  // takes the write lock, and the pin next
    std::uint32_t moved_to_ = 0;         // the newest frame when the pin got its mark; 0: the mark may be an older one
    std::uint32_t refused_at_ = 0;       // the newest frame, our own, after a restart that a reader of the application was in the way of
};

}  // namespace wal
