#include "tests/sim/disk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "tests/sim/file_system.h"

namespace {

// A disk with one process; calls are made outside of any blocking code, so nothing gives way.
struct machine {
    explicit machine(std::uint64_t seed) : loop(seed, history), who(loop.add_process()), bodies(loop), disk(7, bodies, history, sim::prng(seed, "disk")), files(disk, who) {}

    void write(const std::string& path, const std::string& text, bool sync = true) {
        auto file = files.open(path, io::open_mode::create);
        ASSERT_TRUE(file.has_value());
        ASSERT_TRUE((*file)->write_at(0, io::view_of(text)).has_value());
        if (sync) ASSERT_TRUE((*file)->sync().has_value());
    }
    std::string read(const std::string& path) {
        auto all = io::read_file(files, path, 1U << 30U);
        return all ? std::string(io::text_of(*all)) : "none";
    }

    sim::trace history;
    sim::scheduler loop;
    sim::process_id who;
    sim::threads bodies;
    sim::disk disk;
    sim::file_system files;
};

TEST(disk, what_was_synced_survives_a_loss_of_power_for_every_seed) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        machine m(seed);
        m.write("/a", "kept");
        ASSERT_TRUE(m.files.sync_directory("/").has_value());
        m.write("/a", "lost?", false);
        m.disk.lose_power();
        const std::string now = m.read("/a");
        ASSERT_TRUE(now == "kept" || now == "lost?") << now;
    }
}

TEST(disk, a_name_whose_directory_was_not_synced_may_be_gone) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        machine m(seed);
        m.write("/a", "first");
        ASSERT_TRUE(m.files.sync_directory("/").has_value());
        m.write("/b", "second");
        ASSERT_TRUE(m.files.rename("/b", "/a").has_value());
        m.disk.lose_power();
        seen.insert(m.read("/a") + " " + m.read("/b"));
    }
    EXPECT_TRUE(seen.contains("first second"));
    EXPECT_TRUE(seen.contains("second none"));
    for (const auto& each : seen) EXPECT_NE(each.substr(0, 4), "none") << "a rename took the old file away and did not bring the new one";
}

TEST(disk, unsynced_writes_are_torn_lost_and_reordered_by_sectors) {
    bool torn = false, reordered = false, all = false, none = false;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        machine m(seed);
        m.write("/a", std::string(2048, 'o'));
        ASSERT_TRUE(m.files.sync_directory("/").has_value());
        auto file = m.files.open("/a", io::open_mode::create);
        ASSERT_TRUE((*file)->write_at(0, io::view_of(std::string(1024, '1'))).has_value());
        ASSERT_TRUE((*file)->write_at(1024, io::view_of(std::string(1024, '2'))).has_value());
        m.disk.lose_power();
        const std::string now = m.read("/a");
        ASSERT_EQ(now.size(), 2048U);
        for (std::size_t sector = 0; sector < 4; ++sector) {
            ASSERT_EQ(std::count(now.begin() + static_cast<long>(512 * sector), now.begin() + static_cast<long>(512 * (sector + 1)), now[512 * sector]), 512);
        }
        torn |= now[0] != now[512];
        reordered |= now[0] == 'o' && now[512] == 'o' && now[1024] == '2';
        all |= now[0] == '1' && now[512] == '1' && now[1024] == '2' && now[1536] == '2';
        none |= now == std::string(2048, 'o');
    }
    EXPECT_TRUE(torn && reordered && all && none);
}

