// The crash loop: flotilla and writers are killed at random moments under load. Whatever was confirmed must come back as a state that the
// writer really had, with everything committed before it was captured, the same every time it is asked for.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <thread>

#include "io/clock.h"
#include "ltx/checksum.h"
#include "tests/crash/object_journal.h"
#include "tests/crash/workload.h"
#include "tests/crash/writer.h"
#include "tests/support/chain_builder.h"
#include "tests/support/flotilla.h"
#include "tests/support/process.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr int snapshot_interval_s = 10;

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr || *value == '\0' ? otherwise : std::stoull(value);
}

// What is known of a TXID that was reported durable.
struct confirmation {
    std::int64_t at_ms = 0;
    std::int64_t captured_after_ms = 0;  // what was committed before this moment must be in it
};

struct restored {
    std::uint64_t n = 0;
    std::uint64_t checksum = 0;  // of the file
};

struct subject {
    crash::kind what{};
    std::string stream;
    std::string database;
    std::string log;  // of its commits
    tests::process writer;
    std::vector<crash::commit> commits;
    std::map<std::uint64_t, confirmation> confirmed;  // by TXID
    std::map<std::uint64_t, restored> states;         // by TXID: those that were looked at
    std::map<std::string, int> events;                // how often each kind came
    std::int64_t in_step_ms = 0;                      // when it was last told to be attached or confirmed
};

class crash_loop : public testing::Test {
protected:
    tests::temp_directory dir;
    std::uint64_t seed = setting("FLOTILLA_CRASH_SEED", std::random_device{}());
    std::mt19937_64 dice{seed};
    std::vector<subject> subjects;
    std::unique_ptr<tests::watch> watch;
    int kills = 0;
    std::string store = dir.file("store");
    crash::object_journal journal{store};

    std::uint64_t random(std::uint64_t below) { return dice() % below; }
    static std::int64_t ms_of(const tests::watch_event& event);
    std::string said() const { return " (flotilla's own words: " + dir.file("watch.log") + ")"; }

    void create_subjects();
    void start_writer(subject& of) { of.writer = crash::start_writer(of.database, of.what, seed, of.log, dir.file("writers.log")); }
    void start_watch();
    void await_attached();
    void take_events();
    void end_watch();
    void torment_a_writer();
    void check(subject& of, std::uint64_t txid);
    void check_graceful(std::int64_t asked_ns);
    void check_rest();
    void check_uploads(double seconds);
    void expect_same_as_live(subject& of);

    void TearDown() override {
        if (!HasFailure()) return;
        const std::string kept = fmt::format("/tmp/flotilla-crash-{}", seed);
        std::filesystem::rename(dir.path(), kept);
        std::cerr << "everything is kept in " << kept << "; run again with FLOTILLA_CRASH_SEED=" << seed << "\n";
    }
};

std::int64_t crash_loop::ms_of(const tests::watch_event& event) {
    std::int64_t out = 0;
    EXPECT_TRUE(io::parse_time(event.time, out)) << event.time;
    return out;
}

void crash_loop::create_subjects() {
    for (const crash::kind what : crash::all_kinds) {
        subject one;
        one.what = what;
        one.stream = std::string(crash::name(what)) + ".db";
        one.database = dir.file(one.stream);
        one.log = dir.file(one.stream + ".commits");
        crash::create(one.database, what, seed);
        subjects.push_back(std::move(one));
    }
}

void crash_loop::start_watch() {
    std::vector<std::string> command;
    for (const auto& each : subjects) command.push_back(each.database);
    command.insert(command.end(), {"--min-interval", "0", "--checkpoint-size", "128KiB", "--to", store, "--state", dir.file("state")});
    command.insert(command.end(), {"--snapshot-interval", fmt::format("{}s", snapshot_interval_s)});
    watch = std::make_unique<tests::watch>(command, dir.file("watch.log"));
}

// From then on SIGTERM means to ship what is there.
void crash_loop::await_attached() {
    for (const auto& each : subjects) watch->await("attached", 1, each.stream);
}

