// Segments of real logs: whatever end the process came to, what was durable is read again as the log had it, and nothing else is.
#include "wal/shadow.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "io/hex.h"
#include "io/posix_file_system.h"
#include "tests/support/chain_builder.h"
#include "tests/support/spoiled_files.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"

namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t stream = 0xabcdef0123456789U;
constexpr std::int64_t now_ms = 1'700'000'000'000;

class shadow : public testing::Test {
protected:
    tests::temp_directory dir;
    const std::string path = dir.file("app.db");
    const std::string place = dir.file("shadow/" + io::hex16(stream));
    tests::spoiled_files files;
    tests::app db{path};
    wal::log_reader log{files, path + "-wal"};
    std::vector<io::error> troubles;  // of the last open()
    const wal::segment_base base{7, 99, 2};

    void SetUp() override {
        files.lazy = true;
        db.run("PRAGMA page_size=512; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x); INSERT INTO t VALUES(randomblob(900))");
        ASSERT_TRUE(log.open().has_value());
    }

    wal::shadow open() {
        auto got = wal::shadow::open(files, place, stream, now_ms);
        if (!got) throw std::runtime_error(got.error().context);
        troubles = std::move(got->troubles);
        return std::move(got->segments);
    }
    wal::header header() { return **log.current_header(); }
    wal::position start() { return wal::start_of(header()); }
    // Where the log ends.
    wal::position end() { return log.read(start(), UINT64_MAX, UINT64_MAX)->batch.end(); }
    void commit(int bytes = 300) { db.run("INSERT INTO t VALUES(randomblob(" + std::to_string(bytes) + "))"); }
    // What a handoff does to the log, when nobody writes.
    void restart() { db.run("PRAGMA wal_checkpoint(RESTART); INSERT INTO t VALUES(1)"); }
    void append(wal::shadow& to, const wal::position& from) {
        const auto done = to.append(log, base, from, end().offset);
        ASSERT_TRUE(done.has_value()) << done.error().context;
    }
    io::bytes frames_of_log(const wal::position& from, std::uint64_t to) {
        const io::bytes all = tests::slurp(path + "-wal");
        return {all.begin() + static_cast<std::ptrdiff_t>(from.offset), all.begin() + static_cast<std::ptrdiff_t>(to)};
    }
    io::bytes frames_of(const wal::shadow& in, std::size_t i = 0) {
        auto reader = in.reader(in.segments()[i]);
        io::bytes out;
        EXPECT_TRUE(reader->read_some(in.segments()[i].head.start.offset, fs::file_size(in.segments()[i].path), out).has_value());
        return out;
    }
    // Of the segment's file.
    std::string file(std::uint64_t number) const { return place + "/" + io::hex16(number); }
    std::size_t count_of(const std::string& what) const {
        std::size_t n = 0;
        for (const auto& each : fs::directory_iterator(place)) n += each.path().string().find(what) != std::string::npos;
        return n;
    }
};

TEST_F(shadow, what_was_copied_reads_as_the_log_did_after_the_log_is_gone) {
    wal::shadow here = open();
    const wal::position from = end();
    commit();
    commit(5000);
    append(here, from);
    const wal::position to = end();
    const io::bytes frames = frames_of_log(from, to.offset);
    auto before = log.read(from, to.offset, UINT64_MAX);
    restart();
    ASSERT_TRUE(here.seal(header(), true).has_value());

    wal::shadow again = open();
    EXPECT_TRUE(troubles.empty());
    ASSERT_EQ(again.segments().size(), 1U);
    const wal::segment& got = again.segments().front();
    EXPECT_EQ(got.head.start, from);
    EXPECT_EQ(got.end, to);
    EXPECT_EQ(got.head.base, base);
    ASSERT_TRUE(got.seal.has_value());
    EXPECT_TRUE(got.seal->own_frame_first);
    EXPECT_EQ(got.after(), start());
    EXPECT_EQ(frames_of(again), frames);
    EXPECT_EQ(again.bytes(), fs::file_size(got.path));
    auto reader = again.reader(got);
    auto read = reader->read(from, got.end.offset, UINT64_MAX);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->what, wal::log_reader::outcome::read);
    EXPECT_EQ(read->batch.frames(), before->batch.frames());
    ASSERT_EQ(read->batch.pages().size(), before->batch.pages().size());
    for (std::size_t i = 0; i < read->batch.pages().size(); ++i) EXPECT_EQ(read->batch.pages()[i].offset, before->batch.pages()[i].offset) << "offsets are the log's";
}