TEST(disk, a_mapping_shows_and_keeps_what_is_stored) {
    bool lost = false;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        machine m(seed);
        auto mapped = m.files.map("/sums", 4096);
        ASSERT_TRUE(mapped.has_value());
        ASSERT_TRUE(m.files.sync_directory("/").has_value());
        (*mapped)->bytes()[1000] = 'x';
        EXPECT_EQ(m.read("/sums")[1000], 'x');
        ASSERT_TRUE((*mapped)->sync().has_value());
        (*mapped)->bytes()[3000] = 'y';
        auto larger = m.files.map("/sums", 8192);
        ASSERT_TRUE(larger.has_value());
        EXPECT_EQ((*larger)->bytes()[3000], 'y');
        larger->reset();
        mapped->reset();
        EXPECT_EQ(m.files.open_now(), 0U);
        m.disk.lose_power();
        const std::string now = m.read("/sums");
        EXPECT_EQ(now[1000], 'x');
        lost |= now[3000] != 'y';
    }
    EXPECT_TRUE(lost);
}

TEST(disk, a_full_disk_says_so_and_has_room_again) {
    machine m(1);
    m.disk.habits.capacity = 1000;
    m.write("/a", std::string(900, 'a'));
    auto file = m.files.open("/b", io::open_mode::create);
    auto put = (*file)->write_at(0, io::view_of(std::string(200, 'b')));
    ASSERT_FALSE(put.has_value());
    EXPECT_EQ(put.error().code, io::errc::no_space);
    ASSERT_TRUE(m.files.remove("/a").has_value());
    EXPECT_TRUE((*file)->write_at(0, io::view_of(std::string(200, 'b'))).has_value());
    EXPECT_EQ(m.files.space("/")->free_bytes, 800U);
}

TEST(disk, a_lock_names_its_holder_and_ends_with_its_process) {
    machine m(1);
    const auto other_id = m.loop.add_process();
    sim::file_system other(m.disk, other_id);
    auto held = other.lock("/lock", "somebody, pid 17");
    ASSERT_TRUE(held.has_value());
    auto refused = m.files.lock("/lock", "us");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, io::errc::held);
    EXPECT_EQ(refused.error().context, "somebody, pid 17");
    m.loop.kill(other_id);
    m.disk.forget(other_id);
    EXPECT_TRUE(m.files.lock("/lock", "us").has_value());
}

TEST(disk, names_behave_as_names_do) {
    machine m(1);
    ASSERT_TRUE(m.files.make_directories("/a/b/c").has_value());
    m.write("/a/b/x", "x");
    EXPECT_EQ(m.files.open("/a/none", io::open_mode::read).error().code, io::errc::not_found);
    EXPECT_EQ(m.files.open("/a/b/x", io::open_mode::create_new).error().code, io::errc::already_exists);
    EXPECT_EQ(m.files.rename_if_absent("/a/b/x", "/a/b/c").error().code, io::errc::already_exists);
    EXPECT_EQ(m.files.remove("/a/b").error().code, io::errc::already_exists);
    EXPECT_EQ(m.files.make_directories("/a/b/x/y").error().code, io::errc::invalid);
    EXPECT_EQ(*m.files.resolve("/a/./b/../b/x"), "/a/b/x");
    const auto all = m.files.list("/a/b");
    ASSERT_EQ(all->size(), 2U);
    EXPECT_EQ((*all)[0].name, "c");
    EXPECT_EQ((*all)[1].kind, io::file_kind::regular);
    EXPECT_NE(m.files.status("/a/b/x")->identity, m.files.status("/a/b/c")->identity);
}

TEST(disk, errors_come_at_the_rate_that_was_asked_for_and_only_there) {
    machine m(1);
    ASSERT_TRUE(m.files.make_directories("/state").has_value());
    m.disk.habits.write_errors = 500'000;
    m.disk.habits.errors_below = "/state/";
    int failures = 0;
    auto there = m.files.open("/state/a", io::open_mode::create);
    while (!there) there = m.files.open("/state/a", io::open_mode::create);
    auto elsewhere = m.files.open("/b", io::open_mode::create);
    for (int i = 0; i < 100; ++i) {
        failures += !(*there)->write_at(0, io::view_of("x")).has_value();
        ASSERT_TRUE((*elsewhere)->write_at(0, io::view_of("x")).has_value());
    }
    EXPECT_GT(failures, 20);
    EXPECT_LT(failures, 80);
}

}  // namespace
