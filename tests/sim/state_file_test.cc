#include "tests/sim/state_file.h"

#include <gtest/gtest.h>

#include "engine/state_store.h"
#include "tests/sim/world.h"

namespace {

using namespace std::chrono_literals;

constexpr const char* path = "/state/state.db";

struct place {
    sim::world all{1};
    sim::process& who = all.start(all.add_host("a"), "engine");
    sim::disk& disk = who.machine.disk;

    // Opens a state.db, writes a row of each TXID, each in a transaction of its own, calls `then` before it is closed.
    void write(std::uint64_t most, const std::function<void()>& then) {
        const auto work = [&]() -> io::task<void> {
            auto state = co_await engine::state_store::open(who.env, "/state", "sim://store", "a test");
            if (!state) all.fail(state.error().context);
            for (std::uint64_t txid = 1; txid <= most; ++txid) {
                engine::memo row;
                row.stream = "db";
                row.txid = txid;
                (*state)->put(row);
                engine::object_row object;
                object.name = {0, {txid, txid}};
                object.size = 10 * txid;
                (*state)->put("db", object);
                if (!co_await (*state)->flush()) all.fail("not written");
            }
            then();
        };
        all.run(who, work(), 1h);
    }
};

TEST(state_file, is_read_with_its_log_while_it_is_open_and_when_it_is_closed) {
    place here;
    EXPECT_FALSE(sim::read_state_file(here.disk, path).has_value());
    const auto check = [&] {
        const auto rows = sim::read_state_file(here.disk, path);
        ASSERT_TRUE(rows.has_value());
        ASSERT_EQ(rows->streams.size(), 1U);
        EXPECT_EQ(rows->streams[0].txid, 7U);
        ASSERT_EQ(rows->objects.size(), 7U);
        EXPECT_EQ(rows->objects[6].second.size, 70U);
    };
    here.write(7, [&] {
        int problem = 0;
        ASSERT_GT(here.disk.find(std::string(path) + "-wal", problem)->now.size(), 4096U) << "else nothing of the log was read";
        check();
    });
    check();
}

TEST(state_file, a_transaction_of_the_log_that_is_torn_does_not_count) {
    place here;
    here.write(7, [&] {
        int problem = 0;
        auto log = here.disk.find(std::string(path) + "-wal", problem);
        log->now.all()[log->now.size() - 1] ^= 1U;
        const auto rows = sim::read_state_file(here.disk, path);
        ASSERT_TRUE(rows.has_value());
        ASSERT_EQ(rows->streams.size(), 1U);
        EXPECT_EQ(rows->streams[0].txid, 6U);
        log->now.all()[log->now.size() - 1] ^= 1U;
    });
}

TEST(state_file, a_row_without_its_seal_does_not_count_and_what_is_no_database_is_none) {
    place here;
    here.write(1, [] {});
    int problem = 0;
    const auto file = here.disk.find(path, problem);
    const std::string_view name = "sim://store";
    const auto all = file->now.all();
    auto at = std::search(all.begin(), all.end(), name.begin(), name.end());
    for (; at != all.end(); at = std::search(at, all.end(), name.begin(), name.end())) *at = 'S';
    const auto rows = sim::read_state_file(here.disk, path);
    ASSERT_TRUE(rows.has_value());
    EXPECT_TRUE(rows->streams.empty());
    EXPECT_TRUE(rows->objects.empty());
    all[0] = 'x';
    EXPECT_FALSE(sim::read_state_file(here.disk, path).has_value());
}

}  // namespace
