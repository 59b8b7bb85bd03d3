// flotilla dies at each named point while an application writes; the next run goes on. Nothing that was confirmed is lost or changed, and
// everything that was committed is there at the end.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <iostream>

#include "tests/crash/judge.h"
#include "tests/crash/kill_points.h"
#include "tests/support/rgw.h"
#include "tests/support/sqlite.h"

namespace {

using crash::kill_point;
using crash::past;
using crash::place;
using words = std::vector<std::string>;

constexpr std::uint64_t seed = 7;

class killed : public testing::TestWithParam<kill_point> {
protected:
    tests::temp_directory dir;
    bool on_s3 = GetParam().store == place::s3;
    std::string store = on_s3 ? tests::rgw::shared().make_bucket(fmt::format("killed-{}", ++buckets)) : dir.file("store");
    crash::judge judge{dir, store, seed};
    crash::subject app = judge.create(GetParam().app);

    std::unique_ptr<tests::watch> start(std::string_view point = "", int passes = 1) {
        tests::process_options settings;
        if (!point.empty()) settings.environment["FLOTILLA_FAILPOINT"] = fmt::format("{}:{}", point, passes);
        words command{app.database, "--to", store, "--state", dir.file("state"), "--min-interval", "40ms", "--checkpoint-size", "64KiB"};
        if (!on_s3) command.insert(command.end(), {"--snapshot-interval", "1s"});
        return std::make_unique<tests::watch>(command, dir.file("watch.log"), settings);
    }

    // A run that dies at a point; fails if it does not come there. The application goes on.
    void die_at(std::string_view point, int passes = 1) {
        auto run = start(point, passes);
        ASSERT_EQ(run->wait(), 128 + SIGKILL) << run->log();
        ASSERT_THAT(run->log(), testing::EndsWith(fmt::format("failpoint {}\n", point)));
        leave(*run);
    }
    void leave(tests::watch& run) {
        judge.take_events(run, app);
        judge.expect_untouched(true);
        crash::judge::await_commits(app, 10);
    }
    void live_through(past before);

private:
    static inline int buckets = 0;
};

void killed::live_through(past before) {
    if (before == past::nothing) return;
    if (before == past::tail) return die_at("handoff.restarted");
    auto run = start();
    run->await("confirmed", 6);
    run->kill();
    leave(*run);
    if (before != past::unseen) return;
    tests::app(app.database, 20'000).run("PRAGMA wal_checkpoint(TRUNCATE)");
    crash::judge::await_commits(app, 10);
}

TEST_P(killed, there_nothing_is_lost_and_nothing_rewritten) {
    if (GetParam().name.starts_with("upload.")) {  // more than fits into one put
        tests::app(app.database).run("CREATE TABLE large AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<10) SELECT randomblob(1000000) x FROM n");
    }
    judge.start_writer(app, crash::pace::calm);
    live_through(GetParam().before);
    if (HasFatalFailure()) return;
    die_at(GetParam().name, GetParam().passes);
    if (HasFatalFailure()) return;

    auto run = start();
    run->await("attached");
    run->await_another("confirmed");
    judge.end_writer(app);
    EXPECT_EQ(run->stop(), 0) << run->log();
    judge.take_events(*run, app);

    std::vector<std::uint64_t> confirmed;
    for (const auto& [txid, when] : app.confirmed) confirmed.push_back(txid);
    ASSERT_FALSE(confirmed.empty());
    for (const std::uint64_t txid : confirmed) judge.check(app, txid);
    judge.expect_same_as_live(app);
    judge.expect_untouched(true);
    judge.expect_verified();
    EXPECT_LE(judge.journal().count(app.stream).whole_captures, GetParam().whole_captures) << "everything was uploaded again" << run->log();
    if (!on_s3) EXPECT_TRUE(std::filesystem::is_empty(store + "/.flotilla-tmp")) << "temporaries are left";
    std::cout << app.commits.back().n << " commits, " << confirmed.size() << " confirmed, " << app.events["reanchored"] << " re-anchored\n";
}

std::string name_of(const testing::TestParamInfo<kill_point>& each) {
    constexpr const char* pasts[] = {"", "_killed", "_unseen", "_tail"};
    std::string out(each.param.name);
    out[out.find('.')] = '_';
    return fmt::format("{}_{}{}", out, each.param.passes, pasts[static_cast<int>(each.param.before)]);
}

INSTANTIATE_TEST_SUITE_P(at, killed, testing::ValuesIn(crash::kill_points), name_of);

}  // namespace
