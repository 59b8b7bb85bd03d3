#include "tests/sim/points.h"

namespace sim {

namespace {

constexpr io::duration patience = std::chrono::seconds(4);

}  // namespace

points::points(world& in) : all_(in) { io::listen_at_points(this); }

points::~points() { io::listen_at_points(nullptr); }

void points::doom(process_id who) { doomed_ = doomed{who, all_.loop.now(), all_.stream(fmt::format("doom {}", ++dooms_)).next()}; }

// A body that blocks stops here for ever. An operation of the event loop goes on up to its next wait, and nothing that it does reaches the world:
// files are only touched by bodies, and stores look who asks.
void points::passed(std::string_view failpoint) {
    if (!doomed_ || all_.loop.running() != doomed_->who || !all_.loop.is_alive(doomed_->who)) return;
    prng coin(doomed_->coins, failpoint);
    if (!coin.chance(150) && all_.loop.now() < doomed_->since + patience) return;
    process& victim = all_.of(doomed_->who);
    doomed_.reset();
    all_.note("{} dies at {}", victim.name, failpoint);
    marks_.insert(fmt::format("died at {}", failpoint));
    all_.kill(victim);
    all_.loop.post(the_world, on_death);
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
