#include "wal/frame_batch.h"

#include <gtest/gtest.h>

namespace {

wal::frame_batch batch_of(const std::vector<wal::frame>& frames) {
    wal::frame_batch out{wal::position{}};
    std::uint64_t sum = 100;
    for (const auto& f : frames) out.add(f, sum++);
    wal::position end;
    end.offset = 777;
    out.finish(end);
    return out;
}

std::vector<std::uint32_t> pages(const wal::frame_batch& b) {
    std::vector<std::uint32_t> out;
    for (const auto& place : b.pages()) out.push_back(place.pgno);
    return out;
}

TEST(frame_batch, keeps_the_newest_frame_of_each_page_in_order) {
    const auto b = batch_of({{3, 10, 0, {}}, {1, 20, 3, {}}, {3, 30, 0, {}}, {2, 40, 3, {}}});
    EXPECT_EQ(pages(b), (std::vector<std::uint32_t>{1, 2, 3}));
    EXPECT_EQ(b.find(3), 30U);
    EXPECT_EQ(b.find(1), 20U);
    EXPECT_EQ(b.find(4), std::nullopt);
    EXPECT_EQ(b.pages()[2].sum, 102U);
    EXPECT_EQ(b.frames(), 4U);
    EXPECT_EQ(b.commit_pages(), 3U);
    EXPECT_EQ(b.end().offset, 777U);
    EXPECT_FALSE(b.empty());
}

TEST(frame_batch, F2_what_was_not_committed_is_not_in_it) {
    const auto b = batch_of({{1, 10, 0, {}}, {2, 20, 2, {}}, {1, 30, 0, {}}, {3, 40, 0, {}}});
    EXPECT_EQ(pages(b), (std::vector<std::uint32_t>{1, 2}));
    EXPECT_EQ(b.find(1), 10U);
    EXPECT_EQ(b.frames(), 2U);
    const auto none = batch_of({{1, 10, 0, {}}, {2, 20, 0, {}}});
    EXPECT_TRUE(none.empty());
    EXPECT_TRUE(pages(none).empty());
    EXPECT_EQ(none.frames(), 0U);
    EXPECT_TRUE(batch_of({}).empty());
}

TEST(frame_batch, B7_a_commit_that_shrinks_drops_the_pages_behind_its_end) {
    const auto b = batch_of({{1, 10, 0, {}}, {9, 20, 0, {}}, {10, 30, 10, {}}, {1, 40, 5, {}}});
    EXPECT_EQ(pages(b), (std::vector<std::uint32_t>{1}));
    EXPECT_EQ(b.find(9), std::nullopt);
    EXPECT_EQ(b.commit_pages(), 5U);
}

TEST(frame_batch, B7_what_grows_again_later_is_kept) {
    const auto b = batch_of({{9, 10, 9, {}}, {1, 20, 5, {}}, {8, 30, 9, {}}});
    EXPECT_EQ(pages(b), (std::vector<std::uint32_t>{1, 8, 9}));  // as SQLite itself would find page 9
}

TEST(frame_batch, tells_that_a_page_was_beyond_the_end_after_its_frame) {
    const auto b = batch_of({{9, 10, 9, {}}, {1, 20, 5, {}}, {7, 30, 9, {}}, {1, 40, 9, {}}});
    EXPECT_TRUE(b.dropped_since(9, 10));
    EXPECT_TRUE(b.dropped_since(6, 20));
    EXPECT_FALSE(b.dropped_since(7, 30)) << "it was written when the database had grown again";
    EXPECT_FALSE(b.dropped_since(5, 0));
    EXPECT_TRUE(batch_of({{1, 10, 4, {}}}).dropped_since(5, 0)) << "of what was before the first commit nothing is known";
}

}  // namespace
