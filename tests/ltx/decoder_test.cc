#include "ltx/decoder.h"

#include <gtest/gtest.h>

#include "ltx/page_index.h"
#include "tests/support/ltx_files.h"

namespace {

using tests::block_frame;
using tests::lz4_frame;
using tests::make_header;
using tests::make_page;
using tests::make_pages;
using tests::make_raw;

void expect_refused(const io::bytes& file, io::errc code, const char* what) {
    for (const std::size_t chunk : {SIZE_MAX, std::size_t{1}, std::size_t{97}}) {
        const auto read = tests::decode(file, chunk);
        ASSERT_FALSE(read) << what;
        EXPECT_EQ(read.error().code, code) << what << ": " << read.error().context;
        EXPECT_EQ(read.error().about, io::subject::integrity) << what;
    }
}

io::bytes small_file() {
    ltx::header h = make_header(512, 3, 1, 2);
    const auto pages = make_pages(512, 1, 3, 1);
    h.sums = ltx::database_sums{0, tests::database_checksum(pages)};
    return tests::make_file(h, pages);
}

TEST(decoder, reads_chunks_of_any_size) {
    const auto pages = make_pages(4096, 1, 20, 1);
    const auto file = tests::make_file(make_header(4096, 20, 1, 7), pages);
    for (const std::size_t chunk : {1, 2, 3, 7, 100, 101, 4096, 5000, 1 << 20}) {
        const auto back = tests::decode(file, chunk);
        ASSERT_TRUE(back) << chunk << ": " << back.error().context;
        EXPECT_EQ(back->pages, pages) << chunk;
        EXPECT_EQ(back->summary.size, file.size());
        EXPECT_EQ(back->summary.database_checksum, tests::database_checksum(pages));
    }
}

TEST(decoder, reads_the_lz4_frames_of_older_litestreams) {
    const auto pages = make_pages(4096, 1, 4, 1);
    std::vector<tests::raw_frame> frames;
    for (const auto& [pgno, page] : pages) frames.push_back(pgno % 2 == 0 ? block_frame(pgno, page) : lz4_frame(pgno, page));
    const auto file = make_raw(make_header(4096, 4, 1, 1), frames).build();
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{13}, SIZE_MAX}) {
        const auto back = tests::decode(file, chunk);
        ASSERT_TRUE(back) << back.error().context;
        EXPECT_EQ(back->pages, pages);
    }
}

// The file checksum covers decompressed pages: a block may be damaged into another form of the same page, which is no harm.
TEST(decoder, F13_every_flipped_bit_is_found_or_leaves_the_contents_as_they_were) {
    const io::bytes file = small_file();
    const auto whole = tests::decode(file);
    ASSERT_TRUE(whole);
    int harmless = 0;
    for (std::size_t at = 0; at < file.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            io::bytes damaged = file;
            damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ (1U << bit));
            const auto read = tests::decode(damaged);
            if (!read) continue;
            ++harmless;
            ASSERT_EQ(read->pages, whole->pages) << at << " bit " << bit;
            ASSERT_EQ(read->summary.header, whole->summary.header) << at << " bit " << bit;
        }
    }
    EXPECT_LT(harmless, 20);
}

TEST(decoder, every_truncation_and_anything_after_the_trailer_is_found) {
    io::bytes file = small_file();
    for (std::size_t size = 0; size < file.size(); ++size) {
        const auto read = tests::decode(io::byte_view(file).first(size));
        ASSERT_FALSE(read) << size;
        EXPECT_EQ(read.error().code, io::errc::corrupt) << size;
    }
    file.push_back(0);
    expect_refused(file, io::errc::corrupt, "one byte more");
}

