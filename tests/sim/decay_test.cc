// Disks that forget, and disks that are slow.
#include <gtest/gtest.h>

#include <bit>

#include "tests/sim/world.h"

namespace {

using namespace std::chrono_literals;

struct place {
    explicit place(std::uint64_t seed) : all(seed) {}

    void make(const std::string& path, std::size_t size) {
        int problem = 0;
        for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) (void)disk.make_directory(path.substr(0, at));
        const auto node = disk.open(path, true, true, problem);
        node->write(0, io::bytes(size, 0));
        node->sync();
    }
    // Bits that are set in it: as it is, and as it would be after a loss of power.
    std::pair<int, int> bits(const std::string& path) {
        int problem = 0;
        const auto node = disk.find(path, problem);
        const auto count = [](io::byte_view of) {
            int out = 0;
            for (const auto each : of) out += std::popcount(each);
            return out;
        };
        return {count(node->now.all()), count(node->durable)};
    }

    sim::world all;
    sim::process& who = all.start(all.add_host("a"), "engine");
    sim::disk& disk = who.machine.disk;
};

TEST(decay, rot_flips_one_bit_of_one_file_that_was_asked_for_and_a_loss_of_power_does_not_heal_it) {
    int first = 0, second = 0;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        place here(seed);
        for (const char* path : {"/state/sums/a", "/state/shadow/b/1", "/state/lock", "/data/db1"}) here.make(path, 100);
        here.make("/state/sums/empty", 0);
        here.disk.rot({"/state/sums/", "/state/shadow/"});
        const auto a = here.bits("/state/sums/a");
        const auto b = here.bits("/state/shadow/b/1");
        EXPECT_EQ(a.first + b.first, 1);
        EXPECT_EQ(a.second + b.second, 1);
        first += a.first;
        second += b.first;
        for (const char* path : {"/state/lock", "/data/db1"}) EXPECT_EQ(here.bits(path), std::pair(0, 0));
        here.disk.sync_everything();
        here.disk.lose_power();
        EXPECT_EQ(here.bits("/state/sums/a").first + here.bits("/state/shadow/b/1").first, 1);
    }
    EXPECT_GT(first, 5);
    EXPECT_GT(second, 5);
}

TEST(decay, rot_of_what_was_never_synced_is_there_until_the_power_is_lost) {
    place here(1);
    int problem = 0;
    const auto node = here.disk.open("/a", true, true, problem);
    here.disk.sync_everything();
    node->write(0, io::bytes(100, 0));
    here.disk.rot({"/a"});
    EXPECT_EQ(here.bits("/a"), std::pair(1, 0));
}

TEST(decay, rot_finds_nothing_where_nothing_is) {
    place here(1);
    here.make("/data/db1", 100);
    here.disk.rot({"/state/"});
    EXPECT_EQ(here.bits("/data/db1"), std::pair(0, 0));
}

// How long so many syncs and writes take.
io::duration work(place& here) {
    const io::instant begun = here.all.loop.now();
    bool ended = false;
    here.all.bodies.start(here.who.id, [&] {
        auto file = here.who.files.open("/f", io::open_mode::create);
        for (std::uint64_t i = 0; i < 100; ++i) {
            if (!(*file)->write_at(i, io::view_of("x")) || !(*file)->sync()) here.all.fail("no file");
        }
        ended = true;
    });
    here.all.run([&] { return ended; }, 1h);
    return here.all.loop.now() - begun;
}

TEST(decay, a_slow_disk_takes_its_time_for_syncs_and_pauses_and_is_quick_again) {
    place here(1);
    const io::duration quick = work(here);
    const sim::disk_habits good = here.disk.habits;
    here.disk.habits.sync_time = 700ms;
    here.disk.habits.most_pause = 20ms;
    const io::duration slow = work(here);
    here.disk.habits = good;
    const io::duration again = work(here);
    EXPECT_LT(quick, 1s);
    EXPECT_GT(slow, 20s) << "100 syncs of 350 ms on average";
    EXPECT_LT(slow, 70s + 5s);
    EXPECT_LT(again, 1s);
}

TEST(decay, while_one_waits_for_a_slow_disk_others_go_on) {
    place here(1);
    here.disk.habits.sync_time = 10s;
    bool ended = false;
    int ticks = 0;
    here.all.bodies.start(here.who.id, [&] {
        auto file = here.who.files.open("/f", io::open_mode::create);
        for (int i = 0; i < 10; ++i) (void)(*file)->sync();
        ended = true;
    });
    const std::function<void()> tick = [&] {
        ++ticks;
        if (!ended) here.all.loop.at(here.all.loop.now() + 1s, sim::the_world, tick);
    };
    tick();
    here.all.run([&] { return ended; }, 1h);
    EXPECT_GT(ticks, 10);
}

}  // namespace
