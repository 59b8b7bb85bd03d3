// The store is down, or slow, while an application goes on writing: the log stays below its limit, and nothing is lost.
#include <atomic>
#include <cerrno>

#include "ltx/file_name.h"
#include "tests/engine/outage_world.h"

namespace {

using namespace std::chrono_literals;
using tests::what;
using tests::write_fate;

class spill : public tests::outage_world {
protected:
    bool has_copy(int level, std::uint64_t min, std::uint64_t max) const {
        const std::string name = std::to_string(level) + "/" + ltx::format_name(min, max);
        return std::ranges::any_of(files_in("cache"), [&](const auto& each) { return each.string().ends_with(name); });
    }
};

TEST_F(spill, A5_the_log_stays_below_its_limit_and_what_waited_is_shipped_in_order_in_few_objects) {
    begin();
    const std::size_t before = objects(0);
    begin_outage();
    write_through(3);
    EXPECT_EQ(count(what::spilled), 1U) << "once, not for every segment";
    EXPECT_GE(segments().size(), 3U);
    EXPECT_EQ(objects(0), before);
    const auto shown = running->status().at(0);
    EXPECT_EQ(shown.pressure, "spilling");
    EXPECT_GE(shown.shadow_bytes, 3 * limit);
    store_comes_back();
    commit();
    until([&] { return segments().empty() && running->status().at(0).shadow_bytes == 0; });
    EXPECT_EQ(running->status().at(0).pressure, "");
    stop();
    EXPECT_LE(objects(0), before + 8) << "of about fifteen commits";
    expect_all_back();
}

// The object in flight was captured from the log before it was restarted and overwritten.
TEST_F(spill, A5_an_object_in_flight_is_encoded_again_from_its_segment) {
    begin();
    begin_outage();
    write_through(2);
    const std::uint64_t txid = running->status().at(0).txid;
    store_comes_back();
    until([&] { return running->status().at(0).txid > txid; });
    until([&] { return segments().empty(); });
    stop();
    expect_all_back();
}

TEST_F(spill, A5_a_segment_that_takes_several_objects_stays_until_the_last_of_them_is_durable) {
    settings.targets[0].settings.batch_bytes = one_commit;
    begin();
    begin_outage();
    write_through(2);
    const std::size_t least = objects(0) + 2 * segments().size();
    store_comes_back();
    until([&] { return segments().empty(); });
    stop();
    EXPECT_GE(objects(0), least) << "each took several";
    expect_all_back();
}

TEST_F(spill, B7_a_database_that_shrinks_while_its_log_is_copied_comes_back_at_its_size) {
    begin();
    begin_outage();
    write_through(2);
    const std::size_t before = count(what::handed_off);
    db->run("DELETE FROM t WHERE id > 2; VACUUM; INSERT INTO t(x) VALUES('after it shrank')");
    spill_once();
    EXPECT_GT(count(what::handed_off), before);
    const std::int64_t pages = db->number("PRAGMA page_count");
    store_comes_back();
    commit();
    until([&] { return segments().empty(); });
    stop();
    expect_all_back();
    EXPECT_EQ(tests::app(restore()).number("PRAGMA page_count"), db->number("PRAGMA page_count"));
    EXPECT_GE(db->number("PRAGMA page_count"), pages);
}

// With the largest pages the frame that a restart leaves is as long as the shortest limit.
TEST_F(spill, a_log_of_the_one_frame_that_a_restart_leaves_is_not_copied_again) {
    settings.targets[0].settings.wal_limit = settings.targets[0].settings.checkpoint_bytes = 64U << 10U;
    tests::app(db_path).run("PRAGMA page_size=65536; VACUUM");
    begin();
    begin_outage();
    commit();
    until([&] { return count(what::handed_off) == 1; });
    const std::size_t tries = store->puts.size();
    until([&] { return store->puts.size() >= tries + 4; });  // the log is looked at meanwhile
    EXPECT_EQ(count(what::handed_off), 1U);
    EXPECT_EQ(segments().size(), 1U);
    store_comes_back();
    until([&] { return segments().empty(); });
    stop();
    expect_all_back();
}

TEST_F(spill, E1_segments_of_a_process_that_died_are_shipped_by_the_next_one) {
    settings.drain_limit = 100ms;
    begin();
    begin_outage();
    write_through(2);
    commit();
    running->stop();
    const io::error left = refusal();
    EXPECT_EQ(left.about, io::subject::store);
    EXPECT_NE(left.context.find("in segments on local disk, which the next start ships"), std::string::npos) << left.context;
    EXPECT_EQ(left.context.find(" 0 in segments"), std::string::npos) << left.context;
    EXPECT_GE(segments().size(), 2U);
    store_comes_back();
    start();
    until([&] { return attached() == 2; });
    commit();
    until([&] { return segments().empty(); });
    stop();
    expect_all_back(2);
}

TEST_F(spill, disk_limit_ends_the_spills_and_is_told_and_the_log_grows_until_the_store_is_back) {
    settings.disk_limit = 2 * limit;
    begin();
    store_goes_down();
    for (int i = 0; i < 200 && count(what::disk_low) == 0; ++i) {
        commit();
        world.loop().run_for(30ms);
    }
    ASSERT_EQ(count(what::disk_low), 1U);
    EXPECT_LE(running->status().at(0).shadow_bytes, 2 * limit);
    EXPECT_NE(running->status().at(0).pressure.find("disk limit"), std::string::npos);
    const std::size_t files_then = segments().size();
    for (int i = 0; i < 10; ++i) commit();
    world.loop().run_for(200ms);
    EXPECT_EQ(segments().size(), files_then);
    EXPECT_GT(log_bytes(), limit);
    store_comes_back();
    until([&] { return segments().empty() && count(what::recovered) >= 1; });
    stop();
    expect_all_back();
}

// Both are on local disk. What came before the newest snapshot may go; it and what follows may not.
TEST_F(spill, F8_copies_of_shipped_objects_count_and_those_that_may_go_make_room_for_segments) {
    settings.cache_bytes = 100U << 20U;
    settings.disk_limit = 12 * limit;
    begin();
    while (bytes_in("cache") < 6 * limit) commit_through();
    db->run("DELETE FROM t; VACUUM");
    std::optional<io::result<std::uint64_t>> made;
    auto ask = [&]() -> io::task<void> { made = co_await running->snapshot("app.db"); };
    boost::asio::co_spawn(world.loop(), ask(), boost::asio::detached);
    until([&] { return made.has_value(); });
    ASSERT_TRUE(made->has_value()) << made->error().context;
    const std::uint64_t first = last(what::confirmed).txid + 1;
    while (bytes_in("cache") < 10 * limit) commit_through();
    const std::uint64_t newest = last(what::confirmed).txid;
    until([&] { return has_copy(9, 1, **made) && has_copy(0, newest, newest) && has_copy(0, 2, 2); });
    begin_outage();
    for (int i = 0; i < 5; ++i) spill_once();
    EXPECT_LE(bytes_in("cache") + bytes_in("shadow"), settings.disk_limit);
    EXPECT_FALSE(has_copy(0, 2, 2)) << "the oldest copies went";
    EXPECT_EQ(count(what::disk_low), 0U);
    for (int i = 0; i < 400 && count(what::disk_low) == 0; ++i) {
        commit();
        world.loop().run_for(30ms);
    }
    EXPECT_EQ(count(what::disk_low), 1U);
    EXPECT_LE(bytes_in("cache") + bytes_in("shadow"), settings.disk_limit);
    EXPECT_TRUE(has_copy(9, 1, **made)) << "the newest snapshot never goes";
    for (std::uint64_t txid = first; txid <= newest; ++txid) EXPECT_TRUE(has_copy(0, txid, txid)) << "nor what comes after it: " << txid;
    store_comes_back();
    until([&] { return segments().empty() && count(what::recovered) >= 1; });
    stop();
    expect_all_back();
}

TEST_F(spill, A5_a_disk_that_is_full_loses_nothing_wherever_it_strikes) {
    begin();
    store_goes_down();
    std::atomic<int> calls = 0;
    std::atomic<int> failed = 0;
    files.spoil = [&](const std::string&, const std::string& path) {
        if (path.find("/shadow/") == std::string::npos || ++calls % 3 != 0) return 0;
        ++failed;
        return ENOSPC;
    };
    for (int i = 0; i < 60; ++i) {
        commit();
        world.loop().run_for(10ms);
    }
    EXPECT_GT(failed, 0);
    files.spoil = nullptr;
    store_comes_back();
    until([&] { return segments().empty() && running->status().at(0).state == "streaming"; });
    commit();
    stop();
    expect_all_back(count(what::attached));
}

// A reader of the application keeps the log from being restarted.
TEST_F(spill, wal_over_limit_is_told_when_a_reader_keeps_the_log_and_is_over_when_it_goes) {
    begin();
    commit();
    until([&] { return objects(0) >= 1; });
    tests::app reader(db_path);
    reader.run("BEGIN; SELECT count(*) FROM t");
    store_goes_down();
    for (int i = 0; i < 8; ++i) commit();
    until([&] { return count(what::wal_over_limit) == 1; });
    commit();
    reader.run("COMMIT");
    until([&] { return count(what::recovered) >= 1 && log_bytes() > 0 && count(what::handed_off) >= 1; });
    store_comes_back();
    until([&] { return segments().empty(); });
    stop();
    EXPECT_EQ(count(what::wal_over_limit), 1U);
    expect_all_back();
}

TEST_F(spill, a_snapshot_that_reads_the_log_is_given_up_for_it_and_made_again) {
    begin();
    for (int i = 0; i < 4; ++i) commit();
    until([&] { return count(what::confirmed) >= 2; });
    std::optional<io::result<std::uint64_t>> made;
    store->on_put = [](const std::string&) { return write_fate::refused(); };
    auto ask = [&]() -> io::task<void> { made = co_await running->snapshot("app.db"); };
    boost::asio::co_spawn(world.loop(), ask(), boost::asio::detached);
    world.loop().run_for(100ms);
    write_through(1);
    store_comes_back();
    until([&] { return made.has_value(); });
    until([&] { return segments().empty(); });
    stop();
    expect_all_back();
}

}  // namespace
