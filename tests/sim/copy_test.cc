#include "tests/sim/copy.h"

#include <gtest/gtest.h>

#include "tests/sim/world.h"

namespace {

using namespace std::chrono_literals;

// Two hosts with a process on each. Calls that are made outside of blocking code give way to nobody.
struct pair {
    explicit pair(std::uint64_t seed = 1) : all(seed) {}

    static void write(sim::process& who, const std::string& path, const std::string& text) {
        (void)who.files.make_directories(io::parent_of(path));
        auto file = who.files.open(path, io::open_mode::create);
        ASSERT_TRUE(file.has_value()) << path;
        ASSERT_TRUE((*file)->write_at(0, io::view_of(text)).has_value());
    }
    static std::string read(sim::process& who, const std::string& path) {
        auto all = io::read_file(who.files, path, 1U << 20U);
        return all ? std::string(io::text_of(*all)) : "none";
    }
    void copy(const std::string& path) { sim::copy_tree(from.disk, to.disk, path); }

    sim::world all;
    sim::host &from = all.add_host("a"), &to = all.add_host("b");
    sim::process &here = all.start(from, "here"), &there = all.start(to, "there");
};

TEST(copy, everything_below_a_directory_and_nothing_beside_it) {
    pair p;
    p.write(p.here, "/x/data/db1", "one");
    p.write(p.here, "/x/data/sub/db2", "two");
    p.write(p.here, "/x/data/empty", "");
    p.write(p.here, "/x/database", "beside");
    ASSERT_TRUE(p.here.files.set_modified("/x/data/db1", 12'345).has_value());
    p.write(p.there, "/x/data/db1", "what was there, and longer");
    p.copy("/x/data");
    EXPECT_EQ(p.read(p.there, "/x/data/db1"), "one");
    EXPECT_EQ(p.read(p.there, "/x/data/sub/db2"), "two");
    EXPECT_EQ(p.read(p.there, "/x/data/empty"), "");
    EXPECT_EQ(p.read(p.there, "/x/database"), "none");
    EXPECT_EQ(p.there.files.status("/x/data/db1")->modified_ms, 12'345);
}

TEST(copy, one_file_or_nothing_if_there_is_none) {
    pair p;
    p.write(p.here, "/x/y/one", "one");
    p.write(p.here, "/x/y/two", "two");
    p.copy("/x/y/one");
    EXPECT_EQ(p.read(p.there, "/x/y/one"), "one");
    EXPECT_EQ(p.read(p.there, "/x/y/two"), "none");
    p.write(p.there, "/z", "kept");
    p.copy("/z");
    EXPECT_EQ(p.read(p.there, "/z"), "kept");
}

TEST(copy, is_as_of_one_instant) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        pair p(seed);
        p.from.disk.habits.pause_rate = p.to.disk.habits.pause_rate = 1'000'000;  // whoever can give way does
        bool over = false, ended = false;
        p.all.bodies.start(p.here.id, [&] {
            int number = 0;
            while (!over) {
                ++number;
                p.write(p.here, "/data/a", fmt::format("{:06}", number));
                p.write(p.here, "/data/b", fmt::format("{:06}", number));
            }
            ended = true;
        });
        p.all.bodies.start(p.there.id, [&] {
            for (int i = 0; i < 20; ++i) {
                p.all.bodies.sleep(7ms);
                p.copy("/data");
                const auto content = [&](const std::string& path) {
                    int problem = 0;
                    const auto file = p.to.disk.find(path, problem);
                    return file && file->now.size() != 0 ? std::stoi(std::string(io::text_of(file->now.all()))) : -1;
                };
                const int a = content("/data/a"), b = content("/data/b");
                if (a >= 0 && b >= 0) EXPECT_TRUE(a == b || a == b + 1) << a << " " << b;
            }
            over = true;
        });
        p.all.run([&] { return ended; }, 1h);
        EXPECT_NE(p.read(p.there, "/data/a"), "none");
    }
}

TEST(copy, what_is_written_to_either_afterwards_does_not_reach_the_other) {
    pair p;
    p.write(p.here, "/data/db1", "one");
    p.write(p.here, "/data/db2", "two");
    auto open = p.here.files.open("/data/db1", io::open_mode::create);
    ASSERT_TRUE(open.has_value());
    p.copy("/data");
    ASSERT_TRUE((*open)->write_at(0, io::view_of("ONE")).has_value());
    p.write(p.here, "/data/db3", "three");
    ASSERT_TRUE(p.here.files.rename("/data/db2", "/data/db4").has_value());
    EXPECT_EQ(p.read(p.there, "/data/db1"), "one");
    EXPECT_EQ(p.read(p.there, "/data/db2"), "two");
    EXPECT_EQ(p.read(p.there, "/data/db3"), "none");
    p.write(p.there, "/data/db1", "another");
    ASSERT_TRUE(p.there.files.remove("/data/db2").has_value());
    EXPECT_EQ(p.read(p.here, "/data/db1"), "ONE");
    EXPECT_EQ(p.read(p.here, "/data/db4"), "two");
}

TEST(copy, is_durable_at_once_and_leaves_its_source_as_it_was) {
    bool lost = false;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        pair p(seed);
        p.write(p.here, "/data/sub/db1", "one");
        p.copy("/data");
        p.all.lose_power(p.to);
        sim::process& again = p.all.start(p.to, "again");
        ASSERT_EQ(p.read(again, "/data/sub/db1"), "one") << seed;
        p.all.lose_power(p.from);
        lost |= p.read(p.all.start(p.from, "again"), "/data/sub/db1") != "one";
    }
    EXPECT_TRUE(lost) << "nobody has synced it";
}

TEST(copy, remove_tree_removes_just_what_is_below_and_durably) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        pair p(seed);
        for (const char* path : {"/x/data/db1", "/x/data/sub/db2", "/x/data2", "/x/dat", "/x/one", "/x/two"}) p.write(p.here, path, "text");
        p.from.disk.sync_everything();
        sim::remove_tree(p.from.disk, "/x/data");
        sim::remove_tree(p.from.disk, "/x/one");
        sim::remove_tree(p.from.disk, "/x/never");
        p.all.lose_power(p.from);
        sim::process& again = p.all.start(p.from, "again");
        std::vector<std::string> left;
        const auto listed = again.files.list("/x");
        ASSERT_TRUE(listed.has_value());
        for (const auto& each : *listed) left.push_back(each.name);
        EXPECT_EQ(left, (std::vector<std::string>{"dat", "data2", "two"})) << seed;
        EXPECT_EQ(p.read(again, "/x/data2"), "text");
    }
}

}  // namespace
