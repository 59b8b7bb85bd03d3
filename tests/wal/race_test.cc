// The pin against real other processes that write, checkpoint in every mode, close, and are killed: no committed frame may pass unseen.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <thread>

#include "tests/support/process.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"
#include "tests/wal/application.h"
#include "tests/wal/follower.h"

namespace {

using clock_type = std::chrono::steady_clock;
using outcome = wal::handoff::outcome;

struct race {
    const char* name;
    unsigned writers;
    tests::habits how;
    int page_size;
    bool kills;  // SIGKILL, at any moment
};

class pin_race : public testing::TestWithParam<race> {};

// Reads on and off, hands off, kills, until enough happened; then everything stops and the captured image is compared, row by row.
TEST_P(pin_race, A3_A5_every_frame_ever_committed_is_captured) {
    const race& r = GetParam();
    tests::temp_directory dir;
    const std::string path = dir.file("app.db");
    tests::create_numbers(path, r.page_size);
    std::vector<tests::process> writers;
    unsigned seed = 1;
    for (unsigned i = 0; i < r.writers; ++i) writers.push_back(tests::start_application(path, seed++, r.how));

    tests::follower us(path);
    std::mt19937 dice(7);
    const auto until = clock_type::now() + std::chrono::milliseconds(2500);
    const auto at_the_latest = until + std::chrono::seconds(60);
    unsigned handed_off = 0, refused = 0, kills = 0, rounds = 0;
    std::uint64_t longest = 0;
    while (clock_type::now() < until || (handed_off < 3 && clock_type::now() < at_the_latest)) {
        ++rounds;
        us.capture();
        longest = std::max(longest, us.position().offset);
        if (dice() % 2 == 0) us.advance();
        if (dice() % 4 == 0) (us.hand_off().what == outcome::handed_off ? handed_off : refused)++;
        if (r.kills && dice() % 8 == 0) {
            auto& victim = writers[dice() % writers.size()];
            victim.kill();
            victim = tests::start_application(path, seed++, r.how);
            ++kills;
        }
        if (rounds % 64 == 0) us.count_numbers(dir.file("image.db"));
        std::this_thread::sleep_for(std::chrono::microseconds(dice() % 3000));  // how often the engine comes by is not ours to choose
    }
    for (auto& each : writers) each.close_in();
    for (auto& each : writers) EXPECT_EQ(each.wait(), 0);
    us.capture();
    EXPECT_EQ(us.dump_image(dir.file("image.db")), tests::dump(path));
    EXPECT_GE(handed_off, 3U) << "refused " << refused;

    auto locked = us.locked_ns();
    std::sort(locked.begin(), locked.end());
    std::printf("%s: %u rounds, %llu frames, %lld rows, %u handed off, %u refused, %u kills; longest log %llu KiB; writers kept out "
                "for %.2f ms (median), %.2f ms (longest)\n",
                r.name, rounds, static_cast<unsigned long long>(us.frames()), static_cast<long long>(us.count_numbers(dir.file("image.db"))),
                handed_off, refused, kills, static_cast<unsigned long long>(longest >> 10U),
                static_cast<double>(locked[locked.size() / 2]) / 1e6, static_cast<double>(locked.back()) / 1e6);
}

// Taken anew each time, in whatever state the log is: between generations, empty, backfilled, or left by a writer that was killed.
TEST_P(pin_race, A3_once_taken_the_log_is_pinned_at_once) {
    const race& r = GetParam();
    tests::temp_directory dir;
    const std::string path = dir.file("app.db");
    tests::create_numbers(path, r.page_size);
    unsigned seed = 100;
    std::vector<tests::process> writers;
    for (unsigned i = 0; i < r.writers; ++i) writers.push_back(tests::start_application(path, seed++, r.how));
    std::mt19937 dice(8);
    std::uint64_t frames = 0;
    const auto until = clock_type::now() + std::chrono::milliseconds(1500);
    for (int round = 0; round < 3 || (round < 30 && clock_type::now() < until); ++round) {
        if (r.kills) {
            auto& victim = writers[dice() % writers.size()];
            victim.kill();
            victim = tests::start_application(path, seed++, r.how);
        }
        tests::follower us(path);
        for (int reads = 0; reads < 4; ++reads) {
            std::this_thread::sleep_for(std::chrono::microseconds(dice() % 8000));  // for writers to do what they like
            us.capture();
        }
        us.count_numbers(dir.file("image.db"));
        frames += us.frames();
    }
    EXPECT_GT(frames, 0U);
}

constexpr const char* all_modes = "PASSIVE,FULL,RESTART,TRUNCATE";

INSTANTIATE_TEST_SUITE_P(
    applications, pin_race,
    testing::Values(race{"calm", 1, {.checkpoints = "PASSIVE", .pause_us = 500}, 4096, false},
                    race{"all_modes", 3, {.checkpoints = all_modes, .checkpoint_chance = 60, .pause_us = 1000}, 4096, false},
                    race{"autocheckpoint_always", 2, {.checkpoints = "PASSIVE", .checkpoint_chance = 0, .autocheckpoint = 1, .pause_us = 300}, 1024, false},
                    race{"connection_per_statement", 2, {.checkpoints = "TRUNCATE", .reopen_chance = 1000, .pause_us = 300}, 4096, false},
                    race{"killed", 3, {.checkpoints = all_modes, .checkpoint_chance = 60, .reopen_chance = 50, .pause_us = 300}, 512, true}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
