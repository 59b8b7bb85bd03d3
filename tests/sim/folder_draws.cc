#include "tests/sim/folder_draws.h"

#include <algorithm>

namespace sim {

namespace {

constexpr std::uint64_t minute = 60'000;  // ms
constexpr std::uint64_t hour = 60 * minute;
constexpr std::uint64_t day = 24 * hour;

io::duration ms(std::uint64_t count) { return std::chrono::milliseconds(count); }

void draw_acts(scenario& to, prng& dice) {
    using what = folder_act::what;
    constexpr what kinds[] = {what::create, what::create, what::create, what::write, what::write, what::remove, what::remove, what::replace, what::replace, what::rename, what::clash, what::remove_folder, what::abandon};
    const std::uint64_t count = 8 + dice.below(14);
    for (std::uint64_t i = 0; i < count; ++i) {
        // Most of them early, so that what is gone then is gone for longer than it is remembered.
        const std::uint64_t at = dice.chance(600) ? dice.below(7 * day) : dice.below(39 * day);
        to.acts.push_back({kinds[dice.below(std::size(kinds))], ms(at), dice.below(place_count)});
    }
    for (std::uint64_t i = 0; i < 3; ++i) to.acts.push_back({what::create, ms(minute + dice.below(hour)), dice.below(place_count)});
    std::sort(to.acts.begin(), to.acts.end(), [](const auto& a, const auto& b) { return std::tuple(a.at, a.kind, a.place) < std::tuple(b.at, b.kind, b.place); });
}

// At an act, or at any time.
void draw_mishaps(scenario& to, prng& dice) {
    using what = mishap::what;
    constexpr what kinds[] = {what::kill_engine, what::kill_engine, what::stop_engine, what::store_down, what::store_down, what::kill_at_point};
    const std::uint64_t count = dice.below(12);
    for (std::uint64_t i = 0; i < count; ++i) {
        const io::duration act = to.acts[dice.below(to.acts.size())].at;
        const io::duration at = dice.chance(700) ? std::max(act + ms(dice.below(20'000)) - ms(10'000), io::duration{}) : ms(dice.below(39 * day));
        mishap one{kinds[dice.below(std::size(kinds))], at, {}, 0};
        if (one.kind == what::store_down) one.lasts = ms(dice.chance(500) ? dice.below(minute) : dice.below(6 * hour));
        to.mishaps.push_back(one);
    }
}

}  // namespace

std::string_view words(folder_act::what kind) {
    constexpr std::string_view names[] = {"create", "write", "remove", "replace", "rename", "clash", "remove folder of", "abandon"};
    return names[static_cast<int>(kind)];
}

void draw_folders(scenario& to, std::uint64_t seed) {
    if (to.name != "directories") return;
    prng dice(seed, "late directories");
    to.folders = true;
    to.directory = to.network = false;
    to.mishaps.clear();
    to.trouble = ms(40 * day);
    to.lease = ms(hour);
    to.sweep = ms(hour + dice.below(3 * hour));
    to.stream.snapshot_interval = dice.chance(500) ? io::duration{} : ms(hour + dice.below(10 * day));
    to.stream.wal_limit = dice.chance(500) ? 64U << 10U : to.stream.wal_limit;
    to.cache_bytes = dice.chance(400) ? 1U << 20U : 0;
    to.points = dice.chance(300);
    if (dice.chance(300)) to.events.lost_rate = dice.below(400'000);
    if (dice.chance(300)) to.store.reply_lost = dice.below(50'000);
    for (auto& one : to.applications) one.most_pause = std::min(one.most_pause, ms(300));
    draw_acts(to, dice);
    draw_mishaps(to, dice);
}

}  // namespace sim
