// flotilla dies at each named point while an application writes; the next run goes on. Nothing that was confirmed is lost or changed, and
// everything that was committed is there at the end.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <filesystem>
#include <iostream>
#include <thread>

#include "tests/crash/bad_network.h"
#include "tests/crash/judge.h"
#include "tests/crash/kill_points.h"
#include "tests/support/rgw.h"
#include "tests/support/sqlite.h"

namespace {

using crash::kill_point;
using crash::past;
using crash::place;
using namespace std::chrono_literals;
using words = std::vector<std::string>;

constexpr std::uint64_t seed = 7;

std::string bucket() {
    static int count = 0;
    return fmt::format("killed-{}", ++count);
}

// One application, and the runs of flotilla that follow it.
struct story {
    tests::temp_directory dir;
    std::string store;  // as the judge reaches it
    std::string to;     // as flotilla does
    words options;
    std::string log_size = "64KiB";  // at which it is restarted
    crash::judge judge;
    crash::subject app;
    std::atomic<int> refused_from = INT_MAX;        // that capture and all after it, as the network sees them
    std::atomic<bool> stuck = false;                // no snapshot comes through
    std::atomic<int> late_one = 0;                  // that capture arrives when another one of its name is sent
    std::unique_ptr<crash::bad_network> network;    // in front of a store on S3

    // An empty store in a directory, or a bucket.
    story(crash::kind what, place where)
        : store(where == place::s3 ? tests::rgw::shared().make_bucket(bucket()) : dir.file("store")), to(store), judge(dir, store, seed), app(judge.create(what)) {
        if (where != place::s3) return;
        network = std::make_unique<crash::bad_network>(tests::rgw::shared().http(), [this, captures = 0](const std::string& method, const std::string& target) mutable {
            const bool capture = method == "PUT" && target.find("/0000/") != std::string::npos;
            captures += capture;
            if (capture && captures == late_one) return tests::fault::late;
            if (stuck && target.find("/0009/") != std::string::npos) return tests::fault::slow_down;
            return capture && captures >= refused_from ? tests::fault::denied : tests::fault::none;
        });
        to = store.substr(0, store.find('?')) + "?endpoint=" + network->url();
    }

    std::unique_ptr<tests::watch> start(std::string_view point = "", int passes = 1) {
        tests::process_options settings;
        if (!point.empty()) settings.environment["FLOTILLA_FAILPOINT"] = fmt::format("{}:{}", point, passes);
        words command{app.database, "--to", to, "--state", dir.file("state"), "--min-interval", "40ms", "--checkpoint-size", log_size};
        command.insert(command.end(), options.begin(), options.end());
        return std::make_unique<tests::watch>(command, dir.file("watch.log"), settings);
    }

    // A run that dies at a point; fails if it does not come there. The application goes on.
    void die_at(std::string_view point, int passes = 1, past trouble = past::nothing) {
        if (trouble == past::refused) refused_from = 4;
        stuck = trouble == past::stuck;
        auto run = start(point, passes);
        const bool outage = trouble == past::outage || trouble == past::recovery;
        if (outage) {
            run->await("confirmed", 2);
            std::filesystem::rename(store, store + ".away");
            if (trouble == past::recovery) run->await("spilled");
            if (trouble == past::recovery) std::filesystem::rename(store + ".away", store);
        }
        ASSERT_EQ(run->wait(), 128 + SIGKILL) << run->log();
        if (trouble == past::outage) std::filesystem::rename(store + ".away", store);
        refused_from = INT_MAX;
        stuck = false;
        ASSERT_THAT(run->log(), testing::EndsWith(fmt::format("failpoint {}\n", point)));
        leave(*run);
    }

    // What holds after a run that was killed.
    void leave(const tests::watch& run) {
        judge.take_events(run, app);
        judge.expect_untouched(true);
        crash::judge::await_commits(app, 10);
    }

