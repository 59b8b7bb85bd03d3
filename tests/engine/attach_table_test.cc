// Every combination of memo, store, log, sums and owner: a table to be read, and what must hold of all of them together.
// Whether a database is in WAL mode at all is found out when it is opened, before anything is decided here. A log that is shorter, of another
// generation, unrelated or absent is one that does not hold the position (log_reader::holds, tests/wal/log_reader_test.cc).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/attach_plan.h"

namespace {

using step = engine::attach_decision::step;
using holder = engine::owner_view::holder;

constexpr std::uint64_t our_epoch = 5;
constexpr std::uint64_t other_epoch = 6;
constexpr std::uint64_t new_epoch = 7;

enum class memo_is { absent, fresh, behind, equal, ahead };              // at TXID -, 0, 6, 7, 8
enum class head_is { gone, ours, others, of_litestream };                // at TXID -, 7, 7, 7
enum class sums_are { of_head, older, none };
enum class log_is { holding, other };
enum class owner_is { us, us_just_claimed, alive, dead, nobody };        // epochs 5, 7 and else 6, 6, -

struct situation {
    memo_is memo;
    head_is head;
    sums_are sums;
    log_is log;
    owner_is owner;
    bool take_over = false;
};

engine::attach_input input(const situation& s) {
    engine::attach_input in;
    in.identity = {1, 100};
    in.page_size = 4096;
    in.log.position_holds = s.log == log_is::holding;
    in.sums_txid = s.sums == sums_are::of_head ? 7 : s.sums == sums_are::older ? 3 : 0;
    if (s.head != head_is::gone) {
        ltx::header head;
        head.page_size = 4096;
        head.commit = 3;
        head.min_txid = head.max_txid = 7;
        head.node_id = s.head == head_is::ours ? our_epoch : s.head == head_is::others ? other_epoch : 0;
        if (s.head != head_is::of_litestream) head.sums = ltx::database_sums{1, 2};
        in.remote = {7, 1, 0, head};
    }
    in.owner.take_over = s.take_over;
    switch (s.owner) {
        case owner_is::us: in.owner.is = holder::ours; break;
        case owner_is::us_just_claimed: in.owner.is = holder::ours; break;
        case owner_is::alive: in.owner.is = holder::alive; break;
        case owner_is::dead: in.owner.is = holder::dead; break;
        case owner_is::nobody: in.owner.is = holder::none; break;
    }
    if (s.owner != owner_is::nobody) in.owner.newest.epoch = s.owner == owner_is::us ? our_epoch : s.owner == owner_is::us_just_claimed ? new_epoch : other_epoch;
    if (s.memo != memo_is::absent) {
        engine::memo known;
        known.identity = in.identity;
        known.epoch = our_epoch;
        known.txid = s.memo == memo_is::fresh ? 0 : s.memo == memo_is::behind ? 6 : s.memo == memo_is::equal ? 7 : 8;
        known.page_size = 4096;
        known.post = 2;
        in.remembered = known;
    }
    in.remembered = engine::recall(in.remembered, in.owner, in.remote, in.identity);
    return in;
}

// One line of the table: c claims, f fences, a adopts, s owes a snapshot, l is loud, t took the stream over.
struct row {
    const char* what;
    situation in;
    step next;
    std::uint64_t base;
    std::string marks;
    io::errc code = io::errc::overtaken;
};

std::string marks_of(const engine::attach_decision& out) {
    std::string text;
    if (out.claim) text += 'c';
    if (out.fence) text += 'f';
    if (out.adopt) text += 'a';
    if (out.snapshot) text += 's';
    if (out.loud) text += 'l';
    if (out.took_over) text += 't';
    return text;
}

const row table[] = {
    // what                                           memo             head                    sums               log             owner
    {"in step", {memo_is::equal, head_is::ours, sums_are::of_head, log_is::holding, owner_is::us}, step::go_on, 7, ""},
    {"a reply was lost", {memo_is::behind, head_is::ours, sums_are::of_head, log_is::holding, owner_is::us}, step::go_on, 7, "a"},
    {"the first reply was lost", {memo_is::fresh, head_is::ours, sums_are::of_head, log_is::holding, owner_is::us}, step::go_on, 7, "a"},
    {"state.db was lost, all else is proven", {memo_is::absent, head_is::ours, sums_are::of_head, log_is::holding, owner_is::us}, step::go_on, 7, "a"},
    {"state.db was lost, and the log moved on", {memo_is::absent, head_is::ours, sums_are::of_head, log_is::other, owner_is::us}, step::difference, 7, "al"},
    {"state.db and sums were lost, and the log moved on", {memo_is::absent, head_is::ours, sums_are::none, log_is::other, owner_is::us}, step::everything, 7, "asl"},
    {"the log was restarted unseen", {memo_is::equal, head_is::ours, sums_are::of_head, log_is::other, owner_is::us}, step::difference, 7, "l"},
    {"the same, after a lost reply", {memo_is::behind, head_is::ours, sums_are::of_head, log_is::other, owner_is::us}, step::difference, 7, "al"},
    {"the same, with stale sums", {memo_is::equal, head_is::ours, sums_are::older, log_is::other, owner_is::us}, step::everything, 7, "sl"},
    {"the log holds, the sums are gone", {memo_is::equal, head_is::ours, sums_are::none, log_is::holding, owner_is::us}, step::everything, 7, "sl"},
    {"the store lost objects", {memo_is::ahead, head_is::ours, sums_are::of_head, log_is::holding, owner_is::us}, step::everything, 8, "sl"},
    {"the store lost everything", {memo_is::equal, head_is::gone, sums_are::of_head, log_is::holding, owner_is::us}, step::begin, 0, "l"},
    {"the beginning", {memo_is::absent, head_is::gone, sums_are::none, log_is::holding, owner_is::nobody}, step::begin, 0, "c"},
    {"claimed, killed before the first object", {memo_is::absent, head_is::gone, sums_are::none, log_is::holding, owner_is::us}, step::begin, 0, ""},
    {"another claimed, and died before its first object", {memo_is::absent, head_is::gone, sums_are::none, log_is::holding, owner_is::dead}, step::begin, 0, "ct"},

    {"the owner records were removed", {memo_is::equal, head_is::ours, sums_are::of_head, log_is::holding, owner_is::nobody}, step::difference, 7, "cf"},
    {"claimed, killed before the fence", {memo_is::equal, head_is::ours, sums_are::of_head, log_is::holding, owner_is::us_just_claimed}, step::difference, 7, "f"},
    {"claimed over another, killed before the fence", {memo_is::behind, head_is::others, sums_are::of_head, log_is::other, owner_is::us_just_claimed}, step::difference, 7, "fl"},
    {"the same, without a memo", {memo_is::absent, head_is::others, sums_are::none, log_is::other, owner_is::us_just_claimed}, step::everything, 7, "fsl"},

    {"another host has it", {memo_is::absent, head_is::others, sums_are::none, log_is::other, owner_is::alive}, step::refuse, 0, "", io::errc::held},
    {"another host took it from us and lives", {memo_is::equal, head_is::others, sums_are::of_head, log_is::holding, owner_is::alive}, step::refuse, 0, "", io::errc::held},
    {"another claimed it from us and lives", {memo_is::equal, head_is::ours, sums_are::of_head, log_is::holding, owner_is::alive}, step::refuse, 0, "", io::errc::held},
    {"another host had it and is dead", {memo_is::absent, head_is::others, sums_are::none, log_is::other, owner_is::dead}, step::everything, 7, "cfslt"},
    {"another took it from us and is dead: ours is the older copy", {memo_is::equal, head_is::others, sums_are::of_head, log_is::holding, owner_is::dead}, step::refuse, 0, ""},
    {"another claimed it, wrote nothing and is dead", {memo_is::equal, head_is::ours, sums_are::of_head, log_is::holding, owner_is::dead}, step::difference, 7, "cft"},
    {"another wrote without a record", {memo_is::equal, head_is::others, sums_are::of_head, log_is::holding, owner_is::us}, step::refuse, 0, ""},
    {"Litestream wrote after us", {memo_is::equal, head_is::of_litestream, sums_are::none, log_is::holding, owner_is::us}, step::refuse, 0, ""},
    {"Litestream's stream is taken over", {memo_is::absent, head_is::of_litestream, sums_are::none, log_is::holding, owner_is::nobody}, step::begin, 7, "cfl"},

    {"--take-over from a living host", {memo_is::absent, head_is::others, sums_are::none, log_is::other, owner_is::alive, true}, step::everything, 7, "cfslt"},
    {"--take-over, taken from us before", {memo_is::behind, head_is::others, sums_are::of_head, log_is::other, owner_is::alive, true}, step::difference, 7, "cflt"},
    {"--take-over of what is ours changes nothing", {memo_is::equal, head_is::ours, sums_are::of_head, log_is::holding, owner_is::us, true}, step::go_on, 7, ""},
    {"--take-over from Litestream", {memo_is::equal, head_is::of_litestream, sums_are::none, log_is::holding, owner_is::us, true}, step::begin, 7, "cfl"},
    {"--take-over, but the stream would begin anew", {memo_is::absent, head_is::of_litestream, sums_are::none, log_is::holding, owner_is::alive, true}, step::refuse, 0, "", io::errc::held},
};

TEST(attach_table, A3_A10_B10_each_row_has_its_step) {
    for (const row& one : table) {
        const auto out = engine::plan_attach(input(one.in));
        EXPECT_EQ(static_cast<int>(out.what), static_cast<int>(one.next)) << one.what << ": " << out.why;
        EXPECT_EQ(marks_of(out), one.marks) << one.what << ": " << out.why;
        if (one.next == step::refuse) {
            EXPECT_EQ(out.code, one.code) << one.what;
            EXPECT_FALSE(out.why.empty()) << one.what;
        } else {
            EXPECT_EQ(out.base_txid, one.base) << one.what;
        }
    }
}

// What holds whatever meets whatever: nothing is built on what is not proven, no TXID is used twice, nobody living is pushed aside unasked, and whoever
// wrote the newest object collides with our next one.
void expect_safe(const situation& s, const std::string& where) {
    const auto in = input(s);
    const auto out = engine::plan_attach(in);
    const bool another = s.owner == owner_is::alive || s.owner == owner_is::dead;
    if (s.owner == owner_is::alive && !s.take_over) {
        EXPECT_EQ(out.what, step::refuse) << where;
        EXPECT_EQ(out.code, io::errc::held) << where;
    }
    if (out.what == step::refuse) {
        EXPECT_FALSE(out.why.empty()) << where;
        return;
    }
    const std::uint64_t known = in.remembered ? in.remembered->txid : 0;
    // Another's newest object is followed directly, so that he collides; what we ourselves confirmed beyond ours is not used twice.
    if (in.remote.head_txid != 0) EXPECT_GE(out.base_txid, s.head == head_is::ours ? std::max(known, in.remote.head_txid) : in.remote.head_txid) << where;
    EXPECT_TRUE(out.claim || in.owner.is == holder::ours) << where;
    if (out.claim) EXPECT_GT(out.epoch, std::max({in.owner.newest.epoch, in.remote.head ? in.remote.head->node_id : 0, in.remembered ? in.remembered->epoch : 0})) << where;
    if (another) EXPECT_TRUE(out.claim && out.took_over) << where;
    const bool by_us = in.remote.head && in.remote.head->node_id == out.epoch;
    if (in.remote.head) EXPECT_EQ(out.fence, !by_us) << where;
    if (out.what == step::go_on) {
        EXPECT_TRUE(by_us) << where;
        EXPECT_TRUE(in.log.position_holds && in.sums_txid == in.remote.head_txid) << where;
        EXPECT_TRUE(!out.loud && !out.fence) << where;
    }
    if (out.what == step::difference) EXPECT_TRUE(in.sums_txid == in.remote.head_txid && in.remote.head->sums) << where;
    if (out.what == step::everything) EXPECT_TRUE(out.snapshot) << where;
    if (in.remembered && known != 0 && in.remote.head && s.head != head_is::ours && !s.take_over) {
        EXPECT_TRUE(s.owner == owner_is::us_just_claimed) << where << ": another wrote after us, and we go on unasked";
    }
}

TEST(attach_table, A3_A10_B10_nothing_unproven_is_built_on_whatever_meets_whatever) {
    int count = 0;
    for (const auto memo : {memo_is::absent, memo_is::fresh, memo_is::behind, memo_is::equal, memo_is::ahead}) {
        for (const auto head : {head_is::gone, head_is::ours, head_is::others, head_is::of_litestream}) {
            for (const auto sums : {sums_are::of_head, sums_are::older, sums_are::none}) {
                for (const auto log : {log_is::holding, log_is::other}) {
                    for (const auto owner : {owner_is::us, owner_is::us_just_claimed, owner_is::alive, owner_is::dead, owner_is::nobody}) {
                        for (const bool take_over : {false, true}) {
                            ++count;
                            expect_safe({memo, head, sums, log, owner, take_over},
                                        fmt::format("memo {} head {} sums {} log {} owner {} take over {}", static_cast<int>(memo), static_cast<int>(head),
                                                    static_cast<int>(sums), static_cast<int>(log), static_cast<int>(owner), take_over));
                        }
                    }
                }
            }
        }
    }
    EXPECT_EQ(count, 1200);
}

TEST(attach_table, a_view_that_says_nothing_yet_decides_nothing) {
    auto in = input({memo_is::absent, head_is::others, sums_are::none, log_is::other, owner_is::alive});
    in.owner.is = holder::unknown;
    EXPECT_EQ(engine::plan_attach(in).what, step::refuse);
    EXPECT_EQ(engine::plan_attach(in).code, io::errc::busy);
    EXPECT_EQ(engine::plan_owner(in.owner, {}).what, engine::owner_decision::step::look_again);
}

TEST(attach_table, an_epoch_that_cannot_grow_is_refused) {
    auto in = input({memo_is::absent, head_is::others, sums_are::none, log_is::other, owner_is::dead});
    in.remote.head->node_id = UINT64_MAX;
    EXPECT_EQ(engine::plan_attach(in).what, step::refuse);
    EXPECT_EQ(engine::plan_attach(in).code, io::errc::corrupt);
}

TEST(attach_table, E5_E6_the_refusal_says_who_and_what_to_do) {
    auto in = input({memo_is::absent, head_is::others, sums_are::none, log_is::other, owner_is::alive});
    in.owner.newest.host = "host-b";
    in.owner.newest.who = "flotilla watch, pid 17";
    in.owner.newest.claimed_ms = 1'700'000'000'123;
    const std::string why = engine::plan_attach(in).why;
    for (const char* part : {"host-b (flotilla watch, pid 17), since 2023-11-14T22:13:20.123Z", "Stop that one", "--take-over", "another stream name"}) {
        EXPECT_NE(why.find(part), std::string::npos) << part << " is not in: " << why;
    }
}

}  // namespace
