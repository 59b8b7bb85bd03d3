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

}  // namespace
