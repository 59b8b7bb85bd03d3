// Durability on request: flush() returns when every commit before the call is in the store.
#include "io/wakeup.h"
#include "tests/engine/engine_world.h"

namespace {

using namespace std::chrono_literals;
using tests::what;
using tests::write_fate;

class flush : public tests::engine_world {
protected:
    std::optional<io::result<std::uint64_t>> answer;

    void ask(const std::string& stream = "app.db") {
        answer.reset();
        boost::asio::co_spawn(world.loop(), wait_for(stream), boost::asio::detached);
    }
    io::task<void> wait_for(std::string stream) { answer = co_await running->flush(stream); }
    std::string rows_at(std::uint64_t txid) { return tests::app(restore(engine::restore_target::at_txid(txid))).text("SELECT count(*) FROM t"); }
};

TEST_F(flush, returns_at_once_what_is_durable_and_does_not_wait_for_the_interval) {
    create();
    settings.targets[0].settings.min_interval = 1h;
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    for (int i = 1; i <= 3; ++i) {
        db.run("INSERT INTO t(x) VALUES('row')");
        ask();
        until([&] { return answer.has_value(); });
        ASSERT_TRUE(answer->has_value()) << answer->error().context;
        EXPECT_EQ(rows_at(**answer), std::to_string(i));
    }
    const std::uint64_t newest = **answer;
    ask();  // nothing was written since
    until([&] { return answer.has_value(); });
    EXPECT_EQ(answer->value(), newest);
    stop();
}

// The object that is on its way when the question comes was captured before the last commit.
TEST_F(flush, E9_an_object_captured_before_the_call_does_not_answer_for_commits_that_it_lacks) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    io::wakeup release(world.env.time, world.env.on);
    bool held = false;
    store->before_put = [&](const std::string&) -> io::task<void> {
        if (std::exchange(held, true)) co_return;
        co_await release.wait();
    };
    db.run("INSERT INTO t(x) VALUES('captured')");
    until([&] { return held; });
    db.run("INSERT INTO t(x) VALUES('not captured')");
    ask();
    world.loop().run_for(50ms);
    EXPECT_FALSE(answer.has_value()) << "the store has neither";
    release.notify();
    until([&] { return answer.has_value(); });
    ASSERT_TRUE(answer->has_value()) << answer->error().context;
    EXPECT_EQ(rows_at(**answer), "2");
    stop();
}

TEST_F(flush, frames_of_a_transaction_that_is_not_committed_are_not_waited_for) {
    create();
    settings.targets[0].settings.checkpoint_bytes = 1U << 30U;
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    // Frames of a transaction that does not fit SQLite's cache are written before its commit.
    db.run("PRAGMA cache_size=5; PRAGMA cache_spill=5; BEGIN; INSERT INTO t(x) VALUES(hex(randomblob(200000))); INSERT INTO t(x) VALUES('end')");
    ask();
    until([&] { return answer.has_value(); });
    ASSERT_TRUE(answer->has_value()) << answer->error().context;
    EXPECT_EQ(rows_at(**answer), "0");
    db.run("COMMIT");
    ask();
    until([&] { return answer.has_value(); });
    EXPECT_EQ(rows_at(answer->value()), "2");
    stop();
}

TEST_F(flush, waits_for_a_store_that_is_down) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    store->on_put = [](const std::string&) { return write_fate::refused(); };
    tests::app(db_path).run("INSERT INTO t(x) VALUES('row')");
    until([&] { return count(what::failing) == 1; });
    ask();
    world.loop().run_for(100ms);
    EXPECT_FALSE(answer.has_value());
    store->on_put = nullptr;
    until([&] { return answer.has_value(); });
    EXPECT_EQ(rows_at(answer->value()), "1");
    stop();
}

// An application that commits more for each object than that holds (a log is read in pieces of 128 KiB): its end is never reached.
class outrun : public flush {
protected:
    static constexpr int most_writes = 60;  // then it pauses after all
    int writes = 0;
    std::optional<std::uint64_t> txid;  // what came of the question