TEST_F(shadow, A5_what_is_appended_in_pieces_is_one_run_of_frames) {
    wal::shadow here = open();
    const wal::position from = start();
    append(here, from);
    const wal::position middle = end();
    commit();
    append(here, middle);
    ASSERT_EQ(here.segments().size(), 1U) << "the same generation goes on in the same file";
    EXPECT_EQ(frames_of(here), frames_of_log(from, end().offset));

    // A new process begins a new one, in the same generation.
    const wal::position then = end();
    commit();
    wal::shadow again = open();
    append(again, then);
    ASSERT_EQ(again.segments().size(), 2U);
    EXPECT_EQ(again.segments()[1].head.start, again.segments()[0].after());
    const wal::position last = end();
    restart();
    ASSERT_TRUE(again.seal(header(), false).has_value());
    // And what comes after the restart another.
    append(again, start());
    const wal::position live = end();

    wal::shadow third = open();
    EXPECT_TRUE(troubles.empty());
    ASSERT_EQ(third.segments().size(), 3U);
    EXPECT_EQ(third.segments()[0].head.base, base);
    EXPECT_EQ(third.segments()[1].head.base, wal::segment_base()) << "the object that it follows is not made yet";
    EXPECT_EQ(third.segments()[2].head.base, wal::segment_base());
    EXPECT_EQ(third.segments()[0].end, then);
    EXPECT_EQ(third.segments()[1].end, last);
    EXPECT_EQ(third.segments()[1].after(), start());
    EXPECT_EQ(third.segments()[2].end, live);
    wal::position at = from;
    EXPECT_TRUE(third.begin_at(at, now_ms, troubles)->found);
    EXPECT_EQ(third.segments().size(), 3U);
    EXPECT_TRUE(troubles.empty());
}

TEST_F(shadow, F12_names_are_sixteen_digits_that_count_up) {
    wal::shadow here = open();
    append(here, start());
    EXPECT_TRUE(fs::exists(place + "/0000000000000001"));
    fs::rename(file(1), place + "/00000002ffffffff");
    commit();
    wal::shadow again = open();
    append(again, again.segments().front().end);
    EXPECT_TRUE(fs::exists(place + "/0000000300000000"));
    // Names of any other form are not looked at.
    for (const char* name : {"1", "0000000000000001x", "000000000000000A", "00000000000000001", "0000000000000001.damaged-5"}) tests::spill(place + "/" + name, {});
    wal::shadow third = open();
    ASSERT_EQ(third.segments().size(), 2U);
    EXPECT_EQ(third.segments()[0].number, 0x2ffffffffU) << "lexical order is numeric order";
    EXPECT_TRUE(troubles.empty());
}

// Whatever part of the last write the disk has, the commits before it are there, and the next process goes on behind them.
TEST_F(shadow, E1_a_torn_tail_is_cut_at_every_byte_of_it) {
    wal::shadow here = open();
    append(here, start());
    const wal::position before = end();
    commit(700);
    append(here, before);
    const io::bytes whole = tests::slurp(file(1));
    const std::size_t sound = wal::segment_header_size + before.offset - wal::header_size;
    ASSERT_GT(whole.size(), sound + 2 * 536);
    for (std::size_t length = sound; length < whole.size(); ++length) {
        fs::remove(file(1));
        tests::spill(file(1), io::byte_view(whole).first(length));
        wal::shadow again = open();
        ASSERT_TRUE(troubles.empty()) << length;
        ASSERT_EQ(again.segments().size(), 1U) << length;
        ASSERT_EQ(again.segments().front().end, before) << length;
        ASSERT_EQ(fs::file_size(file(1)), sound) << length;
    }
    append(here = open(), before);
    EXPECT_EQ(here.segments().back().end, end());
}

