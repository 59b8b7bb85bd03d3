// The store fails while a stream comes into step, or is away when the engine starts: the log is guarded as ever, and what was committed meanwhile
// is shipped in order, point by point.
#include <filesystem>

#include "engine/key.h"
#include "engine/state_store.h"
#include "io/wakeup.h"
#include "tests/engine/outage_world.h"
#include "tests/support/chain_builder.h"

namespace {

using namespace std::chrono_literals;
using tests::what;
using tests::write_fate;

class attach_guard : public tests::outage_world {
protected:
    // Only what is of streams is refused: their owners are known.
    void objects_are_refused(io::errc code = io::errc::io_failure) {
        store->on_put = [code](const std::string& key) { return key.find("/ltx/") == std::string::npos ? write_fate{} : write_fate::refused(code); };
    }
    void store_is_away() {
        const auto away = [](const std::string&) { return io::result<void>(io::error{io::errc::io_failure, io::subject::store, "no answer"}); };
        store->on_list = store->on_get = store->on_head = away;
        store_goes_down();
    }
    void store_is_back() {
        store->on_list = store->on_get = store->on_head = nullptr;
        store_comes_back();
    }
    std::vector<std::filesystem::path> images() const { return files_in("cache"); }
    void open_app() {
        db = std::make_unique<tests::app>(db_path);
        db->run("PRAGMA wal_autocheckpoint=0");
    }
    // The first snapshot cannot be shipped; returns what it holds.
    std::string begin_with_a_snapshot_that_waits(io::duration drain_limit = 30s) {
        settings.drain_limit = drain_limit;
        create("INSERT INTO t(x) VALUES('there when the stream began')");
        open_app();
        const std::string first = tests::dump(db_path);
        objects_are_refused();
        start();
        until([&] { return count(what::failing) == 1; });
        return first;
    }
    // The same of what differs after the log was restarted while nobody watched.
    std::string begin_with_a_difference_that_waits(io::duration drain_limit = 30s) {
        begin();
        stop();
        settings.drain_limit = drain_limit;
        commit();
        db->run("PRAGMA wal_checkpoint(TRUNCATE)");
        commit();
        const std::string first = tests::dump(db_path);
        objects_are_refused();
        start();
        until([&] { return count(what::failing) == 1; });
        return first;
    }
    // The application tries to have its log restarted. False: the log is pinned.
    bool restarts_log() { return tests::app(db_path, 0).number("PRAGMA wal_checkpoint(TRUNCATE)") == 0; }
    void expect_each_point(const std::string& first, std::uint64_t txid) {
        EXPECT_TRUE(tests::dump(restore(engine::restore_target::at_txid(txid))) == first) << "what was committed later is not in it";
        EXPECT_TRUE(tests::dump(restore()) == tests::dump(db_path));
        EXPECT_TRUE(images().empty());
        EXPECT_EQ(count(what::corruption), 0U);
        expect_sound();
    }
    void stop_without_the_store() {
        running->stop();
        EXPECT_EQ(refusal().about, io::subject::store);
        settings.drain_limit = 30s;
    }
};

TEST_F(attach_guard, A5_the_log_stays_below_its_limit_while_a_first_snapshot_waits_and_what_follows_it_is_shipped_in_order) {
    const std::string first = begin_with_a_snapshot_that_waits();
    write_through(3);
    EXPECT_EQ(count(what::spilled), 1U);
    EXPECT_GE(segments().size(), 3U);
    EXPECT_EQ(images().size(), 1U);
    EXPECT_GE(running->status().at(0).shadow_bytes, 3 * limit);
    EXPECT_EQ(running->status().at(0).txid, 0U);
    store_is_back();
    until([&] { return attached() == 1 && segments().empty() && running->status().at(0).shadow_bytes == 0; });
    commit();
    stop();
    EXPECT_EQ(objects(9), 1U);
    EXPECT_GE(objects(0), 2U);
    expect_each_point(first, 1);
    expect_all_back();
}

TEST_F(attach_guard, A5_the_same_while_a_difference_waits) {
    const std::string first = begin_with_a_difference_that_waits();
    const std::uint64_t txid = running->status().at(0).txid + 1;
    write_through(3);
    EXPECT_GE(segments().size(), 3U);
    EXPECT_EQ(images().size(), 1U);
    store_is_back();
    until([&] { return attached() == 2 && segments().empty(); });
    commit();
    stop();
    EXPECT_EQ(count(what::reanchored), 1U);
    expect_each_point(first, txid);
}

// It hangs, and does not say that it fails.
TEST_F(attach_guard, A5_a_store_that_is_only_slow_lets_the_log_become_as_long_as_the_image_and_no_longer) {
    create("INSERT INTO t(x) VALUES('there when the stream began')");
    open_app();
    const std::string first = tests::dump(db_path);
    io::wakeup release(world.env.time, world.env.on);
    bool sent = false;
    store->before_put = [&](const std::string& key) -> io::task<void> {
        if (key.find("/ltx/") == std::string::npos || sent) co_return;
        sent = true;
        co_await release.wait();
    };
    start();
    until([&] { return sent; });
    write_through(2);
    EXPECT_EQ(images().size(), 1U);
    EXPECT_EQ(count(what::failing), 0U);
    release.notify();
    until([&] { return attached() == 1 && segments().empty(); });
    stop();
    expect_each_point(first, 1);
    expect_all_back();
}

TEST_F(attach_guard, E1_a_process_that_dies_while_a_first_snapshot_waits_costs_no_point) {
    const std::string first = begin_with_a_snapshot_that_waits(100ms);
    write_through(2);
    commit();
    stop_without_the_store();
    ASSERT_EQ(images().size(), 1U);
    const io::bytes kept = tests::slurp(images().at(0));
    commit();
    store_is_back();
    start();
    until([&] { return attached() == 1 && segments().empty(); });
    stop();
    EXPECT_TRUE(tests::slurp(dir.file("store/") + engine::object_key(store->layout(), "app.db", 9, {1, 1})) == kept) << "the very same bytes";
    expect_each_point(first, 1);
    expect_all_back();
}

TEST_F(attach_guard, E1_a_process_that_dies_while_a_difference_waits_costs_no_point) {
    const std::string first = begin_with_a_difference_that_waits(100ms);
    const std::uint64_t txid = running->status().at(0).txid + 1;
    write_through(2);
    stop_without_the_store();
    ASSERT_EQ(images().size(), 1U);
    store_is_away();
    start();
    until([&] { return count(what::failing) == 2; });
    EXPECT_FALSE(restarts_log());
    write_through(1);
    store_is_back();
    until([&] { return attached() == 2 && segments().empty(); });
    stop();
    EXPECT_EQ(count(what::reanchored), 1U) << "when it began";
    expect_each_point(first, txid);
}

// Then nothing relies on the log, and it is the application's own again.
TEST_F(attach_guard, an_image_that_there_is_no_room_for_is_given_up_and_the_log_is_let_go) {
    settings.disk_limit = limit;
    (void)begin_with_a_snapshot_that_waits();
    EXPECT_FALSE(restarts_log());
    for (int i = 0; i < 8; ++i) commit();
    until([&] { return count(what::detached) == 1; });
    EXPECT_NE(last(what::detached).text.find("disk_limit"), std::string::npos) << last(what::detached).text;
    store_is_away();
    until([&] { return restarts_log(); });
    EXPECT_TRUE(segments().empty());
    commit();
    store_is_back();
    until([&] { return attached() == 1; });
    stop();
    expect_all_back();
}

TEST_F(attach_guard, A3_a_start_while_the_store_is_away_pins_the_log_and_ships_it_point_by_point) {
    begin();
    commit();
    stop();
    store_is_away();
    commit();
    const std::uint64_t txid = engine::read_state(dir.file("state"))->at(0).row.txid;
    start();
    until([&] { return count(what::failing) == 1; });
    EXPECT_FALSE(restarts_log());
    write_through(3);
    EXPECT_GE(segments().size(), 3U);
    EXPECT_EQ(running->status().at(0).state, "failing");
    EXPECT_EQ(running->status().at(0).txid, txid);
    EXPECT_FALSE(restarts_log());
    store_is_back();
    until([&] { return attached() == 2 && segments().empty(); });
    EXPECT_EQ(count(what::recovered), 1U);
    stop();
    EXPECT_GE(objects(0), txid + 2);
    expect_all_back(2);
}

TEST_F(attach_guard, A3_a_log_whose_frames_are_all_in_the_database_is_restarted_for_the_pin_and_nothing_of_it_is_lost) {
    begin();
    commit();
    stop();
    store_is_away();
    commit();
    db->run("PRAGMA wal_checkpoint(PASSIVE)");  // the next writer would restart the log
    start();
    until([&] { return count(what::failing) == 1; });
    commit();
    EXPECT_FALSE(restarts_log());
    commit();
    store_is_back();
    until([&] { return attached() == 2 && segments().empty(); });
    stop();
    expect_all_back(2);
}

TEST_F(attach_guard, A11_a_stream_that_is_refused_again_at_a_start_keeps_its_log) {
    begin();
    objects_are_refused(io::errc::access_denied);
    commit();
    until([&] { return count(what::halted) == 1; });
    running->stop();
    (void)refusal();
    start();
    until([&] { return count(what::halted) == 2; });
    EXPECT_FALSE(restarts_log());
    write_through(2);
    EXPECT_FALSE(restarts_log());
    EXPECT_GE(segments().size(), 2U);
    store_is_back();
    std::optional<io::result<std::uint64_t>> answer;
    auto ask = [&]() -> io::task<void> { answer = co_await running->retry("app.db"); };
    boost::asio::co_spawn(world.loop(), ask(), boost::asio::detached);
    until([&] { return answer.has_value() && attached() == 2 && segments().empty(); });
    EXPECT_TRUE(answer->has_value());
    stop();
    expect_all_back(2);
}

// The memo is older than the store: what it does not know of is proven by what was copied.
TEST_F(attach_guard, objects_that_the_memo_does_not_know_are_found_in_what_was_copied_while_the_store_was_away) {
    begin();
    commit();
    stop();
    keep_state();
    settings.targets[0].settings.checkpoint_bytes = 64U << 20U;  // so that the log is not restarted
    settings.targets[0].settings.wal_limit = 64U << 20U;
    start();
    until([&] { return attached() == 2; });
    const std::size_t before = count(what::confirmed);
    commit();
    until([&] { return count(what::confirmed) > before; });
    stop();
    bring_back_state();
    settings.targets[0].settings.checkpoint_bytes = 64U << 10U;
    settings.targets[0].settings.wal_limit = limit;
    store_is_away();
    start();
    until([&] { return count(what::failing) == 1; });
    write_through(1);
    store_is_back();
    until([&] { return attached() == 3 && segments().empty(); });
    stop();
    expect_all_back(3);
}

TEST_F(attach_guard, B13_what_was_copied_while_the_store_was_away_is_not_shipped_if_the_store_ends_elsewhere) {
    begin();
    commit();
    until([&] { return objects(0) >= 1; });
    stop();
    const std::uint64_t txid = engine::read_state(dir.file("state"))->at(0).row.txid;
    store_is_away();
    start();
    until([&] { return count(what::failing) == 1; });
    write_through(2);
    std::filesystem::remove(dir.file("store/") + engine::object_key(store->layout(), "app.db", 0, {txid, txid}));
    store_is_back();
    until([&] { return attached() == 2; });
    EXPECT_EQ(count(what::reanchored), 1U);
    EXPECT_GE(count(what::corruption), 2U) << "each segment is moved aside, and told";
    commit();
    stop();
    EXPECT_FALSE(std::filesystem::exists(dir.file("store/") + engine::object_key(store->layout(), "app.db", 0, {txid, txid}))) << "not used again";
    EXPECT_TRUE(tests::dump(restore()) == tests::dump(db_path));
}

TEST_F(attach_guard, a_database_that_is_replaced_while_the_store_is_away_is_the_one_that_is_shipped) {
    begin();
    stop();
    store_is_away();
    start();
    until([&] { return count(what::failing) == 1; });
    db.reset();
    for (const char* tail : {"", "-wal", "-shm"}) std::filesystem::remove(db_path + tail);
    create("INSERT INTO t(x) VALUES('another database')");
    store_is_back();
    until([&] { return attached() == 2; });
    EXPECT_EQ(count(what::reanchored), 1U);
    stop();
    EXPECT_TRUE(tests::dump(restore()) == tests::dump(db_path));
    expect_sound();
}

TEST_F(attach_guard, a_stop_brings_a_young_database_into_step_before_it_ends) {
    create("INSERT INTO t(x) VALUES('young')");
    open_app();
    io::wakeup release(world.env.time, world.env.on);
    bool asked = false;
    store->before_put = [&](const std::string& key) -> io::task<void> {
        if (key.find("/owner/") == std::string::npos || asked) co_return;
        asked = true;
        co_await release.wait();
    };
    start();
    until([&] { return asked; });
    running->stop();
    commit();
    release.notify();
    until([&] { return ended.has_value(); });
    ASSERT_TRUE(ended->has_value()) << ended->error().context;
    running.reset();
    EXPECT_TRUE(tests::dump(restore()) == tests::dump(db_path));
    expect_sound();
}

TEST_F(attach_guard, a_database_that_was_made_anew_just_before_the_stop_is_shipped_with_its_own_content) {
    begin();
    commit();
    db.reset();
    for (const char* tail : {"", "-wal", "-shm"}) std::filesystem::remove(db_path + tail);
    create("INSERT INTO t(x) VALUES('its own content')");
    running->stop();
    until([&] { return ended.has_value(); });
    ASSERT_TRUE(ended->has_value()) << ended->error().context;
    running.reset();
    EXPECT_TRUE(tests::dump(restore()) == tests::dump(db_path));
    expect_sound();
}

}  // namespace
