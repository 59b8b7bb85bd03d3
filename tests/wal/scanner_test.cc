#include "wal/scanner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>
#include <vector>

#include "tests/wal/made_log.h"

namespace {

using seen = std::vector<std::tuple<std::uint32_t, std::uint64_t, std::uint32_t, std::uint8_t>>;

constexpr std::size_t frame_bytes = wal::frame_header_size + 512;

wal::position start(const tests::made_log& log) { return wal::start_of(**wal::decode_header(log.bytes)); }

// Commits after frames 2, 3 and 6; two more frames are not committed.
tests::made_log three_commits(bool big = false) {
    tests::made_log log(512, big);
    log.add(1, 0, 'a').add(2, 2, 'b').add(2, 2, 'c').add(3, 0, 'd').add(1, 0, 'e').add(4, 4, 'f').add(2, 0, 'g').add(3, 0, 'h');
    return log;
}

struct reader {
    wal::scanner scan;
    seen frames;

    explicit reader(const wal::position& from) : scan(from) {}
    // Feeds the file from where the scanner is, `chunk` bytes at most at a time, until it takes no more.
    void read(io::byte_view file, const std::function<std::size_t()>& chunk) {
        std::size_t want = chunk();
        while (scan.read_offset() < file.size()) {
            const io::byte_view rest = file.subspan(scan.read_offset());
            const std::size_t consumed = scan.feed(rest.first(std::min(want, rest.size())), [this](const wal::frame& f) {
                frames.emplace_back(f.pgno, f.page_offset, f.commit_pages, f.page[0]);
            });
            if (consumed == 0 && (scan.ended() || want >= rest.size())) return;
            want = consumed == 0 ? want + chunk() : chunk();
        }
    }
};

TEST(scanner, F2_any_chunking_gives_the_same_frames) {
    std::mt19937 dice(1);
    for (const bool big : {false, true}) {
        const tests::made_log log = three_commits(big);
        reader whole(start(log));
        whole.read(log.bytes, [] { return SIZE_MAX; });
        ASSERT_EQ(whole.frames.size(), 8U);
        EXPECT_EQ(whole.frames[5], std::make_tuple(4U, wal::frame_offset(6, 512) + wal::frame_header_size, 4U, std::uint8_t{'f'}));
        for (int round = 0; round < 200; ++round) {
            reader parts(start(log));
            const std::size_t most = 1 + dice() % 2000;
            parts.read(log.bytes, [&] { return 1 + dice() % most; });
            ASSERT_EQ(parts.frames, whole.frames);
            ASSERT_EQ(parts.scan.committed(), whole.scan.committed());
            ASSERT_EQ(parts.scan.read_offset(), log.bytes.size());
        }
    }
}

TEST(scanner, F2_a_part_of_a_frame_is_left_for_the_next_call) {
    const tests::made_log log = three_commits();
    wal::scanner scan(start(log));
    const auto ignore = [](const wal::frame&) {};
    const io::byte_view frames = io::byte_view(log.bytes).subspan(wal::header_size);
    EXPECT_EQ(scan.feed({}, ignore), 0U);
    EXPECT_EQ(scan.feed(frames.first(frame_bytes - 1), ignore), 0U);
    EXPECT_FALSE(scan.ended());
    EXPECT_EQ(scan.feed(frames.first(2 * frame_bytes + 5), ignore), 2 * frame_bytes);
    EXPECT_EQ(scan.read_offset(), wal::header_size + 2 * frame_bytes);
}

TEST(scanner, F2_the_readable_log_ends_at_the_last_commit) {
    const tests::made_log log = three_commits();
    reader all(start(log));
    all.read(log.bytes, [] { return SIZE_MAX; });
    EXPECT_EQ(all.scan.committed().offset, wal::frame_offset(7, 512));
    EXPECT_EQ(all.scan.read_offset(), wal::frame_offset(9, 512));
}

TEST(scanner, F2_any_flipped_bit_ends_the_log_before_its_frame) {
    const tests::made_log log = three_commits();
    std::mt19937 dice(2);
    for (std::size_t at = wal::header_size; at < log.bytes.size(); at += 1 + dice() % 7) {
        io::bytes damaged = log.bytes;
        damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ (1U << dice() % 8));
        const std::size_t frame = (at - wal::header_size) / frame_bytes;
        reader got(start(log));
        got.read(damaged, [] { return SIZE_MAX; });
        ASSERT_EQ(got.frames.size(), frame) << at;
        ASSERT_TRUE(got.scan.ended());
    }
}

