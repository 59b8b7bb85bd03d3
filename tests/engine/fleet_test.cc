// Which databases a fleet takes on at its start, and under which names.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <filesystem>

#include "engine/engine.h"
#include "io/directory_store.h"
#include "tests/support/real_environment.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"

namespace {

using namespace std::chrono_literals;
using kind = engine::target::what;
using what = engine::event::what;

class fleet_test : public testing::Test {
protected:
    tests::temp_directory dir;
    tests::real_environment world;
    std::unique_ptr<io::directory_store> store;
    std::vector<engine::event> events;
    engine::options settings;

    fleet_test() {
        settings.state_directory = dir.file("state");
        settings.lock_directory = dir.file("locks");
        settings.who = "the test";
        open_store("store");
    }

    void open_store(const std::string& name) {
        store.reset();
        auto opened = world.run(io::directory_store::open(world.env, dir.file(name), io::directory_store::access::write));
        store = std::move(*opened);
    }

    std::string create(const std::string& name) {
        std::filesystem::create_directories(std::filesystem::path(dir.file(name)).parent_path());
        tests::app(dir.file(name)).run("PRAGMA journal_mode=WAL; CREATE TABLE t(x)");
        return dir.file(name);
    }

    void want(kind is, const std::string& name, const std::string& path) { settings.targets.push_back({is, name, path, {}}); }

    // Runs an engine, until `streams` are in step or it refuses.
    io::result<void> run(std::size_t streams) {
        events.clear();
        engine::engine fleet(world.env, *store, settings);
        std::size_t attached = 0;
        fleet.on_event([&](const engine::event& e) {
            events.push_back(e);
            attached += e.kind == what::attached ? 1 : 0;
            if (attached >= streams && (streams > 0 || e.kind == what::watching)) fleet.stop();
        });
        return world.run(fleet.run());
    }

    std::vector<std::string> attached() const {
        std::vector<std::string> out;
        for (const auto& e : events) {
            if (e.kind == what::attached) out.push_back(e.stream);
        }
        std::sort(out.begin(), out.end());
        return out;
    }

    std::size_t stored_streams() { return world.run(store->children(""))->size(); }
};

void expect_clash(const io::result<void>& end) {
    ASSERT_FALSE(end.has_value());
    EXPECT_EQ(end.error().about, io::subject::usage);
    EXPECT_NE(end.error().context.find("NAME=PATH"), std::string::npos) << end.error().context;
}

TEST_F(fleet_test, of_two_named_databases_with_one_name_none_is_followed) {
    want(kind::file, "", create("a/app.db"));
    want(kind::file, "", create("b/app.db"));
    expect_clash(run(1));
    EXPECT_EQ(stored_streams(), 0U);
}

TEST_F(fleet_test, nothing_is_followed_if_one_that_is_named_cannot_be) {
    want(kind::file, "", create("a/app.db"));
    want(kind::file, "", dir.file("missing.db"));
    const auto end = run(1);
    ASSERT_FALSE(end.has_value());
    EXPECT_EQ(end.error().code, io::errc::not_found);
    EXPECT_EQ(end.error().about, io::subject::database);
    EXPECT_EQ(stored_streams(), 0U);
}

TEST_F(fleet_test, a_clash_of_databases_in_directories_is_refused) {
    create("a/app.db");
    create("b/app.db");
    want(kind::directory, "", dir.file("a"));
    want(kind::directory, "", dir.file("b"));
    expect_clash(run(1));
    EXPECT_EQ(stored_streams(), 0U);
    settings.targets[1].name = "second";
    ASSERT_TRUE(run(2).has_value());
    EXPECT_EQ(attached(), (std::vector<std::string>{"app.db", "second/app.db"}));
}

TEST_F(fleet_test, a_file_that_only_looks_like_a_database_takes_nobodys_name) {
    create("a/app.db");
    std::filesystem::create_directories(dir.file("b"));
    ASSERT_TRUE(io::write_file(world.env.files, dir.file("b/app.db"), io::bytes(1024, 'x')).has_value());
    for (const char* order : {"ab", "ba"}) {
        SCOPED_TRACE(order);
        settings.targets.clear();
        want(kind::directory, "", dir.file(std::string(1, order[0])));
        want(kind::directory, "", dir.file(std::string(1, order[1])));
        ASSERT_TRUE(run(1).has_value());
        EXPECT_EQ(attached(), std::vector<std::string>{"app.db"});
    }
}

TEST_F(fleet_test, a_store_inside_a_watched_directory_is_not_searched) {
    create("data/app.db");
    open_store("data/backup");
    create("data/backup/not-ours.db");
    settings.excluded.push_back(dir.file("data/backup"));
    want(kind::directory, "", dir.file("data"));
    ASSERT_TRUE(run(1).has_value());
    EXPECT_EQ(attached(), std::vector<std::string>{"app.db"});
}

TEST_F(fleet_test, a_directory_without_databases_is_waited_for) {
    std::filesystem::create_directories(dir.file("empty"));
    want(kind::directory, "", dir.file("empty"));
    ASSERT_TRUE(run(0).has_value());
    ASSERT_EQ(events.size(), 1U);
    EXPECT_NE(events[0].text.find("no database yet"), std::string::npos);
}

TEST_F(fleet_test, E7_settings_of_one_stream_in_a_directory_are_obeyed) {
    tests::app db(create("data/app.db"));
    want(kind::directory, "", dir.file("data"));
    settings.targets[0].settings.min_interval = 0s;
    settings.overrides["app.db"].checkpoint_bytes = 64U << 10U;  // without it the log is not handed off before it has 4 MiB
    engine::engine fleet(world.env, *store, settings);
    bool handed_off = false;
    fleet.on_event([&](const engine::event& e) {
        if (e.kind == what::attached) db.run("INSERT INTO t VALUES(zeroblob(200000))");
        handed_off = handed_off || e.kind == what::handed_off;
        if (handed_off) fleet.stop();
    });
    const auto give_up = [&]() -> io::task<void> {
        co_await io::sleep_for(world.env.time, 20s);
        fleet.stop();
    };
    boost::asio::co_spawn(world.loop(), give_up(), boost::asio::detached);
    ASSERT_TRUE(world.run(fleet.run()).has_value());
    EXPECT_TRUE(handed_off);
}

TEST(stream_changes, replace_only_what_they_say) {
    engine::stream_changes changes;
    changes.min_interval = 10s;
    changes.snapshot_interval = 0s;
    engine::stream_options base;
    base.checkpoint_bytes = 128U << 10U;
    const auto both = changes.over(base);
    EXPECT_EQ(both.min_interval, io::duration(10s));
    EXPECT_EQ(both.snapshot_interval, io::duration(0s));
    EXPECT_EQ(both.checkpoint_bytes, 128U << 10U);
    EXPECT_EQ(both.batch_bytes, base.batch_bytes);
}

}  // namespace
