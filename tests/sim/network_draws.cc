#include "tests/sim/network_draws.h"

namespace sim {

namespace {

io::duration us(std::uint64_t count) { return std::chrono::microseconds(count); }

}  // namespace

void draw_network(scenario& to, prng& dice) {
    to.network = true;
    network_habits& wires = to.wires;
    wires.least_latency = us(50 + dice.below(2000));
    wires.most_latency = wires.least_latency + us(dice.below(100'000));
    // Enough for what the applications write.
    wires.bytes_per_ms = dice.chance(200) && !to.large ? 50 + dice.below(1000) : 10'000 + dice.below(100'000);
    wires.most_piece = dice.chance(200) ? 20 + dice.below(500) : 1000 + dice.below(64'000);
    wires.window = 4000 + dice.below(300'000);
    const auto maybe = [&dice](std::uint64_t& rate, std::uint64_t most) { if (dice.chance(350)) rate = dice.below(most); };
    maybe(wires.unresolved, 50'000);
    maybe(wires.refused, 50'000);
    maybe(wires.unanswered, 30'000);
    maybe(wires.reset, 30'000);
    maybe(wires.silent, 15'000);
    maybe(wires.stalled, 30'000);
    maybe(wires.unheard, 1'000'000);
    maybe(to.http.closes, 200'000);
    if (dice.chance(300)) to.http.least_idle = us(200'000 + dice.below(3'000'000));
    if (dice.chance(300)) to.http.most_idle = to.http.least_idle;
    if (dice.chance(500)) to.http.most_listed = 1 + dice.below(40);
    to.patience = std::chrono::seconds(dice.chance(500) ? 10 : 2 + dice.below(60));
}

void grow_large(scenario& to, prng& dice) {
    application_habits& one = to.applications.front();
    one.page_size = dice.chance(500) ? 65536 : 4096;
    one.most_rows = 150;
    one.most_bytes = 200'000;
    one.most_changes = 8;
    one.most_pause = std::chrono::milliseconds(200);
    to.applications.resize(1);
    to.large = true;
    to.stream.snapshot_interval = std::chrono::seconds(5 + dice.below(15));
}

void draw_store_faults(scenario& to, prng& dice) {
    for (int each = static_cast<int>(store_fault::request_timeout); each <= static_cast<int>(store_fault::truncated); ++each) {
        const auto what = static_cast<store_fault>(each);
        // After these a stream waits for an operator: often they would leave nothing to look at.
        const bool for_good = what == store_fault::denied || what == store_fault::no_bucket || what == store_fault::not_implemented;
        const std::uint64_t most = for_good ? 4000 : what == store_fault::conflict || what == store_fault::error_in_200 ? 300'000 : 50'000;
        if (dice.chance(for_good ? 100 : 300)) to.store.faults.push_back({what, 1 + dice.below(most), {}});
    }
}

std::string network_words(const scenario& of) {
    return fmt::format("; http, {} to {} us, {} bytes a ms, pieces of {}, window {}, {}/{}/{}/{}/{}/{}/{} per million, pages of {}, closes {}, idle {} to {} ms, patience {} s",
                       of.wires.least_latency.count() / 1000, of.wires.most_latency.count() / 1000, of.wires.bytes_per_ms, of.wires.most_piece, of.wires.window,
                       of.wires.unresolved, of.wires.refused, of.wires.unanswered, of.wires.reset, of.wires.silent, of.wires.stalled, of.wires.unheard,
                       of.http.most_listed, of.http.closes, of.http.least_idle.count() / 1'000'000, of.http.most_idle.count() / 1'000'000,
                       of.patience.count() / 1'000'000'000);
}

}  // namespace sim
