// Any point of a stream's history comes back exactly, or not at all.
#include <chrono>
#include <filesystem>
#include <map>

#include "tests/e2e/fixture.h"

namespace e2e {
namespace {

class points : public end_to_end {
protected:
    std::map<std::uint64_t, std::string> states;          // by TXID
    std::map<std::uint64_t, tests::watch_event> moments;  // when each was confirmed

    void commit(tests::watch& run, tests::app& app, const std::string& sql) {
        // In a millisecond of its own: that is how exactly a moment can be told.
        const auto now = [] { return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()); };
        for (const auto last = now(); now() <= last;) {}
        const auto one = run.await_after("confirmed", [&] { app.run(sql); });
        states[one.txid] = tests::dump(db);
        moments[one.txid] = one;
    }
    tests::outcome try_restore(const words& options) {
        words arguments{"restore", "app.db", "--from", store, "-o", dir.file("refused.db")};
        arguments.insert(arguments.end(), options.begin(), options.end());
        return tests::flotilla(std::move(arguments));
    }
    void expect_refused(const words& options, const std::string& names) {
        const auto refused = try_restore(options);
        EXPECT_EQ(refused.code, 6) << refused.err;
        EXPECT_NE(refused.err.find(names), std::string::npos) << refused.err;
        EXPECT_FALSE(std::filesystem::exists(dir.file("refused.db")));
    }
};

// A TXID may also carry nothing but a frame of ours; so the states must come in order, each commit's among them, and no other.
TEST_F(points, A9_every_confirmed_txid_restores_to_a_state_there_was_in_order) {
    create(db);
    auto run = follow(db, {"--checkpoint-size", "64KiB"});
    tests::app app(db);
    std::vector<std::string> history{tests::dump(db)};
    const auto commit_next = [&](const std::string& sql) {
        commit(*run, app, sql);
        history.push_back(tests::dump(db));
    };
    for (int i = 0; i < 12; ++i) commit_next("INSERT INTO t(x) VALUES(hex(randomblob(8000)))");
    const auto made = tests::flotilla({"snapshot", "app.db", "--state", state});
    ASSERT_EQ(made.code, 0) << made.err;
    commit_next("DELETE FROM t WHERE id % 2 = 0");
    commit_next("VACUUM; INSERT INTO t(x) VALUES('last')");
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_GE(run->count("handed_off"), 1U);
    std::size_t seen = 0;
    std::uint64_t newest = 0;
    for (const auto& one : run->events("confirmed")) {
        newest = one.txid;
        const std::string then = tests::dump(restore("app.db", {"--txid", std::to_string(newest)}));
        std::size_t at = seen;
        while (at < history.size() && history[at] != then) ++at;
        ASSERT_LT(at, history.size()) << "TXID " << newest << " restores to a state that was before the last one, or never";
        seen = at;
    }
    EXPECT_EQ(seen, history.size() - 1);
    expect_refused({"--txid", std::to_string(newest + 1)}, std::to_string(newest));
    expect_verified();
}

TEST_F(points, F11_a_snapshot_on_demand_says_its_txid_and_stands_by_itself) {
    create(db);
    auto run = follow(db);
    tests::app app(db);
    commit(*run, app, "INSERT INTO t(x) VALUES('before')");
    const auto made = tests::flotilla({"snapshot", "app.db", "--state", state});
    ASSERT_EQ(made.code, 0) << made.err;
    const std::uint64_t txid = std::stoull(made.out);
    EXPECT_EQ(run->await("snapshot", 2).txid, txid);
    commit(*run, app, "INSERT INTO t(x) VALUES('after')");
    EXPECT_EQ(run->stop(), 0) << run->log();

    const auto unknown = tests::flotilla({"snapshot", "nobody.db", "--state", state, "--timeout", "1s"});
    EXPECT_NE(unknown.code, 0);
    // Everything before the snapshot is taken away: it does not need it.
    tests::store_access inside(store);
    for (std::uint64_t before = 2; before <= txid; ++before) inside.remove(inside.key("app.db", before));
    EXPECT_TRUE(tests::dump(restore("app.db", {"--txid", std::to_string(txid)})) == states.at(txid));
    expect_same_rows("app.db", db);
}

TEST_F(points, E4_a_moment_is_the_newest_state_at_or_before_it_or_an_error) {
    create(db);
    auto run = follow(db);
    tests::app app(db);
    for (int i = 0; i < 4; ++i) commit(*run, app, "INSERT INTO t(x) VALUES('" + std::to_string(i) + "')");
    EXPECT_EQ(run->stop(), 0) << run->log();
    // The time of a confirmation lies at or after its object's and before that of the next: each commit waited for the one before it.
    for (auto one = moments.begin(); std::next(one) != moments.end(); ++one) {
        EXPECT_TRUE(tests::dump(restore("app.db", {"--timestamp", one->second.time})) == states.at(one->first)) << one->second.time;
    }
    const std::uint64_t newest = states.rbegin()->first;
    expect_refused({"--timestamp", "2999-01-01T00:00:00Z"}, "TXID " + std::to_string(newest));
    expect_refused({"--timestamp", "2001-01-01T00:00:00Z"}, "earliest");
}

}  // namespace
}  // namespace e2e
