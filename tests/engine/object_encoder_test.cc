// One object from pages, in bounded memory.
#include "engine/object_encoder.h"

#include <gtest/gtest.h>

#include "engine/key.h"
#include "ltx/checksum.h"
#include "ltx/decoder.h"

namespace {

constexpr std::uint32_t page_size = 4096;

io::bytes page_bytes(std::uint32_t pgno, std::uint8_t seed) {
    io::bytes out(page_size);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>((i * 131 + pgno * 7 + seed) ^ (i >> 3U));
    return out;
}

struct source {
    std::uint32_t pages;
    std::uint8_t seed = 1;
    unsigned reads = 0;

    engine::page_list list() {
        engine::page_list out;
        for (std::uint32_t pgno = 1; pgno <= pages; ++pgno) out.pages.push_back(pgno);
        out.read = [this](std::uint32_t pgno, io::byte_span page) -> io::result<void> {
            ++reads;
            const io::bytes bytes = page_bytes(pgno, seed);
            std::copy(bytes.begin(), bytes.end(), page.begin());
            return {};
        };
        return out;
    }
};

ltx::header head_for(std::uint32_t pages, std::uint64_t txid) {
    ltx::header h;
    h.page_size = page_size;
    h.commit = pages;
    h.min_txid = h.max_txid = txid;
    h.timestamp_ms = 1;
    return h;
}

struct decoded {
    std::vector<std::uint32_t> pages;
    bool same = true;
    io::result<void> outcome;
};

decoded decode(engine::object_encoder& object, std::uint8_t seed, std::size_t* parts = nullptr) {
    decoded out;
    ltx::decoder reader;
    const ltx::page_sink take = [&](std::uint32_t pgno, io::byte_view page) -> io::result<void> {
        out.pages.push_back(pgno);
        const io::bytes expected = page_bytes(pgno, seed);
        out.same = out.same && std::equal(page.begin(), page.end(), expected.begin(), expected.end());
        return {};
    };
    while (true) {
        auto part = object.next();
        if (!part) {
            out.outcome = part.error();
            return out;
        }
        if (!*part) break;
        if (parts != nullptr) ++*parts;
        if (auto ok = reader.feed(**part, take); !ok) {
            out.outcome = ok;
            return out;
        }
    }
    if (auto ok = reader.finish(); !ok) out.outcome = ok.error();
    return out;
}

TEST(object_encoder, a_small_object_is_read_once_and_comes_in_one_part) {
    source from{3};
    engine::object_encoder object(head_for(3, 2), from.list());
    ASSERT_TRUE(object.prepare().has_value());
    object.set_sums({5 | ltx::checksum_flag, 6 | ltx::checksum_flag});
    EXPECT_EQ(object.sums().size(), 3U);
    EXPECT_EQ(object.sums()[1].sum, ltx::page_checksum(2, page_bytes(2, 1)));
    std::size_t parts = 0;
    const auto got = decode(object, 1, &parts);
    EXPECT_TRUE(got.outcome.has_value());
    EXPECT_EQ(got.pages, (std::vector<std::uint32_t>{1, 2, 3}));
    EXPECT_TRUE(got.same);
    EXPECT_EQ(parts, 1U);
    EXPECT_EQ(from.reads, 3U);
}

TEST(object_encoder, a_large_object_comes_in_parts_and_the_same_again_after_a_restart) {
    source from{4000};
    engine::object_encoder object(head_for(4000, 2), from.list());
    ASSERT_TRUE(object.prepare().has_value());
    object.set_sums({5 | ltx::checksum_flag, 6 | ltx::checksum_flag});
    for (int round = 0; round < 2; ++round) {
        std::size_t parts = 0;
        const auto got = decode(object, 1, &parts);
        EXPECT_TRUE(got.outcome.has_value());
        EXPECT_EQ(got.pages.size(), 4000U);
        EXPECT_TRUE(got.same);
        EXPECT_GE(parts, 2U);
        EXPECT_FALSE((*object.next()).has_value()) << "ended stays ended";
        object.restart();
    }
}

TEST(object_encoder, all_is_the_parts_together) {
    source from{10};
    engine::object_encoder object(head_for(10, 2), from.list());
    ASSERT_TRUE(object.prepare().has_value());
    object.set_sums({5 | ltx::checksum_flag, 6 | ltx::checksum_flag});
    const auto bytes = object.all();
    ASSERT_TRUE(bytes.has_value());
    object.restart();
    EXPECT_EQ(*object.all(), *bytes);
}

TEST(object_encoder, B9_a_page_that_changed_between_the_readings_is_never_shipped) {
    source from{4000};
    engine::object_encoder object(head_for(4000, 2), from.list());
    ASSERT_TRUE(object.prepare().has_value());
    object.set_sums({5 | ltx::checksum_flag, 6 | ltx::checksum_flag});
    from.seed = 2;
    const auto got = decode(object, 2);
    ASSERT_FALSE(got.outcome.has_value());
    EXPECT_EQ(got.outcome.error().code, io::errc::corrupt);
    EXPECT_EQ(got.outcome.error().about, io::subject::database);
}

TEST(object_encoder, A7_a_snapshot_of_another_state_than_its_header_says_is_never_finished) {
    source from{4};
    ltx::header head = head_for(4, 1);
    std::uint64_t post = 0;
    for (std::uint32_t pgno = 1; pgno <= 4; ++pgno) post = ltx::fold(post, ltx::page_checksum(pgno, page_bytes(pgno, 1)));
    head.sums = ltx::database_sums{0, post};
    engine::object_encoder right(head, from.list());
    EXPECT_TRUE(right.all().has_value());
    from.seed = 2;
    engine::object_encoder wrong(head, from.list());
    const auto outcome = wrong.all();
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().about, io::subject::integrity);
}

TEST(object_encoder, errors_of_the_source_come_through) {
    engine::page_list list;
    list.pages = {1};
    list.read = [](std::uint32_t, io::byte_span) -> io::result<void> { return io::error{io::errc::io_failure, io::subject::database, "read"}; };
    engine::object_encoder object(head_for(1, 2), list);
    EXPECT_EQ(object.prepare().error().about, io::subject::database);
}

}  // namespace
