// The crash loop: flotilla and writers are killed at random moments under load, on S3 with a network in between that spoils requests. Whatever was confirmed must come back as a state that the
// writer really had, with everything committed before it was captured, the same every time it is asked for.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <random>
#include <thread>

#include "tests/crash/bad_network.h"
#include "tests/crash/judge.h"
#include "tests/support/rgw.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr int snapshot_interval_s = 10;

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr || *value == '\0' ? otherwise : std::stoull(value);
}

// Where the store is, and how long the loop runs unless FLOTILLA_CRASH_SECONDS says otherwise.
struct arena {
    const char* name;
    std::uint64_t seconds;
};

void PrintTo(const arena& where, std::ostream* to) { *to << where.name; }

class crash_loop : public testing::TestWithParam<arena> {
protected:
    tests::temp_directory dir;
    std::uint64_t seed = setting("FLOTILLA_CRASH_SEED", std::random_device{}());
    std::mt19937_64 dice{seed};
    std::unique_ptr<crash::bad_network> network;  // between flotilla and a store on S3
    std::string store = dir.file("store");        // as the judge reaches it
    std::string to = store;                       // as flotilla does
    std::vector<crash::subject> subjects;
    std::unique_ptr<crash::judge> judge;
    std::unique_ptr<tests::watch> watch;
    int kills = 0;
    int outages = 0;

    bool on_s3() const { return network != nullptr; }
    std::uint64_t random(std::uint64_t below) { return dice() % below; }
    crash::subject& any() { return subjects[random(subjects.size())]; }

    void SetUp() override;
    void start_watch();
    void await_attached();
    void take_events();
    void end_watch();
    void torment_a_writer();
    void torment_the_store();
    void check_graceful(std::int64_t asked_ns);
    void check_rest();
    void check_uploads(double seconds);

    void TearDown() override {
        if (!HasFailure()) return;
        const std::string kept = fmt::format("/tmp/flotilla-crash-{}", seed);
        std::filesystem::rename(dir.path(), kept);
        std::cerr << "everything is kept in " << kept << "; run again with FLOTILLA_CRASH_SEED=" << seed << "\n";
    }
};

void crash_loop::SetUp() {
    if (std::string(GetParam().name) == "s3") {
        tests::rgw& server = tests::rgw::shared();
        store = server.make_bucket("crash");
        network = std::make_unique<crash::bad_network>(server.http(), crash::bad_network::by_chance(seed));
        to = "s3://crash?endpoint=" + network->url();
    }
    judge = std::make_unique<crash::judge>(dir, store, seed);
    for (const crash::kind what : crash::all_kinds) subjects.push_back(judge->create(what));
}

void crash_loop::start_watch() {
    std::vector<std::string> command;
    for (const auto& each : subjects) command.push_back(each.database);
    command.insert(command.end(), {"--min-interval", "0", "--checkpoint-size", "128KiB", "--wal-limit", "128KiB", "--to", to, "--state", dir.file("state")});
    command.insert(command.end(), {"--snapshot-interval", fmt::format("{}s", snapshot_interval_s)});
    watch = std::make_unique<tests::watch>(command, dir.file("watch.log"));
}

// From then on SIGTERM means to ship what is there.
void crash_loop::await_attached() {
    for (const auto& each : subjects) watch->await("attached", 1, each.stream);
}

void crash_loop::take_events() {
    for (auto& each : subjects) judge->take_events(*watch, each);
}

// SIGKILL nearly always; now and then SIGTERM, after which nothing that was committed may be missing.
void crash_loop::end_watch() {
    if (random(10) != 0) {
        ASSERT_EQ(watch->kill(), 128 + SIGKILL) << "flotilla ended by itself" << judge->words();
        ++kills;
        take_events();
        return;
    }
    await_attached();
    const std::int64_t asked_ns = crash::wall_ns();
    EXPECT_EQ(watch->stop(), 0) << judge->words();
    take_events();
    check_graceful(asked_ns);
}

void crash_loop::check_graceful(std::int64_t asked_ns) {
    crash::subject& of = any();
    ASSERT_FALSE(of.confirmed.empty()) << of.stream;
    crash::read_log(of.log, of.commits);
    const std::uint64_t newest = of.confirmed.rbegin()->first;
    judge->check(of, newest);
    std::uint64_t due = 0;
    for (const auto& each : of.commits) {
        if (each.wall_ns < asked_ns) due = each.n;
    }
    EXPECT_GE(of.states[newest].n, due) << of.stream << ": not everything was shipped at the end";
}