// What the run that has ended told. A confirmation's object was captured after the one before it was confirmed, for there is one in flight.
// Until it is attached a run may tell of what the one before it shipped, again or for the first time.
void crash_loop::take_events() {
    std::set<std::string> attached;
    for (const auto& event : watch->events()) {
        const auto of = std::find_if(subjects.begin(), subjects.end(), [&](const auto& s) { return s.stream == event.stream; });
        if (of == subjects.end()) continue;
        ++of->events[event.event];
        EXPECT_NE(event.event, "stopped") << event.stream << ": " << event.text;
        if (event.event == "attached") attached.insert(event.stream);
        if (event.event == "confirmed") {
            const bool fresh = of->confirmed.empty() || event.txid > of->confirmed.rbegin()->first;
            const bool again = !fresh && event.txid == of->confirmed.rbegin()->first && !attached.contains(event.stream);
            EXPECT_TRUE(fresh || again) << event.stream << ": TXID " << event.txid << " was confirmed twice, or out of order" << said();
            of->confirmed.try_emplace(event.txid, confirmation{ms_of(event), of->in_step_ms});
        }
        if (event.event == "confirmed" || event.event == "attached") of->in_step_ms = ms_of(event);
    }
}

// SIGKILL nearly always; now and then SIGTERM, after which nothing that was committed may be missing.
void crash_loop::end_watch() {
    if (random(10) != 0) {
        ASSERT_EQ(watch->kill(), 128 + SIGKILL) << "flotilla ended by itself" << said();
        ++kills;
        take_events();
        return;
    }
    await_attached();
    const std::int64_t asked_ns = crash::wall_ns();
    EXPECT_EQ(watch->stop(), 0) << said();
    take_events();
    check_graceful(asked_ns);
}

void crash_loop::check_graceful(std::int64_t asked_ns) {
    subject& of = subjects[random(subjects.size())];
    ASSERT_FALSE(of.confirmed.empty()) << of.stream;
    crash::read_log(of.log, of.commits);
    const std::uint64_t newest = of.confirmed.rbegin()->first;
    check(of, newest);
    std::uint64_t due = 0;
    for (const auto& each : of.commits) {
        if (each.wall_ns < asked_ns) due = each.n;
    }
    EXPECT_GE(of.states[newest].n, due) << of.stream << ": not everything was shipped at the end";
}

void crash_loop::torment_a_writer() {
    subject& of = subjects[random(subjects.size())];
    ASSERT_TRUE(of.writer.running()) << of.stream << ": the writer ended by itself; see " << dir.file("writers.log");
    of.writer.kill();
    start_writer(of);
}

// Restores one confirmed TXID: a legal state, with all that it must hold and nothing that was not committed yet, and the same as before.
void crash_loop::check(subject& of, std::uint64_t txid) {
    SCOPED_TRACE(fmt::format("{} at TXID {}", of.stream, txid));
    const std::string out = dir.file("restored.db");
    const auto done = tests::flotilla({"restore", of.stream, "--from", store, "-o", out, "--txid", std::to_string(txid), "--force"});
    ASSERT_EQ(done.code, 0) << done.err;
    restored now;
    now.checksum = ltx::crc64_of(tests::slurp(out));
    try {
        now.n = crash::state_of(out, of.what, seed);
    } catch (const std::exception& e) {
        FAIL() << e.what();
    }
    crash::read_log(of.log, of.commits);
    const confirmation& was = of.confirmed.at(txid);
    std::uint64_t least = 0;
    std::uint64_t most = 1;  // committed, and killed before it was logged
    for (const auto& each : of.commits) {
        if (each.wall_ns < was.captured_after_ms * 1'000'000) least = each.n;
        if (each.wall_ns <= (was.at_ms + 1) * 1'000'000) most = each.n + 1;
    }
    EXPECT_GE(now.n, least) << "a transaction that was committed before the capture is missing";
    EXPECT_LE(now.n, most) << "a transaction is there that was not committed yet";
    const auto [known, fresh] = of.states.try_emplace(txid, now);
    if (!fresh) EXPECT_TRUE(known->second.n == now.n && known->second.checksum == now.checksum) << "not what it was when it was confirmed";
    if (known != of.states.begin()) EXPECT_GE(now.n, std::prev(known)->second.n) << "older than the state of an earlier TXID";
    if (std::next(known) != of.states.end()) EXPECT_LE(now.n, std::next(known)->second.n) << "newer than the state of a later TXID";
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
        for (const std::uint64_t txid : all) check(of, txid);
    }
}

