// A stack of its own for code that blocks: SQLite, and what the engine does in io::offload. In the simulation it runs on the one thread
// there is, gives it back where it would block, and is resumed when virtual time has passed, so that the blocking code of several processes
// really interleaves.
#pragma once

#include <functional>
#include <memory>

namespace sim {

class fiber {
public:
    // Runs `body`, which does not throw, on a stack from the pool until it suspends or ends. Returns null if it has ended already; else
    // the fiber, to be resumed.
    static fiber* start(std::function<void()> body);
    // Goes on where it suspended, until it suspends again or ends. False: it has ended and is gone.
    static bool resume(fiber* one);
    // Back to whoever started or resumed; from inside a fiber only.
    static void suspend();
    // The one that runs now; null outside of all.
    static fiber* self();

private:
    struct machine;
    explicit fiber(std::unique_ptr<machine> how);
    void main();
    static bool enter(fiber* one);

    std::unique_ptr<machine> how_;
    std::function<void()> body_;
};

}  // namespace sim