void crash_loop::torment_a_writer() {
    crash::subject& of = any();
    ASSERT_TRUE(of.writer.running()) << of.stream << ": the writer ended by itself; see " << dir.file("writers.log");
    of.writer.kill();
    judge->start_writer(of, crash::pace::bursts);
}

// It goes away while flotilla runs, and comes back.
void crash_loop::torment_the_store() {
    const milliseconds away(random(1500));
    if (on_s3()) {
        tests::rgw::shared().pause();
        std::this_thread::sleep_for(away);
        tests::rgw::shared().restart();
    } else if (std::filesystem::exists(store)) {
        std::filesystem::rename(store, store + ".away");
        std::this_thread::sleep_for(away);
        // A put that had begun may have made the folders of its key anew, and found nothing to publish.
        if (std::filesystem::exists(store)) {
            for (const auto& each : std::filesystem::recursive_directory_iterator(store)) ASSERT_TRUE(each.is_directory()) << each.path();
            std::filesystem::remove_all(store);
        }
        std::filesystem::rename(store + ".away", store);
    }
    ++outages;
}

// At the end: what was looked at before, the newest, and some more.
void crash_loop::check_rest() {
    for (auto& of : subjects) {
        std::vector<std::uint64_t> all;
        for (const auto& [txid, was] : of.confirmed) all.push_back(txid);
        std::shuffle(all.begin(), all.end(), dice);
        all.resize(std::min<std::size_t>(all.size(), 12));
        int again = 0;
        for (const auto& [txid, was] : of.states) {
            if (again++ < 20) all.push_back(txid);
        }
        for (const std::uint64_t txid : all) judge->check(of, txid);
    }
}

// A kill costs what was not confirmed yet, not an upload of everything: a snapshot at the stream's start, one each interval, one that was
// being made when the watch was killed. Under another name only where nothing else can be proven: the kill came while all page sums were
// written anew, for microseconds, and the log was restarted before the next watch.
void crash_loop::check_uploads(double seconds) {
    for (auto& of : subjects) {
        const auto n = judge->journal().count(of.stream);
        const std::string about =
            fmt::format("{:15} {:6} commits, {:5} confirmed, {:3} looked at, {:4} handed off, {:3} spilled, {:3} re-anchored, {:3} snapshots, {:2} whole captures",
                        of.stream, of.commits.back().n, of.confirmed.size(), of.states.size(), of.events["handed_off"], of.events["spilled"], of.events["reanchored"],
                        n.snapshots, n.whole_captures);
        std::cout << about << "\n";
        EXPECT_LE(static_cast<double>(n.snapshots), 2 + seconds / snapshot_interval_s) << about;
        EXPECT_LE(n.whole_captures, 1U) << about;
        EXPECT_GT(of.events["handed_off"], 0) << about;
        EXPECT_GT(of.confirmed.size(), 0U) << about;
    }
}

TEST_P(crash_loop, what_was_confirmed_comes_back_after_kills_at_random_moments) {
    const auto length = std::chrono::seconds(setting("FLOTILLA_CRASH_SECONDS", GetParam().seconds));
    std::cout << "seed " << seed << " (FLOTILLA_CRASH_SEED), " << length.count() << " s (FLOTILLA_CRASH_SECONDS)\n";
    for (auto& each : subjects) judge->start_writer(each, crash::pace::bursts);
    start_watch();
    const auto began = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - began < length && !HasFailure()) {
        // Short lives, too: attaching must survive being killed at any step.
        std::this_thread::sleep_for(milliseconds(random(3) == 0 ? random(80) : random(1500)));
        if (random(4) == 0) torment_a_writer();
        if (random(6) == 0) torment_the_store();
        end_watch();
        if (HasFatalFailure()) return;
        start_watch();
        judge->expect_untouched(false);
        crash::subject& of = any();
        if (!of.confirmed.empty()) judge->check(of, of.confirmed.rbegin()->first);
    }

    for (auto& each : subjects) judge->end_writer(each);
    await_attached();
    EXPECT_EQ(watch->stop(), 0) << judge->words();
    take_events();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::cout << kills << " kills of flotilla, " << outages << " outages of the store\n";
    if (on_s3()) std::cout << network->spoiled() << " requests spoiled of " << network->requests() << "\n";

    for (auto& each : subjects) judge->expect_same_as_live(each);
    check_rest();
    judge->expect_untouched(true);
    check_uploads(took.count());
    judge->expect_verified();
    if (!on_s3()) EXPECT_TRUE(std::filesystem::is_empty(store + "/.flotilla-tmp")) << "temporaries are left";
}

INSTANTIATE_TEST_SUITE_P(on, crash_loop, testing::Values(arena{"directory", 60}, arena{"s3", 40}), [](const auto& each) { return std::string(each.param.name); });

}  // namespace
