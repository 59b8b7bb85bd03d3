// The engine: follows databases, ships every commit to the store, snapshots, and keeps what it needs to go on after any end.
// A host embeds it: make an io::environment and a store, construct, co_await run(), call stop() to end.
//
//   engine::engine fleet(env, store, options);
//   io::result<void> end = co_await fleet.run();
//
// All calls on the event loop's thread (env.on). `env` and `store` must outlive the engine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/live_compare.h"
#include "engine/memo.h"
#include "engine/options.h"
#include "io/environment.h"
#include "io/object_store.h"

namespace engine {

// What happens, for logs, tests and webhooks. The engine does not log what it tells: whoever listens does, one line an event. What goes on
// for a while (a store that is down, a full disk) is told once when it begins, not at every try; `recovered` says that it is over.
struct event {
    enum class what {
        watching,        // everything named is open: run() will not refuse to start any more; of no stream
        attached,        // the stream is in step with its database
        confirmed,       // `txid` is durable in the store
        snapshot,        // a snapshot at `txid` is durable
        handed_off,      // the log was restarted without a gap; `text` says how long the write lock was held
        reanchored,      // continuity was lost: loud; `text` says why
        detached,        // the database went away or cannot be followed for now; `text` says why
        failing,         // the store refuses or does not answer; it is tried again
        stopped,         // the stream ended for good (overtaken, ...); the others go on
        spilled,         // the store is behind: frames of the log were copied to local segments; `text` says how many bytes
        wal_over_limit,  // the log is longer than wal_limit and cannot be handed off; `text` says how long and why
        disk_low,        // disk_limit or disk_reserve is reached: nothing is spilled and the log grows; `text` says where and how much is left.
                         // Of no stream: state.db cannot be written
        upload_failed,   // an object was refused for good and is kept on local disk; `text` names it and says why
        halted,          // nothing of the stream is shipped until a restart or `retry`: it would be around a hole; `text` says why
        overtaken,       // another writer has the stream; `text` says who. `stopped` follows
        corruption,      // a file here or in the store is not what it must be; `text` names it and says what was done about it
        recovered,       // what `failing`, `halted`, `wal_over_limit` or `disk_low` told of is over; `text` says what was
        took_over,       // the stream was another writer's and is ours now; `text` says whose and why
    };
    what kind = what::confirmed;
    std::string stream;      // empty for what is of no stream: watching, and disk_low or corruption that are of the whole state directory
    std::uint64_t txid = 0;  // the newest durable TXID of the stream
    std::string text;
};

class engine {
public:
    engine(const io::environment& env, io::object_store& store, options settings);
    ~engine();
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;

    // Called on the event loop's thread for each event. Set it before run().
    void on_event(std::function<void(const event&)> listener);

    // Follows everything until stop(). Returns an error at once, and nothing is followed, if the settings are wrong (invalid: a name
    // clash, a bad name), the state directory cannot be used or is held by another engine, or a database named as a file cannot be
    // followed as things stand: missing, not a database, not in WAL mode, watched by another process (held, naming it); errors
    // carry the subject that is the exit code. Later troubles of one database are its own: events, and its memo's `problem`.
    // After stop(): success if everything captured became durable within options.drain_limit, else the error that says what did not.
    // Once: a second call is a bug.
    io::task<io::result<void>> run();

    // Stop capturing, ship what was captured, confirm, end. May be called at any time, repeatedly.
    void stop();

    // Makes a snapshot of a followed stream at its newest state and returns its TXID. not_found (subject::usage) for a name that is
    // not followed; else as the store says.
    io::task<io::result<std::uint64_t>> snapshot(std::string stream);

    // Returns the stream's newest durable TXID once every commit made before this call is durable: a commit barrier. Does not wait for
    // min_interval, but for the store as long as that takes: the caller's patience is the caller's. not_found (subject::usage) for a name
    // that is not followed; canceled if the stream cannot be followed for now, has halted or stopped, or does so before.
    io::task<io::result<std::uint64_t>> flush(std::string stream);

    // Tries an object again that the store has refused for good (event::halted), and returns its TXID once it is durable; if the stream
    // is not halted, its newest durable TXID. not_found (subject::usage) for a name that is not followed; else as the store says.
    io::task<io::result<std::uint64_t>> retry(std::string stream);

    // Reads the live database, once everything committed before is durable, and compares every page with what was shipped; writes nothing but, as
    // snapshot() does, perhaps an object that changes nothing. Meanwhile the log is not handed off. Memory: 8 bytes a page. Says
    // nothing of the store itself: verify() does. Errors as snapshot(). A difference is a `corruption` event, too.
    io::task<io::result<live_comparison>> compare(std::string stream);

    // One entry a stream, by name. Of streams that are followed now.
    std::vector<memo> status() const;

private:
    class fleet;
    std::unique_ptr<fleet> fleet_;
};

}  // namespace engine