    void live_through(past before) {
        constexpr past earlier[] = {past::killed, past::unseen, past::tail, past::kept, past::other};
        if (std::find(std::begin(earlier), std::end(earlier), before) == std::end(earlier)) return;
        if (before == past::tail) return die_at("segment.sealed");
        if (before == past::kept) refused_from = 4;
        auto run = start();
        before == past::kept ? run->await("halted") : run->await("confirmed", 6);
        if (before == past::kept) {
            while (tests::app(dir.file("state/state.db")).number("SELECT count(*) FROM object WHERE state='failed'") == 0) std::this_thread::sleep_for(5ms);
        }
        run->kill();
        refused_from = INT_MAX;
        leave(*run);
        if (before == past::other) {  // another state directory is another host
            std::filesystem::rename(dir.file("state"), dir.file("state.other"));
            options.push_back("--take-over");
        }
        if (before != past::unseen) return;
        tests::app(app.database, 20'000).run("PRAGMA wal_checkpoint(TRUNCATE)");
        crash::judge::await_commits(app, 10);
    }

    // The last run: everything goes on, and all that was ever confirmed comes back.
    void end() {
        auto run = start();
        run->await("attached");
        run->await_another("confirmed");
        judge.end_writer(app);
        EXPECT_EQ(run->stop(), 0) << run->log();
        judge.take_events(*run, app);
        ASSERT_FALSE(app.confirmed.empty());
        for (const auto& [txid, when] : app.confirmed) judge.check(app, txid);
        judge.expect_same_as_live(app);
        judge.expect_untouched(true);
        judge.expect_verified();
        if (store == dir.file("store")) EXPECT_TRUE(std::filesystem::is_empty(store + "/.flotilla-tmp")) << "temporaries are left";
        std::cout << fmt::format("{} commits, {} confirmed, {} re-anchored\n", app.commits.back().n, app.confirmed.size(), app.events["reanchored"]);
    }
};

class killed : public testing::TestWithParam<kill_point> {};

TEST_P(killed, there_nothing_is_lost_and_nothing_rewritten) {
    const kill_point& point = GetParam();
    story told(point.app, point.store);
    if (point.store == place::directory) told.options = {"--snapshot-interval", "1s"};
    if (point.name.starts_with("upload.")) {  // more than fits into one put
        tests::app(told.app.database)
            .run("CREATE TABLE large AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<10) SELECT randomblob(1000000) x FROM n");
    }
    told.judge.start_writer(told.app, crash::pace::calm);
    told.live_through(point.before);
    if (HasFatalFailure()) return;
    if (point.before == past::outage || point.before == past::recovery || point.before == past::stuck) {
        told.log_size = "256KiB";  // not before the store is away
        told.options.insert(told.options.end(), {"--wal-limit", told.log_size});
    }
    told.die_at(point.name, point.passes, point.before);
    if (HasFatalFailure()) return;
    told.end();
    // Another host has no page sums that could prove anything.
    EXPECT_LE(told.judge.journal().count(told.app.stream).whole_captures, point.before == past::other ? 1U : 0U) << "everything was uploaded again";
}

std::string name_of(const testing::TestParamInfo<kill_point>& each) {
    constexpr const char* pasts[] = {"", "_killed", "_unseen", "_tail", "_outage", "_recovery", "_refused", "_kept", "_stuck", "_other"};
    std::string out(each.param.name);
    out[out.find('.')] = '_';
    return fmt::format("{}_{}{}", out, each.param.passes, pasts[static_cast<int>(each.param.before)]);
}

INSTANTIATE_TEST_SUITE_P(at, killed, testing::ValuesIn(crash::kill_points), name_of);

// A request of the killed process is still on its way when the next one has looked at the store, and arrives just before that one's put of the
// same name.
TEST(killed_on_s3, A10_a_put_that_arrives_after_its_process_died_is_no_other_writers) {
    story told(crash::kind::inserts, place::s3);
    told.late_one = 4;
    told.judge.start_writer(told.app, crash::pace::calm);
    {
        auto run = told.start();
        while (told.network->spoiled() == 0) std::this_thread::sleep_for(1ms);
        run->kill();
        told.leave(*run);
    }
    told.end();
    EXPECT_EQ(told.judge.journal().count(told.app.stream).whole_captures, 0U);
}

// What is written in place can be torn by a loss of power: its tail is lost, or zeros.
struct tear {
    const char* name;
    const char* file;  // part of its path
    past before;
    place store;
    bool zeros;
};
void PrintTo(const tear& of, std::ostream* to) { *to << of.file; }
class torn : public testing::TestWithParam<tear> {};

TEST_P(torn, E1_A12_local_files_are_healed_or_not_used_at_the_next_start) {
    story told(crash::kind::inserts, GetParam().store);
    told.judge.start_writer(told.app, crash::pace::calm);
    told.live_through(GetParam().before);
    if (HasFatalFailure()) return;
    int files = 0;
    for (const auto& each : std::filesystem::recursive_directory_iterator(told.dir.file("state"))) {
        const std::string path = each.path();
        if (!each.is_regular_file() || path.find(GetParam().file) == std::string::npos) continue;
        const auto size = each.file_size();
        std::filesystem::resize_file(path, size / 3);
        if (GetParam().zeros) std::filesystem::resize_file(path, size);
        ++files;
    }
    ASSERT_EQ(files, 1) << "there is no such file";
    told.end();
}

INSTANTIATE_TEST_SUITE_P(of, torn, testing::Values(tear{"sums", "/sums/", past::killed, place::directory, true}, tear{"tail", "/shadow/", past::tail, place::directory, false},
                                         tear{"refused", "/cache/", past::kept, place::s3, false}),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