TEST_F(shadow, E1_what_was_only_begun_is_no_segment_and_nothing_to_tell) {
    wal::shadow here = open();
    append(here, start());
    const io::bytes whole = tests::slurp(file(1));
    for (std::size_t length = 0; length <= wal::segment_header_size + 535; ++length) {
        fs::remove(file(1));
        tests::spill(file(1), io::byte_view(whole).first(length));
        EXPECT_TRUE(open().segments().empty()) << length;
        EXPECT_TRUE(troubles.empty()) << length;
        EXPECT_FALSE(fs::exists(file(1))) << length;
    }
}

TEST_F(shadow, E1_a_torn_seal_is_none) {
    wal::shadow here = open();
    append(here, start());
    const wal::position last = end();
    restart();
    const io::bytes unsealed = tests::slurp(file(1));
    ASSERT_TRUE(here.seal(header(), true).has_value());
    const io::bytes sealed = tests::slurp(file(1));
    for (std::size_t written = 0; written <= 128; ++written) {
        io::bytes torn = unsealed;
        std::copy_n(sealed.begin() + 128, written, torn.begin() + 128);
        tests::spill(file(1), torn);
        wal::shadow again = open();
        ASSERT_TRUE(troubles.empty()) << written;
        ASSERT_EQ(again.segments().size(), 1U) << written;
        EXPECT_EQ(again.segments().front().seal.has_value(), torn == sealed) << written;
        EXPECT_EQ(again.segments().front().after(), torn == sealed ? start() : last) << written;
    }
}

// No bit of a segment can change and the frames be taken for the log's.
TEST_F(shadow, F2_A2_a_flipped_bit_is_found_or_does_no_harm) {
    wal::shadow here = open();
    const wal::position from = start();
    append(here, from);
    const wal::position to = end();
    const io::bytes frames = frames_of_log(from, to.offset);
    for (const bool sealed : {false, true}) {
        if (sealed) {
            restart();
            ASSERT_TRUE(here.seal(header(), true).has_value());
        }
        const io::bytes whole = tests::slurp(file(1));
        for (std::size_t at = 0; at < whole.size(); at += at < 320 ? 1 : 3) {
            io::bytes bad = whole;
            bad[at] = static_cast<std::uint8_t>(bad[at] ^ (1U << (at % 8)));
            fs::remove(file(1));
            tests::spill(file(1), bad);
            wal::shadow again = open();
            const std::size_t kept = again.segments().size();
            ASSERT_EQ(kept + troubles.size() + (!sealed && kept == 0 && troubles.empty() ? 1 : 0), 1U) << at;
            for (const auto& trouble : troubles) {
                ASSERT_EQ(trouble.code, io::errc::corrupt) << at;
                ASSERT_NE(trouble.context.find(".damaged-1700000000000"), std::string::npos) << trouble.context;
            }
            if (at < 128) ASSERT_EQ(kept, 0U) << "the header is believed only as it was written; byte " << at;
            if (kept == 0) continue;
            const wal::segment& got = again.segments().front();
            ASSERT_EQ(got.head.start, from) << at;
            ASSERT_EQ(got.head.base, base) << at;
            ASSERT_LE(got.end.offset, to.offset) << at;
            ASSERT_TRUE(!got.seal || got.end == to) << "a seal says how far it goes; byte " << at;
            const io::bytes read = frames_of(again);
            const auto committed = static_cast<std::ptrdiff_t>(got.end.offset - from.offset);
            ASSERT_TRUE(std::equal(read.begin(), read.begin() + committed, frames.begin())) << at;
        }
        tests::spill(file(1), whole);
        fs::remove(file(1) + ".damaged-1700000000000");
    }
}

TEST_F(shadow, a_segment_of_another_stream_is_moved_aside) {
    wal::shadow here = open();
    append(here, start());
    auto other = wal::shadow::open(files, place, stream + 1, now_ms);
    ASSERT_TRUE(other.has_value());
    EXPECT_TRUE(other->segments.segments().empty());
    ASSERT_EQ(other->troubles.size(), 1U);
    EXPECT_EQ(other->troubles[0].code, io::errc::corrupt);
    EXPECT_TRUE(fs::exists(file(1) + ".damaged-1700000000000")) << "nothing is dropped";
}

// Three generations: the first of them in two segments.
class shadow_chain : public shadow {
protected:
    std::vector<wal::position> starts;
    std::vector<wal::position> ends;

