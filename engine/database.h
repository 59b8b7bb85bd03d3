// The driver of one database: attaches, then captures, ships, confirms, snapshots and hands off until told to stop; attaches again
// when continuity is lost or the database went away and came back. One coroutine, one object in flight; what comes next is decided
// by database_state. All calls on the event loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/attachment.h"
#include "engine/database_state.h"
#include "engine/discovery.h"
#include "engine/engine.h"
#include "engine/replica.h"
#include "engine/shipper.h"
#include "engine/state_store.h"
#include "io/task_group.h"

namespace engine {

// What all drivers share. Owned by the fleet; outlives them.
struct surroundings {
    const io::environment& env;
    io::object_store& store;
    state_store& state;
    const options& settings;
    std::function<void(const event&)> tell;
    std::function<void()> state_changed;  // state.db has something to write
};

class database {
public:
    database(surroundings& around, candidate what);
    ~database();

    const std::string& stream() const { return memo_.stream; }
    const std::string& path() const { return what_.path; }
    const memo& status() const { return memo_; }

    // Opens and pins the database for the first time, so that a caller can refuse to start. Errors: subject::database (missing, not a
    // database, not in WAL mode, held by another process, ...). Optional; run() does it otherwise.
    io::task<io::result<void>> open();

    // Follows the database until stop(); success if everything captured is durable then, else the reason. A stream that ended for
    // good (overtaken) returns success after its event, for the others go on.
    io::task<io::result<void>> run();

    // Something may have been written, or the file came or went.
    void on_change();
    void stop();

    // Returns the TXID once the snapshot is durable.
    io::task<io::result<std::uint64_t>> snapshot();

private:
    // Attaching (database_attach.cc).
    io::task<io::result<void>> attach();
    io::task<io::result<void>> send_pending();
    io::task<io::result<remote_view>> look_at_store();
    io::task<io::result<void>> catch_up_sums(const remote_view& remote);
    io::task<io::result<void>> carry_out(const attach_decision& plan, const remote_view& remote);
    io::task<io::result<void>> ship_image(bool as_snapshot, bool only_changes, const remote_view& remote, std::uint64_t txid);
    void remember(std::uint64_t txid, std::uint32_t page_count, std::uint64_t post, std::int64_t durable_ms);

    // Following (database.cc).
    io::task<io::result<void>> follow();
    io::task<io::result<void>> capture();
    io::task<io::result<void>> hand_off();
    void start_snapshot();
    io::task<void> make_snapshot(std::shared_ptr<object_encoder> image, std::uint64_t txid);
    io::task<io::result<void>> ship(unsigned level, std::shared_ptr<object_encoder> object);
    io::task<io::result<void>> confirm(std::shared_ptr<object_encoder> object, wal::position after, bool more);
    ltx::header next_header(std::uint64_t txid, std::uint32_t commit) const;

    void show(std::string state, std::string problem);
    bool drained_too_long() const;

    surroundings& around_;
    const io::environment& env_;
    candidate what_;
    replica replica_;
    shipper shipper_;
    shipper snapshot_shipper_;
    io::wakeup wake_;
    io::task_group children_;
    std::unique_ptr<attachment> at_;
    std::unique_ptr<database_state> next_;
    memo memo_;
    bool changed_ = false;
    bool stopping_ = false;
    io::instant stop_by_{};
    struct waiting_snapshot {
        io::wakeup done;
        bool answered = false;
        io::result<std::uint64_t> outcome = std::uint64_t{0};
        waiting_snapshot(io::clock& time, io::executor on) : done(time, std::move(on)) {}
    };
    std::vector<std::shared_ptr<waiting_snapshot>> asked_;     // wait for the next snapshot
    std::vector<std::shared_ptr<waiting_snapshot>> answering_; // wait for the one being made
};

}  // namespace engine