// Their checksum continues the chain, for salts are not in it; only they are wrong.
TEST(scanner, A2_frame_salts_must_be_the_headers) {
    for (std::uint32_t tests::made_log::*salt : {&tests::made_log::salt1, &tests::made_log::salt2}) {
        tests::made_log log;
        log.add(1, 1, 'a');
        const wal::position from = start(log);
        ++(log.*salt);
        log.add(1, 1, 'b');
        reader got(from);
        got.read(log.bytes, [] { return SIZE_MAX; });
        EXPECT_EQ(got.frames.size(), 1U);
        EXPECT_TRUE(got.scan.ended());
    }
}

TEST(scanner, A1_the_other_byte_order_reads_nothing) {
    const tests::made_log log = three_commits();
    wal::position wrong = start(log);
    wrong.big_endian = true;
    reader got(wrong);
    got.read(log.bytes, [] { return SIZE_MAX; });
    EXPECT_TRUE(got.frames.empty());
    EXPECT_TRUE(got.scan.ended());
}

TEST(scanner, B6_page_0_ends_the_log) {
    tests::made_log log;
    log.add(1, 1, 'a').add(0, 1, 'b').add(1, 1, 'c');
    reader got(start(log));
    got.read(log.bytes, [] { return SIZE_MAX; });
    EXPECT_EQ(got.frames.size(), 1U);
    EXPECT_TRUE(got.scan.ended());
}

TEST(scanner, F2_goes_on_from_a_commit_with_the_chain_it_carried) {
    const tests::made_log log = three_commits();
    reader all(start(log));
    all.read(log.bytes, [] { return SIZE_MAX; });
    reader some(start(log));
    some.read(io::byte_view(log.bytes).first(wal::frame_offset(4, 512)), [] { return SIZE_MAX; });
    reader rest(some.scan.committed());
    rest.read(log.bytes, [] { return SIZE_MAX; });
    EXPECT_EQ(rest.frames, seen(all.frames.begin() + 3, all.frames.end()));
    wal::position broken = some.scan.committed();
    broken.running.s0 ^= 1U;
    reader lost(broken);
    lost.read(log.bytes, [] { return SIZE_MAX; });
    EXPECT_TRUE(lost.frames.empty());
}

// A transaction that was rolled back leaves frames which the next one overwrites.
TEST(scanner, F2_rewinds_to_the_newest_commit_and_reads_what_was_overwritten) {
    tests::made_log committed;
    committed.add(1, 1, 'a');
    tests::made_log rolled_back = committed;
    rolled_back.add(2, 0, 'x').add(3, 0, 'y');
    tests::made_log next = committed;
    next.add(2, 2, 'b');
    reader got(start(committed));
    got.read(rolled_back.bytes, [] { return SIZE_MAX; });
    EXPECT_EQ(got.frames.size(), 3U);
    got.scan.rewind();
    got.frames.clear();
    got.read(next.bytes, [] { return SIZE_MAX; });
    ASSERT_EQ(got.frames.size(), 1U);
    EXPECT_EQ(std::get<3>(got.frames[0]), 'b');
    EXPECT_EQ(got.scan.committed().offset, next.bytes.size());
    // Also after an end: the torn frame may have been completed meanwhile.
    reader torn(start(committed));
    io::bytes half = next.bytes;
    half.back() ^= 1U;
    torn.read(half, [] { return SIZE_MAX; });
    EXPECT_TRUE(torn.scan.ended());
    torn.scan.rewind();
    torn.read(next.bytes, [] { return SIZE_MAX; });
    EXPECT_EQ(torn.scan.committed().offset, next.bytes.size());
}

}  // namespace