    void SetUp() override {
        shadow::SetUp();
        wal::shadow here = open();
        add(here, start());
        commit();
        here = open();
        add(here, ends.back());
        for (int i = 0; i < 2; ++i) {
            restart();
            ASSERT_TRUE(here.seal(header(), true).has_value());
            commit();
            add(here, start());
        }
        restart();
        ASSERT_TRUE(here.seal(header(), true).has_value());
    }
    void add(wal::shadow& here, const wal::position& from) {
        append(here, from);
        starts.push_back(here.segments().back().head.start);
        ends.push_back(here.segments().back().end);
    }
    std::vector<std::uint64_t> numbers(const wal::shadow& in) const {
        std::vector<std::uint64_t> out;
        for (const auto& each : in.segments()) out.push_back(each.number);
        return out;
    }
    using list = std::vector<std::uint64_t>;
};

TEST_F(shadow_chain, A5_what_is_durable_goes_and_what_is_not_stays_wherever_the_stream_is) {
    fs::copy(place, dir.file("kept"));
    struct row {
        wal::position at;
        list left;
        wal::position then;
    };
    wal::position middle = starts[2];
    middle.offset += 536;  // behind the first frame: a commit of its own
    {
        wal::shadow here = open();
        auto reader = here.reader(here.segments()[2]);
        ASSERT_TRUE(*reader->holds(middle, true));
    }
    wal::position later = start();
    later.offset += 5 * 536;
    for (const row& each : {row{starts[0], {1, 2, 3, 4}, starts[0]}, row{ends[0], {2, 3, 4}, starts[1]}, row{ends[1], {3, 4}, starts[2]}, row{middle, {3, 4}, middle},
                            row{starts[3], {4}, starts[3]}, row{ends[3], {}, start()}, row{start(), {}, start()}, row{later, {}, later}}) {
        for (const bool unknown : {false, true}) {
            fs::remove_all(place);
            fs::copy(dir.file("kept"), place);
            wal::shadow here = open();
            wal::position at = each.at;
            const bool in_a_segment = each.at != start() && each.at != later;
            if (unknown && in_a_segment) at.running = {};  // as from an object's header
            const auto joined = here.begin_at(at, now_ms, troubles);
            ASSERT_TRUE(joined.has_value() && joined->found) << each.at.offset;
            EXPECT_EQ(here.front() == nullptr ? 0 : here.front()->number, each.left.empty() ? 0 : each.left.front());
            EXPECT_EQ(count_of("0000"), 4U) << "what is durable is there until it is not needed";
            ASSERT_TRUE(here.remove_durable().has_value());
            EXPECT_EQ(numbers(here), each.left) << each.at.offset;
            EXPECT_EQ(at, each.then) << each.at.offset;
            EXPECT_TRUE(troubles.empty());
            EXPECT_EQ(count_of("0000"), each.left.size()) << "on disk, too";
        }
    }
}

TEST_F(shadow_chain, A3_a_place_that_is_in_none_changes_nothing) {
    wal::shadow here = open();
    wal::position other_chain = ends[2];
    other_chain.running.s0 ^= 1U;
    wal::position other_log = starts[2];
    other_log.salt1 += 100;
    wal::position no_frame = ends[2];
    no_frame.offset -= 1;
    for (wal::position at : {other_chain, other_log, no_frame, wal::position{}}) {
        const auto joined = here.begin_at(at, now_ms, troubles);
        ASSERT_TRUE(joined.has_value());
        EXPECT_FALSE(joined->found);
        EXPECT_EQ(numbers(here), (list{1, 2, 3, 4}));
    }
    ASSERT_TRUE(here.set_aside(now_ms, "segment: none of this log", troubles).has_value());
    EXPECT_TRUE(here.segments().empty());
    EXPECT_EQ(troubles.size(), 4U);
    EXPECT_EQ(count_of(".damaged-1700000000000"), 4U);
}