    // Asks something of a stream that has been left behind, and returns once that is answered, or the application has paused.
    void ask_meanwhile(std::function<io::task<io::result<std::uint64_t>>()> question) {
        create();
        settings.targets[0].settings.batch_bytes = 1;
        settings.targets[0].settings.checkpoint_bytes = 1U << 30U;
        start();
        until([&] { return count(what::attached) == 1; });
        tests::app db(db_path);
        const auto write = [&] {
            if (txid || writes >= most_writes) return;
            for (int i = 0; i < 2; ++i, ++writes) db.run("INSERT INTO t(x) VALUES(zeroblob(200000))");
        };
        store->before_put = [&](const std::string&) -> io::task<void> {
            write();
            co_return;
        };
        write();
        until([&] { return writes >= 8; });
        const int before = writes;
        const auto put_it = [&]() -> io::task<void> {
            auto got = co_await question();
            EXPECT_TRUE(got.has_value()) << got.error().context;
            txid = got ? *got : 0;
        };
        boost::asio::co_spawn(world.loop(), put_it(), boost::asio::detached);
        until([&] { return txid.has_value(); });
        EXPECT_LT(writes, most_writes) << "it waited until the application paused";
        EXPECT_GE(std::stoi(rows_at(*txid)), before);
        store->before_put = nullptr;
        stop();
    }
};

TEST_F(outrun, E9_a_flush_waits_for_what_was_committed_before_it_and_no_longer) {
    ask_meanwhile([this] { return running->flush("app.db"); });
}

TEST_F(outrun, a_snapshot_is_made_of_a_stream_that_never_reaches_the_end_of_its_log) {
    ask_meanwhile([this] { return running->snapshot("app.db"); });
    EXPECT_TRUE(std::ranges::any_of(events, [this](const auto& e) { return e.kind == what::snapshot && e.txid == *txid; }));
}

TEST_F(outrun, a_comparison_is_made_of_a_stream_that_never_reaches_the_end_of_its_log) {
    ask_meanwhile([this]() -> io::task<io::result<std::uint64_t>> {
        auto got = co_await running->compare("app.db");
        if (!got) co_return got.error();
        EXPECT_TRUE(got->equal());
        co_return got->txid;
    });
}

TEST_F(flush, is_an_error_for_a_stream_that_ends_or_is_not_followed) {
    create();
    settings.drain_limit = 100ms;
    start();
    until([&] { return count(what::attached) == 1; });
    ask("another.db");
    until([&] { return answer.has_value(); });
    EXPECT_EQ(answer->error().code, io::errc::not_found);
    store->on_put = [](const std::string&) { return write_fate::refused(); };
    tests::app(db_path).run("INSERT INTO t(x) VALUES('row')");
    until([&] { return count(what::failing) == 1; });
    ask();
    running->stop();
    (void)world.loop().run_for(1s);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->error().code, io::errc::canceled);
    (void)refusal();
}

// The second database is not one that can be followed, so the engine does not start.
TEST_F(flush, is_answered_by_an_engine_that_does_not_come_to_follow_anything) {
    create();
    tests::app(dir.file("other.db")).run("CREATE TABLE t(x)");
    settings.targets.push_back({engine::target::what::file, "other.db", dir.file("other.db"), settings.targets[0].settings});
    start();
    const auto ask_as_soon_as_it_is_known = [&]() -> io::task<void> {
        while (!ended) {
            answer = co_await running->flush("app.db");
            if (*answer || answer->error().code != io::errc::not_found) co_return;
            co_await boost::asio::post(world.loop(), boost::asio::use_awaitable);
        }
    };
    bool asked = false;
    boost::asio::co_spawn(world.loop(), ask_as_soon_as_it_is_known(), [&](std::exception_ptr) { asked = true; });
    world.loop().restart();
    (void)world.loop().run_for(10s);  // until nothing is left to be done
    ASSERT_TRUE(asked) << "whoever asked waits for ever";
    ASSERT_TRUE(ended.has_value());
    EXPECT_EQ(ended->error().code, io::errc::not_wal);
    EXPECT_EQ(answer->error().code, io::errc::not_wal);
}

}  // namespace