void crash_loop::expect_same_as_live(subject& of) {
    SCOPED_TRACE(of.stream);
    const std::string out = dir.file("latest.db");
    const auto done = tests::flotilla({"restore", of.stream, "--from", store, "-o", out, "--force", "--integrity", "full"});
    ASSERT_EQ(done.code, 0) << done.err;
    crash::read_log(of.log, of.commits);
    ASSERT_FALSE(of.commits.empty());
    EXPECT_EQ(crash::state_of(out, of.what, seed), of.commits.back().n);
    tests::app(of.database).run("PRAGMA wal_checkpoint(TRUNCATE)");
    EXPECT_EQ(crash::state_of(of.database, of.what, seed), of.commits.back().n) << "the application's own database";
    EXPECT_FALSE(std::filesystem::exists(of.database + "-wal")) << "somebody still has it open";
    io::bytes mine = tests::slurp(out);
    io::bytes theirs = tests::slurp(of.database);
    ASSERT_EQ(mine.size(), theirs.size());
    // The frame that a handoff commits is not shipped by itself; it moves only the counters in the file's header.
    for (const std::size_t at : {24, 25, 26, 27, 92, 93, 94, 95}) mine[at] = theirs[at] = 0;
    EXPECT_TRUE(mine == theirs) << "the restored file differs from the application's";
}

// A kill costs what was not confirmed yet, not an upload of everything: a snapshot at the stream's start, one each interval, one that was
// being made when the watch was killed. Under another name only where nothing else can be proven: the kill came while all page sums were
// written anew, for microseconds, and the log was restarted before the next watch.
void crash_loop::check_uploads(double seconds) {
    for (auto& of : subjects) {
        const auto n = journal.count(of.stream);
        const std::string about =
            fmt::format("{:15} {:6} commits, {:5} confirmed, {:3} looked at, {:4} handed off, {:3} re-anchored, {:3} snapshots, {:2} whole captures",
                        of.stream, of.commits.back().n, of.confirmed.size(), of.states.size(), of.events["handed_off"], of.events["reanchored"],
                        n.snapshots, n.whole_captures);
        std::cout << about << "\n";
        EXPECT_LE(static_cast<double>(n.snapshots), 2 + seconds / snapshot_interval_s) << about;
        EXPECT_LE(n.whole_captures, 1U) << about;
        EXPECT_GT(of.events["handed_off"], 0) << about;
        EXPECT_GT(of.confirmed.size(), 0U) << about;
    }
}

TEST_F(crash_loop, what_was_confirmed_comes_back_after_kills_at_random_moments) {
    const auto length = std::chrono::seconds(setting("FLOTILLA_CRASH_SECONDS", 60));
    std::cout << "seed " << seed << " (FLOTILLA_CRASH_SEED), " << length.count() << " s (FLOTILLA_CRASH_SECONDS)\n";
    create_subjects();
    for (auto& each : subjects) start_writer(each);
    start_watch();
    const auto began = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - began < length && !HasFailure()) {
        // Short lives, too: attaching must survive being killed at any step.
        std::this_thread::sleep_for(milliseconds(random(3) == 0 ? random(80) : random(1500)));
        if (random(4) == 0) torment_a_writer();
        end_watch();
        if (HasFatalFailure()) return;
        start_watch();
        for (const auto& wrong : journal.look(false)) ADD_FAILURE() << wrong;
        subject& of = subjects[random(subjects.size())];
        if (!of.confirmed.empty()) check(of, of.confirmed.rbegin()->first);
    }

    for (auto& each : subjects) {
        each.writer.send_signal(SIGTERM);
        EXPECT_EQ(each.writer.wait(), 0) << each.stream << ": the application was hurt; see " << dir.file("writers.log");
    }
    await_attached();
    EXPECT_EQ(watch->stop(), 0) << said();
    take_events();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::cout << kills << " kills of flotilla\n";

    for (auto& each : subjects) expect_same_as_live(each);
    check_rest();
    for (const auto& wrong : journal.look(true)) ADD_FAILURE() << wrong;
    check_uploads(took.count());
    const auto verified = tests::flotilla({"verify", "--from", store});
    EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
    EXPECT_TRUE(std::filesystem::is_empty(store + "/.flotilla-tmp")) << "temporaries are left";
}

}  // namespace