TEST_F(shadow_chain, A5_nothing_is_read_across_a_hole) {
    fs::copy(place, dir.file("kept"));
    for (std::uint64_t gone = 1; gone <= 4; ++gone) {
        fs::remove_all(place);
        fs::copy(dir.file("kept"), place);
        fs::remove(file(gone));
        wal::shadow here = open();
        EXPECT_TRUE(troubles.empty());
        wal::position at = starts[0];
        const auto joined = here.begin_at(at, now_ms, troubles);
        ASSERT_TRUE(joined.has_value());
        EXPECT_EQ(joined->found, gone != 1);
        list left;
        for (std::uint64_t n = 1; n < gone; ++n) left.push_back(n);
        EXPECT_EQ(numbers(here), gone == 1 ? (list{2, 3, 4}) : left);
        const std::size_t behind = gone == 1 ? 0 : 4 - gone;
        ASSERT_EQ(troubles.size(), behind);
        for (const auto& trouble : troubles) EXPECT_EQ(trouble.code, io::errc::gap);
        EXPECT_EQ(count_of(".damaged-"), behind) << "set aside, not dropped";
        // From behind the hole everything is there.
        fs::remove_all(place);
        fs::copy(dir.file("kept"), place);
        fs::remove(file(gone));
        if (gone == 4) continue;
        here = open();
        at = starts[gone];
        EXPECT_TRUE(here.begin_at(at, now_ms, troubles)->found);
        ASSERT_TRUE(here.remove_durable().has_value());
        EXPECT_EQ(numbers(here).front(), gone + 1);
        EXPECT_EQ(numbers(here).size(), 4 - gone);
        EXPECT_TRUE(troubles.empty());
    }
}

// A middle one that is damaged is a hole, too.
TEST_F(shadow_chain, A12_a_sealed_segment_that_was_cut_is_damaged_at_every_length) {
    const io::bytes whole = tests::slurp(file(3));
    for (std::size_t length = wal::segment_header_size; length < whole.size(); length += 97) {
        tests::spill(file(3), io::byte_view(whole).first(length));
        wal::shadow here = open();
        ASSERT_EQ(troubles.size(), 1U) << length;
        EXPECT_EQ(troubles[0].code, io::errc::corrupt);
        EXPECT_EQ(numbers(here), (list{1, 2, 4}));
    }
    wal::shadow here = open();
    wal::position at = starts[0];
    EXPECT_TRUE(here.begin_at(at, now_ms, troubles)->found);
    EXPECT_EQ(numbers(here), (list{1, 2}));
}

TEST_F(shadow, A12_everything_is_durable_with_its_name_before_append_returns) {
    wal::shadow here = open();
    files.forget();
    const wal::position from = start();
    append(here, from);
    const auto calls = files.calls();
    const auto at = [&](const std::string& call) { return std::find_if(calls.begin(), calls.end(), [&](const auto& c) { return c.starts_with(call + " " + place); }) - calls.begin(); };
    EXPECT_LT(at("open"), at("write"));
    EXPECT_LT(at("write"), at("sync"));
    EXPECT_LT(at("sync"), at("sync_directory"));
    EXPECT_EQ(calls.back(), "sync_directory " + place);
    files.forget();
    const wal::position then = end();
    commit();
    append(here, then);
    EXPECT_EQ(files.calls().back(), "sync " + file(1)) << "the name is durable by now";
    files.forget();
    restart();
    ASSERT_TRUE(here.seal(header(), false).has_value());
    EXPECT_EQ(files.calls().back(), "sync " + file(1));
}

