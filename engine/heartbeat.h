// This host's sign of life in the store: begun with the first stream that asks for it, renewed each third of a lease, ended with a last beat.
// It also finds out whether another process uses a copy of this state directory. All calls on the event loop's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/identity.h"
#include "engine/lease_state.h"
#include "engine/options.h"
#include "io/environment.h"
#include "io/object_store.h"
#include "io/semaphore.h"
#include "io/wakeup.h"

namespace engine {

class heartbeat {
public:
    // All by reference must outlive this. `settings`: state_directory, lease, take_over, host, who. `on_copied` is called once, when it is
    // found that another process lives under our identity: nothing may be shipped from then on (copied() says so, too).
    heartbeat(const io::environment& env, io::object_store& store, const options& settings, std::function<void(const io::error&)> on_copied);

    // Reads or draws the identity. Errors: the state directory's.
    io::task<io::result<void>> open();
    std::uint64_t identity() const { return self_.writer; }
    std::uint64_t nonce() const { return nonce_; }

    // Returns when this process has shown itself in the store; at once from then on. In a directory that was moved or copied since the last process
    // ran, which did not say that it ended, it waits up to a lease first, to see whether that one lives. Errors: the store's (try again); held
    // (subject::store) if this state directory is a copy, or older than what has run since: unless take_over, which draws a new identity then;
    // canceled by stop_waiting().
    io::task<io::result<void>> begin();
    void stop_waiting();
    // Shows this process in the store if it could not for a lease: what a copy of this state directory did meanwhile no owner record tells. Errors:
    // the store's; copied()'s.
    io::task<io::result<void>> reappear();
    // For who met an object that only a process with our identity can have written: looks for that one at once.
    io::task<void> refresh();
    // Renews until stop(); then says that nothing will be written any more, if the streams have ended before.
    io::task<void> run();
    void stop();
    io::task<void> end();

    const std::optional<io::error>& copied() const { return copied_; }
    // Whether a stream that looked for its owner at `looked` must look again before it ships.
    bool must_look(io::instant looked) const { return lease_.must_look(now(), looked); }

private:
    moment now() const { return {env_.time.now(), env_.time.wall_ms()}; }
    host_beat document() const;
    io::task<io::result<std::optional<host_beat>>> read(std::string key);
    io::task<io::result<void>> begin_session();
    io::task<io::result<bool>> another_lives(host_beat last);
    io::task<io::result<bool>> take_session();
    io::task<io::result<void>> beat();
    io::error copy_error(const host_beat& other) const;

    const io::environment& env_;
    io::object_store& store_;
    const options& settings_;
    std::function<void(const io::error&)> on_copied_;
    writer_identity self_;
    std::uint64_t nonce_;
    std::uint64_t beats_ = 0;
    lease_state lease_;
    io::semaphore turn_;  // begin() by one at a time
    bool begun_ = false;
    bool failing_ = false;
    std::optional<io::error> copied_;
    bool moved_ = false;  // the state directory is not where it was
    bool stopping_ = false;
    bool waiting_over_ = false;
    io::wakeup wake_;     // run()
    io::wakeup hurry_;    // begin()
};

}  // namespace engine
