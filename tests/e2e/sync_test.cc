// `flotilla sync`: a barrier that holds whatever happens after it.
#include <gmock/gmock.h>

#include "tests/e2e/fixture.h"

namespace {

using testing::HasSubstr;

class sync_command : public e2e::end_to_end {
protected:
    tests::outcome sync(const e2e::words& more) {
        e2e::words arguments{"sync", "--state", state};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return tests::flotilla(std::move(arguments));
    }
};

// The interval would keep the commits here for an hour.
TEST_F(sync_command, E9_what_was_synced_is_in_the_store_though_the_watch_is_killed_right_after) {
    create(db);
    auto run = follow(db, {"--min-interval", "1h"});
    tests::app app(db);
    for (int round = 1; round <= 3; ++round) {
        for (int i = 0; i < 10; ++i) app.run("INSERT INTO t(x) VALUES('round " + std::to_string(round) + "')");
        const auto done = sync({"app.db"});
        ASSERT_EQ(done.code, 0) << done.err << run->log();
        EXPECT_EQ(std::stoull(done.out), run->events("confirmed").back().txid);
    }
    run->kill();
    const std::string restored = restore("app.db");
    EXPECT_EQ(tests::app(restored).number("SELECT count(*) FROM t WHERE x LIKE 'round%'"), 30);
}

TEST_F(sync_command, several_streams_are_answered_each_and_an_unknown_one_is_an_error) {
    const std::string other = dir.file("other.db");
    create(db);
    create(other);
    auto run = start({db, other});
    run->await("attached", 2);
    const auto both = sync({"app.db", "other.db", "--json"});
    EXPECT_EQ(both.code, 0) << both.err;
    EXPECT_THAT(both.out, HasSubstr(R"({"stream":"app.db","txid":)"));
    EXPECT_THAT(both.out, HasSubstr(R"({"stream":"other.db","txid":)"));
    const auto one = sync({"app.db", "nobody.db"});
    EXPECT_EQ(one.code, 2);
    EXPECT_THAT(one.out, HasSubstr("app.db "));
    EXPECT_THAT(one.err, HasSubstr("no stream \"nobody.db\" is followed here"));
    EXPECT_EQ(run->stop(), 0) << run->log();
    const auto late = sync({"app.db", "--timeout", "300ms"});
    EXPECT_EQ(late.code, 1) << "nobody is there to say that it is in the store";
    EXPECT_EQ(late.out, "");
    EXPECT_EQ(sync({"app.db", "--timeout", "0"}).code, 2);
}

}  // namespace