// The disk is full at any step of the second append: what the first one made durable is there, for this process and for the next, and when
// there is room again the rest follows.
TEST_F(shadow, A12_an_append_that_fails_anywhere_keeps_what_was_durable_and_can_be_repeated) {
    for (const bool anew : {false, true}) {
        for (const char* step : {"open", "write", "sync", "sync_directory", "truncate", "read"}) {
            for (const std::size_t torn : {0U, 300U, 700U}) {
                fs::remove_all(place);
                wal::shadow here = open();
                append(here, start());
                const wal::position durable = end();
                commit(600);
                const std::uint64_t to = end().offset;
                if (anew) here = open();
                files.torn_after = torn;
                bool failed = false;
                files.spoil = [&](const std::string& call, const std::string& which) {
                    // A write that fails, and then the cleaning up after it.
                    const bool now = call == step || (failed && call == "truncate") || (std::string(step) == "truncate" && call == "write");
                    const bool hit = now && (which.starts_with(place) || call == "read");
                    failed = failed || hit;
                    return hit ? ENOSPC : 0;
                };
                const auto done = here.append(log, base, durable, to);
                files.spoil = nullptr;
                ASSERT_EQ(done.has_value(), !failed) << step << anew;
                if (done) continue;
                EXPECT_EQ(done.error().code, io::errc::no_space) << step;
                ASSERT_EQ(here.segments().back().end, durable) << step;
                append(here, durable);
                const wal::position all = end();
                EXPECT_EQ(here.segments().back().end, all);

                wal::shadow again = open();
                EXPECT_TRUE(troubles.empty()) << step << anew << troubles.size();
                wal::position at = start();
                ASSERT_TRUE(again.begin_at(at, now_ms, troubles)->found) << step;
                EXPECT_TRUE(troubles.empty()) << step << anew << torn << troubles[0].context;
                EXPECT_EQ(again.segments().back().end, all) << step;
                io::bytes joined;
                for (std::size_t i = 0; i < again.segments().size(); ++i) {
                    const io::bytes part = frames_of(again, i);
                    joined.insert(joined.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(again.segments()[i].end.offset - again.segments()[i].head.start.offset));
                }
                EXPECT_EQ(joined, frames_of_log(start(), all.offset)) << step;
            }
        }
    }
}

TEST_F(shadow, A5_what_is_copied_after_a_removal_that_failed_is_not_durable) {
    for (const char* step : {"remove", "sync_directory"}) {
        fs::remove_all(place);
        wal::shadow here = open();
        append(here, start());
        const wal::position first = end();
        here.front_is_durable();
        files.spoil = [&](const std::string& call, const std::string& which) { return call == step && which.starts_with(place) ? EIO : 0; };
        EXPECT_EQ(here.remove_durable().error().code, io::errc::io_failure) << step;
        files.spoil = nullptr;
        commit(600);
        append(here, first);
        ASSERT_NE(here.front(), nullptr) << step;
        EXPECT_EQ(here.front()->head.start, first) << step;
        ASSERT_TRUE(here.remove_durable().has_value()) << step;
        EXPECT_EQ(here.segments().size(), 1U) << step;
        EXPECT_EQ(frames_of(here, 0), frames_of_log(first, end().offset)) << step;
    }
}

TEST_F(shadow, B5_opening_fails_where_a_file_cannot_be_read_and_loses_nothing) {
    wal::shadow here = open();
    append(here, start());
    const wal::position all = end();
    tests::spill(file(1), [&] {
        io::bytes torn = tests::slurp(file(1));
        torn.resize(torn.size() + 100, 7);
        return torn;
    }());
    for (const char* step : {"list", "open", "read", "truncate", "sync"}) {
        files.spoil = [&](const std::string& call, const std::string&) { return call == step ? EIO : 0; };
        const auto got = wal::shadow::open(files, place, stream, now_ms);
        files.spoil = nullptr;
        ASSERT_FALSE(got.has_value()) << step;
        EXPECT_EQ(got.error().code, io::errc::io_failure) << step;
        EXPECT_EQ(got.error().about, io::subject::general) << step;
    }
    EXPECT_EQ(open().segments().front().end, all);
}

TEST_F(shadow, A5_only_what_the_log_holds_is_copied) {
    wal::shadow here = open();
    wal::position from = start();
    const std::uint64_t to = end().offset;
    const auto refused = [&](const wal::position& at, std::uint64_t until) {
        const auto done = here.append(log, base, at, until);
        ASSERT_FALSE(done.has_value());
        EXPECT_EQ(done.error().code, io::errc::gap);
        EXPECT_EQ(done.error().about, io::subject::database);
        EXPECT_TRUE(here.segments().empty());
        EXPECT_TRUE(fs::is_empty(place));
    };
    refused(from, to - 1);         // no frame ends there
    refused(from, to + 536);       // nor there
    refused(from, from.offset + 536);  // a frame does, but it is no commit's last
    wal::position bad = from;
    bad.running.s0 ^= 1U;
    refused(bad, to);
    bad = from;
    bad.salt2 ^= 1U;
    refused(bad, to);
    EXPECT_TRUE(here.append(log, base, from, from.offset).has_value());
    EXPECT_TRUE(fs::is_empty(place)) << "nothing to copy, no file";
}

}  // namespace
