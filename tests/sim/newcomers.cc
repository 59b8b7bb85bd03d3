// How a simulation comes to have further hosts: copies of what an earlier one has, made while everything runs.
#include "tests/sim/copy.h"
#include "tests/sim/simulation.h"

namespace sim {

using namespace std::chrono_literals;

void simulation::expect(std::size_t newcomer) {
    const sim::newcomer& one = what_.newcomers[newcomer];
    if (one.from >= stations_.size() || stations_[one.from]->who() == nullptr) {  // that one is being made itself
        all_.loop.at(all_.loop.now() + 500ms, the_world, [this, newcomer] { expect(newcomer); });
        return;
    }
    const bool goes_on = one.origin == newcomer::fate::goes_on || stations_[one.from]->is_retired();
    if (goes_on) arrive(newcomer, false);
    else make_room(newcomer);
}

// What runs on the host that it comes from is ended for good.
void simulation::make_room(std::size_t newcomer) {
    const sim::newcomer& one = what_.newcomers[newcomer];
    station& from = *stations_[one.from];
    std::size_t writing = 0;
    for (auto& of : streams_) {
        copy* const its = copy_on(of, from.machine());
        if (its == nullptr) continue;
        if (one.origin == newcomer::fate::moved) its->app->stop();
        else its->app->kill();
        writing += its->app->running();
    }
    if (writing == 0) {
        from.retire();
        if (one.origin == newcomer::fate::moved) from.stop();
        if (one.origin == newcomer::fate::killed) out_.deaths += from.kill();
        if (one.origin == newcomer::fate::frozen) {
            from.freeze();
            all_.loop.at(all_.loop.now() + what_.lease / 2 + dice_.below(3) * what_.lease, the_world, [&from] { from.thaw(); });
        }
    }
    const bool over = writing == 0 && (one.origin == newcomer::fate::frozen || from.is_over());
    if (over) arrive(newcomer, true);
    else all_.loop.at(all_.loop.now() + 50ms, the_world, [this, newcomer] { make_room(newcomer); });
}

void simulation::arrive(std::size_t newcomer, bool instead) {
    const sim::newcomer& one = what_.newcomers[newcomer];
    station& from = *stations_[one.from];
    host& on = all_.add_host(fmt::format("host {}", newcomer + 2));
    on.disk.habits = what_.disk;
    on.events = what_.events;
    if (newcomer + 1 < what_.drifts.size()) on.clocks.drift_ppm = what_.drifts[newcomer + 1];
    all_.note("{} gets {} of {}, which {}", on.name, one.clone ? "everything" : "the databases", from.machine().name, instead ? "has ended" : "goes on");
    stations_.push_back(std::make_unique<station>(all_, on, around_, dice_, one.take_over));
    station& here = *stations_.back();
    // One that wakes up goes its own way: it may come to have a stream that it never had, when its owner has ended.
    const bool same = instead && one.origin != newcomer::fate::frozen;
    for (auto& of : streams_) {
        copy* const its = copy_on(of, from.machine());
        if (its == nullptr) continue;
        const std::string path = its->app->path();
        for (const char* tail : {"", "-wal"}) copy_tree(from.machine().disk, on.disk, path + tail);
        auto truth = same ? its->app->shared_truth() : std::make_shared<model>(its->app->truth());
        auto line = same ? its->its : std::make_shared<simulation::line>();
        auto app = std::make_unique<application>(all_, on, path, its->app->habits(), all_.stream("application " + of.name + " of " + on.name), std::move(truth));
        of.copies.push_back({here, std::move(app), std::move(line)});
    }
    if (one.clone) {
        copy_tree(from.machine().disk, on.disk, "/state");
        clones_.insert(&on);
    }
    if (one.held_up.count() != 0) server_.hold_up(from.machine(), one.held_up);
    set_up(one, here);
}

// A database of its own, perhaps; then everything on it begins.
void simulation::set_up(const newcomer& one, station& here) {
    application* own = nullptr;
    if (one.own) {
        const std::string name = "db of " + here.machine().name;
        streams_.push_back({name, {}, {}, 0});
        auto app = std::make_unique<application>(all_, here.machine(), "/data/" + name, what_.applications[0], all_.stream("application " + name));
        own = app.get();
        streams_.back().copies.push_back({here, std::move(app), std::make_shared<line>()});
    }
    process& founder = all_.start(here.machine(), "founder");
    all_.bodies.start(founder.id, [this, own, &here, &one, &founder] {
        if (!founder.files.make_directories("/data")) all_.fail("no directory");
        if (own != nullptr) own->create();
        all_.loop.post(the_world, [this, &here, &one] {
            if (one.quiet.count() == 0) start_writers(here);
            else all_.loop.at(all_.loop.now() + one.quiet, the_world, [this, &here] { start_writers(here); });
            here.start();
            --expected_;
        });
    });
}

void simulation::start_writers(station& here) {
    for (auto& of : streams_) {
        copy* const its = here.is_retired() ? nullptr : copy_on(of, here.machine());
        for (std::uint64_t i = 0; its != nullptr && i < what_.writers; ++i) its->app->start();
    }
}

}  // namespace sim