// The file checksum is right in each of these files.
TEST(decoder, F4_pages_that_cannot_be_are_refused) {
    const auto h = make_header(65536, 20000, 2, 2);
    const auto page = [&](std::uint32_t pgno) { return block_frame(pgno, make_page(65536, pgno, 1)); };
    ASSERT_TRUE(tests::decode(make_raw(h, {page(1), page(20000)}).build()));
    expect_refused(make_raw(h, {page(20001)}).build(), io::errc::corrupt, "beyond the commit");
    expect_refused(make_raw(h, {page(ltx::lock_page(65536))}).build(), io::errc::corrupt, "the lock page");
    expect_refused(make_raw(h, {page(5), page(5)}).build(), io::errc::corrupt, "twice");
    expect_refused(make_raw(h, {page(5), page(4)}).build(), io::errc::corrupt, "out of order");
    auto zero = page(0);
    expect_refused(make_raw(h, {zero}).build(), io::errc::corrupt, "page 0");
    auto flags = page(1);
    flags.flags = 3;
    expect_refused(make_raw(h, {flags}).build(), io::errc::unsupported, "unknown flags");
}

TEST(decoder, F4_payloads_that_are_not_one_page_are_refused) {
    const auto h = make_header(4096, 9, 2, 2);
    const auto sized = [](std::uint32_t size) {
        auto frame = block_frame(1, make_page(4096, 1, 1));
        io::store_big(frame.payload.data(), size);
        return frame;
    };
    expect_refused(make_raw(h, {block_frame(1, make_page(512, 1, 1))}).build(), io::errc::corrupt, "a smaller page");
    expect_refused(make_raw(h, {block_frame(1, make_page(8192, 1, 1))}).build(), io::errc::corrupt, "a larger page");
    expect_refused(make_raw(h, {lz4_frame(1, make_page(512, 1, 1))}).build(), io::errc::corrupt, "a frame of a smaller page");
    expect_refused(make_raw(h, {lz4_frame(1, make_page(8192, 1, 1))}).build(), io::errc::corrupt, "a frame of a larger page");
    expect_refused(make_raw(h, {sized(0)}).build(), io::errc::corrupt, "no bytes");
    expect_refused(make_raw(h, {sized(10)}).build(), io::errc::corrupt, "too few bytes");
}

TEST(decoder, B8_a_claimed_size_is_refused_before_its_bytes_come) {
    auto frame = block_frame(1, make_page(512, 1, 1));
    io::store_big(frame.payload.data(), std::uint32_t{0xffffffff});
    io::bytes file = make_raw(make_header(512, 9, 2, 2), {frame}).build();
    file.resize(ltx::header_size + ltx::frame_header_size + ltx::frame_size_field);
    ltx::decoder in;
    const auto fed = in.feed(file, [](std::uint32_t, io::byte_view) -> io::result<void> { return {}; });
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().code, io::errc::corrupt);
    EXPECT_FALSE(in.finish());

    auto old = lz4_frame(1, make_page(512, 1, 1));
    io::store_big(old.payload.data() + 7, std::uint32_t{0x00001000});  // the size of its block, little-endian: 1 MiB
    file = make_raw(make_header(512, 9, 2, 2), {old}).build();
    file.resize(ltx::header_size + ltx::frame_header_size + 11);
    ltx::decoder other;
    EXPECT_FALSE(other.feed(file, [](std::uint32_t, io::byte_view) -> io::result<void> { return {}; }));
}

TEST(decoder, F4_an_index_that_disagrees_with_the_frames_is_refused) {
    const auto good = make_raw(make_header(512, 9, 2, 2), {block_frame(1, make_page(512, 1, 1)), block_frame(4, make_page(512, 4, 1))});
    ASSERT_TRUE(tests::decode(good.build()));
    auto bad = good;
    bad.index[1].pgno = 5;
    expect_refused(bad.build(), io::errc::corrupt, "another page");
    bad = good;
    bad.index[1].offset += 1;
    expect_refused(bad.build(), io::errc::corrupt, "another offset");
    bad = good;
    bad.index[0].length -= 1;
    expect_refused(bad.build(), io::errc::corrupt, "another length");
    bad = good;
    bad.index.pop_back();
    expect_refused(bad.build(), io::errc::corrupt, "an entry less");
    bad = good;
    bad.index.push_back({6, 100, 20});
    expect_refused(bad.build(), io::errc::corrupt, "an entry more");
    bad = good;
    bad.index_length_off_by = 1;
    expect_refused(bad.build(), io::errc::corrupt, "another length of the index");
}

