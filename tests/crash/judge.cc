#include "tests/crash/judge.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "io/clock.h"
#include "ltx/checksum.h"
#include "tests/support/chain_builder.h"
#include "tests/support/sqlite.h"

namespace crash {

namespace {

std::int64_t ms_of(const tests::watch_event& event) {
    std::int64_t out = 0;
    EXPECT_TRUE(io::parse_time(event.time, out)) << event.time;
    return out;
}

// Told on the way into step once more: an object of an earlier process that arrived late, as old as that one.
bool is_adopted(const std::vector<tests::watch_event>& events, const tests::watch_event& confirmed) {
    const auto next = std::find_if(events.begin() + (&confirmed - events.data()) + 1, events.end(),
                                   [](const auto& each) { return each.event == "confirmed" || each.event == "attached"; });
    return next != events.end() && next->event == "attached";
}

}  // namespace

subject judge::create(kind what) const {
    subject one;
    one.what = what;
    one.stream = std::string(name(what)) + ".db";
    one.database = dir_.file(one.stream);
    one.log = dir_.file(one.stream + ".commits");
    crash::create(one.database, what, seed_);
    return one;
}

void judge::start_writer(subject& of, pace how) const {
    of.writer = crash::start_writer(of.database, of.what, seed_, how, of.log, dir_.file("writers.log"));
}

void judge::end_writer(subject& of) const {
    of.writer.send_signal(SIGTERM);
    EXPECT_EQ(of.writer.wait(), 0) << of.stream << ": the application was hurt; see " << dir_.file("writers.log");
}

void judge::await_commits(subject& of, std::uint64_t more) {
    read_log(of.log, of.commits);
    const std::uint64_t until = more + (of.commits.empty() ? 0 : of.commits.back().n);
    const auto deadline = std::chrono::steady_clock::now() + tests::process::patience;
    while (of.commits.empty() || of.commits.back().n < until) {
        if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error(of.stream + ": the writer does not come forward");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        read_log(of.log, of.commits);
    }
}

void judge::take_events(const tests::watch& run, subject& of) const {
    bool attached = false;
    const bool spilled = run.count("spilled", of.stream) != 0;
    std::vector<tests::watch_event> events = run.events();
    std::erase_if(events, [&of](const auto& each) { return each.stream != of.stream; });
    for (const auto& event : events) {
        ++of.events[event.event];
        EXPECT_NE(event.event, "stopped") << event.stream << ": " << event.text;
        attached |= event.event == "attached";
        if (event.event == "confirmed") {
            const bool fresh = of.confirmed.empty() || event.txid > of.confirmed.rbegin()->first;
            const bool again = !fresh && event.txid == of.confirmed.rbegin()->first && !attached;
            EXPECT_TRUE(fresh || again) << event.stream << ": TXID " << event.txid << " was confirmed twice, or out of order" << words();
            of.confirmed.try_emplace(event.txid, confirmation{ms_of(event), is_adopted(events, event) ? 0 : of.in_step_ms});
        }
        // What is shipped on the way into step was left by an earlier run, and is of its time.
        if (event.event == "attached" || (attached && !spilled && event.event == "confirmed")) of.in_step_ms = ms_of(event);
    }
}

void judge::check(subject& of, std::uint64_t txid) const {
    SCOPED_TRACE(fmt::format("{} at TXID {}", of.stream, txid));
    const std::string out = dir_.file("restored.db");
    const auto done = tests::flotilla({"restore", of.stream, "--from", store_, "-o", out, "--txid", std::to_string(txid), "--force"});
    ASSERT_EQ(done.code, 0) << done.err;
    restored now;
    now.checksum = ltx::crc64_of(tests::slurp(out));
    try {
        now.n = state_of(out, of.what, seed_);
    } catch (const std::exception& e) {
        FAIL() << e.what();
    }
    read_log(of.log, of.commits);
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

void judge::expect_same_as_live(subject& of) const {
    SCOPED_TRACE(of.stream);
    const std::string out = dir_.file("latest.db");
    const auto done = tests::flotilla({"restore", of.stream, "--from", store_, "-o", out, "--force", "--integrity", "full"});
    ASSERT_EQ(done.code, 0) << done.err;
    read_log(of.log, of.commits);
    ASSERT_FALSE(of.commits.empty());
    EXPECT_EQ(state_of(out, of.what, seed_), of.commits.back().n);
    tests::app(of.database).run("PRAGMA wal_checkpoint(TRUNCATE)");
    EXPECT_EQ(state_of(of.database, of.what, seed_), of.commits.back().n) << "the application's own database";
    EXPECT_FALSE(std::filesystem::exists(of.database + "-wal")) << "somebody still has it open";
    io::bytes mine = tests::slurp(out);
    io::bytes theirs = tests::slurp(of.database);
    ASSERT_EQ(mine.size(), theirs.size());
    // The frame that a handoff commits is not shipped by itself; it moves only the counters in the file's header.
    for (const std::size_t at : {24, 25, 26, 27, 92, 93, 94, 95}) mine[at] = theirs[at] = 0;
    EXPECT_TRUE(mine == theirs) << "the restored file differs from the application's";
}

void judge::expect_untouched(bool bytes) {
    for (const auto& wrong : journal_.look(bytes)) ADD_FAILURE() << wrong;
}

void judge::expect_verified() const {
    const auto verified = tests::flotilla({"verify", "--from", store_});
    EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
}

}  // namespace crash
