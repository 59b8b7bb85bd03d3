#include "tests/sim/points.h"

namespace sim {

namespace {

constexpr io::duration patience = std::chrono::seconds(4);

}  // namespace

points::points(world& in) : all_(in) { io::listen_at_points(this); }

points::~points() { io::listen_at_points(nullptr); }

void points::doom(process_id who) { doomed_ = doomed{who, all_.loop.now(), all_.stream(fmt::format("doom {}", ++dooms_)).next()}; }

void points::spare() {
    doomed_.reset();
    fatal_.clear();
}

// Whether who runs now is to die there.
bool points::is_fatal(std::string_view failpoint) {
    const process_id who = all_.loop.running();
    if (who == the_world || !all_.loop.is_alive(who)) return false;
    if (const auto here = fatal_.find(failpoint); here != fatal_.end() && all_.of(who).name == "engine") {
        fatal_.erase(here);
        return true;
    }
    if (!doomed_ || who != doomed_->who) return false;
    prng coin(doomed_->coins, failpoint);
    if (!coin.chance(150) && all_.loop.now() < doomed_->since + patience) return false;
    doomed_.reset();
    return true;
}

// A body that blocks stops here for ever. An operation of the event loop goes on up to its next wait, and nothing that it does reaches the world:
// files are only touched by bodies, and stores look who asks.
void points::passed(std::string_view failpoint) {
    if (!is_fatal(failpoint)) return;
    process& victim = all_.of(all_.loop.running());
    all_.note("{} dies at {}", victim.name, failpoint);
    marks_.insert(fmt::format("died at {}", failpoint));
    all_.kill(victim);
    all_.loop.post(the_world, [this, &victim] { on_death(victim); });
    all_.bodies.never();
}

bool points::fires(std::string_view name) {
    if (!firing) return false;
    auto at = points_.find(name);
    if (at == points_.end()) {
        point made{all_.stream(fmt::format("point {}", name)), 0};
        constexpr std::uint64_t rates[] = {20, 100, 400, 1000};
        if (made.dice.chance(250)) made.rate = rates[made.dice.below(4)];
        at = points_.emplace(std::string(name), made).first;
    }
    if (!at->second.dice.chance(at->second.rate)) return false;
    marks_.insert(fmt::format("fired {}", name));
    return true;
}

// Destructors promise things, too: nothing may be thrown from here.
void points::broken(std::string_view promise) {
    all_.loop.post(the_world, [this, why = fmt::format("not true: {}", promise)] { all_.fail(why); });
}

}  // namespace sim