TEST(decoder, F13_a_snapshot_with_another_database_checksum_is_refused) {
    const auto pages = make_pages(512, 1, 3, 1);
    std::vector<tests::raw_frame> frames;
    for (const auto& [pgno, page] : pages) frames.push_back(block_frame(pgno, page));
    ltx::header h = make_header(512, 3, 1, 2);
    h.sums = ltx::database_sums{0, tests::database_checksum(pages)};
    ASSERT_TRUE(tests::decode(make_raw(h, frames).build()));
    h.sums->post ^= 4;
    expect_refused(make_raw(h, frames).build(), io::errc::corrupt, "ours");

    ltx::header native = make_header(512, 3, 1, 2);
    native.flags = 0;
    auto file = make_raw(native, frames);
    file.post_apply = tests::database_checksum(pages);
    ASSERT_TRUE(tests::decode(file.build()));
    file.post_apply ^= 4;
    expect_refused(file.build(), io::errc::corrupt, "native");
    file.post_apply = 0;
    expect_refused(file.build(), io::errc::corrupt, "native, absent");
    native.flags = ltx::flag_no_checksum;
    auto against = make_raw(native, frames);
    against.post_apply = tests::database_checksum(pages);
    expect_refused(against.build(), io::errc::corrupt, "against the flags");
}

TEST(decoder, A7_a_snapshot_that_lacks_a_page_is_refused) {
    const auto frames = std::vector{block_frame(1, make_page(512, 1, 1)), block_frame(3, make_page(512, 3, 1))};
    expect_refused(make_raw(make_header(512, 3, 1, 1), frames).build(), io::errc::corrupt, "page 2 is missing");
    EXPECT_TRUE(tests::decode(make_raw(make_header(512, 3, 2, 2), frames).build()));
}

TEST(decoder, an_error_of_the_sink_stops_it) {
    const io::bytes file = small_file();
    ltx::decoder in;
    int calls = 0;
    const ltx::page_sink sink = [&](std::uint32_t, io::byte_view) -> io::result<void> {
        ++calls;
        return io::error{io::errc::no_space, io::subject::target, "full"};
    };
    const auto fed = in.feed(file, sink);
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().code, io::errc::no_space);
    EXPECT_FALSE(in.feed(file, sink));
    EXPECT_FALSE(in.finish());
    EXPECT_EQ(calls, 1);
}

TEST(decoder, one_frame_of_a_ranged_read_decodes_by_itself) {
    for (const bool block : {true, false}) {
        const io::bytes page = make_page(4096, 7, 1);
        const auto frame = block ? block_frame(7, page) : lz4_frame(7, page);
        io::bytes range;
        io::append_big(range, frame.pgno);
        io::append_big(range, frame.flags);
        io::append(range, frame.payload);
        io::bytes out(4096);
        ASSERT_TRUE(ltx::decode_page(range, 4096, 7, out));
        EXPECT_EQ(out, page);
        EXPECT_FALSE(ltx::decode_page(range, 4096, 8, out));
        io::bytes larger(8192);
        EXPECT_FALSE(ltx::decode_page(range, 8192, 7, larger));
        EXPECT_FALSE(ltx::decode_page(range, 4096, 7, larger));
        for (std::size_t size = 0; size < range.size(); ++size) EXPECT_FALSE(ltx::decode_page(io::byte_view(range).first(size), 4096, 7, out)) << size;
        range.push_back(0);
        EXPECT_FALSE(ltx::decode_page(range, 4096, 7, out));
    }
}

}  // namespace
