#include "tests/sim/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace sim {

scheduler::scheduler(std::uint64_t seed, trace& history) : dice_(seed, "scheduler"), history_(history), processes_(1) {}

// Everything that was started has ended by now, or was killed. What is left is destroyed, and what that enqueues, too.
scheduler::~scheduler() {
    while (!ready_.empty() || !timers_.empty()) {
        auto ready = std::exchange(ready_, {});
        auto timers = std::exchange(timers_, {});
        for (auto& one : ready) if (!is_alive(one->who)) bury(std::move(one));
        for (auto& [key, one] : timers) if (!is_alive(one->who)) bury(std::move(one));
    }
    shutdown();
    destroy();
}

process_id scheduler::add_process() {
    processes_.emplace_back();
    return static_cast<process_id>(processes_.size() - 1);
}

io::executor scheduler::executor_of(process_id who) { return executor_type(*this, who); }

// Kept reachable, so that a leak checker does not take it for a leak.
void scheduler::bury(std::unique_ptr<op> one) {
    static auto* const graveyard = new std::vector<std::unique_ptr<op>>();
    graveyard->push_back(std::move(one));
}

void scheduler::kill(process_id who) {
    process_state& dead = processes_[who];
    dead.alive = false;
    for (auto& one : dead.held) bury(std::move(one));
    dead.held.clear();
    for (auto& one : ready_) if (one->who == who) bury(std::move(one));
    std::erase_if(ready_, [](const auto& one) { return one == nullptr; });
    for (auto at = timers_.begin(); at != timers_.end();) {
        if (at->second->who == who) {
            bury(std::move(at->second));
            at = timers_.erase(at);
        } else {
            ++at;
        }
    }
}

std::size_t scheduler::pending(process_id who) const {
    const auto its = [who](const std::unique_ptr<op>& one) { return one->who == who; };
    const auto ready = std::count_if(ready_.begin(), ready_.end(), its);
    const auto timed = std::count_if(timers_.begin(), timers_.end(), [&](const auto& each) { return its(each.second); });
    return static_cast<std::size_t>(ready + timed) + processes_[who].held.size();
}

void scheduler::thaw(process_id who) {
    processes_[who].frozen = false;
    for (auto& one : std::exchange(processes_[who].held, {})) ready(std::move(one));
}

void scheduler::hurry(const timer_key& key) {
    auto found = timers_.extract(key);
    if (!found.empty()) ready(std::move(found.mapped()));
}

// To the next instant for which something is planned: all of it becomes ready.
bool scheduler::advance() {
    if (timers_.empty() || timers_.begin()->first.first == io::instant::max()) return false;
    now_ = timers_.begin()->first.first;
    steps_this_instant_ = 0;
    while (!timers_.empty() && timers_.begin()->first.first == now_) ready(std::move(timers_.extract(timers_.begin()).mapped()));
    return true;
}

void scheduler::tell_still() {
    if (still_.empty() || (!timers_.empty() && timers_.begin()->first.first == now_)) return;
    for (const auto& then : std::exchange(still_, {})) then();
}

bool scheduler::step() {
    if (ready_.empty()) tell_still();
    if (ready_.empty() && !advance()) return false;
    const std::size_t chosen = ready_.size() == 1 ? 0 : dice_.below(ready_.size());
    std::unique_ptr<op> one = std::move(ready_[chosen]);
    if (chosen + 1 != ready_.size()) ready_[chosen] = std::move(ready_.back());
    ready_.pop_back();
    ++steps_;
    if (++steps_this_instant_ > most_steps_an_instant) throw std::runtime_error(fmt::format("{} steps, and no time passes", most_steps_an_instant));
    history_.mix((std::uint64_t{one->who} << 32U) ^ chosen ^ static_cast<std::uint64_t>(now_.time_since_epoch().count()));
    process_state& whose = processes_[one->who];
    if (!whose.alive) {
        bury(std::move(one));
        return true;
    }
    if (whose.frozen) {
        whose.held.push_back(std::move(one));
        return true;
    }
    struct inside {
        scheduler& on;
        ~inside() {
            on.inside_ = false;
            on.running_ = the_world;
            on.depth_ = 0;
        }
    } guard{*this};
    inside_ = true;
    running_ = one->who;
    one->run();
    // An operation may end its own process.
    if (!processes_[one->who].alive) bury(std::move(one));
    return true;
}

}  // namespace sim
