// Blocking code in the simulated world: an application, or what the engine gives to io::offload. Several bodies of several processes run
// at once in virtual time; each gives way where it sleeps, and nowhere else.
#pragma once

#include <deque>
#include <functional>

#include "io/offload.h"
#include "tests/sim/prng.h"
#include "tests/sim/scheduler.h"

namespace sim {

class threads {
public:
    explicit threads(scheduler& on) : on_(on) {}

    // Runs `body` as `who` from a later step on. What it throws ends the run: scheduler::step() throws it.
    void start(process_id who, std::function<void()> body);
    // Lets that much virtual time pass (zero: others that are ready may run first). Does nothing outside of such code, where there is
    // nobody to give way to: on the event loop.
    void sleep(io::duration how_long);
    // Does not go on, for its process was killed. Does nothing outside of such code.
    void never();

private:
    scheduler& on_;
};

// The pool of one process: so many bodies at once, the rest wait in order. Each begins a little later than it was asked for.
class offload final : public io::offload {
public:
    offload(scheduler& on, threads& bodies, process_id who, std::size_t workers, prng dice)
        : on_(on), bodies_(bodies), who_(who), workers_(workers), free_(workers), dice_(dice) {}

    // Bodies that run or wait for their turn.
    std::size_t busy() const { return workers_ - free_ + waiting_.size(); }

protected:
    io::task<void> run(std::function<void()> work) override;

private:
    void pump();

    scheduler& on_;
    threads& bodies_;
    process_id who_;
    std::size_t workers_;
    std::size_t free_;
    prng dice_;
    std::deque<std::function<void()>> waiting_;
};

}  // namespace sim
