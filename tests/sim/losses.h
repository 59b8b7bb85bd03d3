// What becomes of the engine's own files while it is dead: lost, cut, damaged, of another version, or put back as they were earlier; and what
// whoever looks after the host does then, as the documentation says. What it must tell of that by itself is held against it.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "tests/sim/scenario.h"
#include "tests/sim/station.h"

namespace sim {

enum class loss { state_gone, state_cut, state_bits, state_version, identity_gone, identity_cut, identity_bit, sums_gone, shadow_gone, cache_gone, all_gone, keep, state_back, all_back };

std::string_view words(loss what);

class losses {
public:
    // All by reference must outlive this. `to`: the state directory's engine. `stored`: what the store holds under a key; empty: nothing.
    losses(world& in, station& to, prng dice, std::function<std::string(const std::string& key)> stored) : all_(in), at_(to), dice_(dice), stored_(std::move(stored)) {}

    // The engine is dead; but for `keep`, which makes the copy that is put back later.
    void happen(loss what);
    void on_event(const engine::event& e);
    // The newest life has ended.
    void on_end();

private:
    // What the next life has to tell of a loss.
    struct debt {
        std::size_t life = 0;
        bool of_state_db = false;
        std::set<std::string> taken_over;  // streams that are in the store, and were the lost identity's
        std::set<std::string> anew;        // and those of which nothing is remembered
    };
    void damage(loss what);
    void put_back(bool everything);
    bool has_run_since() const;
    void owe(loss what);
    void settle(const engine::event& e);
    void decide(const std::string& why);

    world& all_;
    station& at_;
    prng dice_;
    std::function<std::string(const std::string& key)> stored_;
    host* shelf_ = nullptr;  // where the copy is
    debt owed_;
    std::set<std::string> confirmed_;  // streams of which something was
    bool changed_ = false;            // the identity was lost, or is an earlier one, at some time
    bool set_back_ = false;           // the state directory is older than what has run since: nothing may be shipped
};

}  // namespace sim
