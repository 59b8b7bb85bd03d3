// Puts one object into the store and does not come back before its fate is known: durable, or a reason why it never will be.
// A write is repeated only where repeating is safe: every put is create-if-absent, and whoever finds the name taken reads the object
// back and learns from its writer's epoch and its checksum whether it is his own, whose reply was lost.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/budgets.h"
#include "engine/outgoing.h"
#include "io/environment.h"
#include "io/object_store.h"
#include "io/semaphore.h"
#include "io/wakeup.h"
#include "ltx/format.h"

namespace engine {

// A store that says no for good, whatever is tried: access denied, an invalid or too large object, a precondition that is not ours, a
// bucket that is not there. Of a store in a directory that is access_denied (EACCES, EPERM) and invalid (a name that the file system
// does not take); everything else of a store may pass, a full or read-only disk included.
bool is_refusal(const io::error& e);

class shipper {
public:
    // Called when the store starts to fail (with the error) and when it works again (success). What is passed by reference must outlive it.
    using listener = std::function<void(const io::result<void>&)>;
    // Awaited before each put and commit, which only take place if it succeeds: whether the stream is still ours. Overtaken is for good.
    using guard = std::function<io::task<io::result<void>>()>;
    // Called when an object begins to wait for its share of the memory (true), and when that is over.
    using waiting = std::function<void(bool)>;
    shipper(const io::environment& env, io::object_store& store, budgets& shares, listener on_trouble, guard before_put, waiting on_memory);

    // When to stop trying; none: never. Asked after each failure and whenever nudge() is called.
    using limit = std::function<std::optional<io::instant>()>;

    // Returns when the object is durable. Each try first waits for its shares of memory and puts, and gives them back at its end. Tries again, with back-off, while the store fails in a way that may pass, until `deadline`
    // has come: then that last error. Errors for good: overtaken if the name is taken by another writer's object (B10), or if the guard says so;
    // gap if it is taken by an object of ours that is another one, or of an owner before us, that was still on its way: the stream does not
    // end where it was thought to; a refusal (is_refusal); the source's own errors.
    io::task<io::result<void>> ship(outgoing object, limit deadline);

    // Ends a wait between two tries.
    void nudge();

private:
    bool is_over(const limit& deadline) const;
    io::task<std::optional<io::semaphore::permit>> wait_for(io::semaphore& from, std::size_t units, const limit& deadline);
    io::task<io::result<void>> put_once(const outgoing& object, const limit& deadline);
    enum class taker { itself, ours_or_before, another };
    io::task<io::result<taker>> who_took(const outgoing& object);

    const io::environment& env_;
    io::object_store& store_;
    budgets& shares_;
    listener on_trouble_;
    guard before_put_;
    waiting on_memory_;
    io::wakeup nudged_;
    std::uint64_t file_checksum_ = 0;  // of the object being shipped, from its last bytes
    std::uint64_t size_ = 0;
};

}  // namespace engine
