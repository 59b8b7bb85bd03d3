// Pages come out of the window as they are in the log, whatever the order in which they are asked for.
#include "wal/page_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "io/posix_file_system.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"

namespace {

class page_window_test : public testing::TestWithParam<std::uint32_t> {
protected:
    tests::temp_directory dir;
    tests::app db{dir.file("app.db")};
    io::posix_file_system files;
    wal::log_reader log{files, dir.file("app.db-wal")};
    std::vector<std::uint64_t> places;

    void SetUp() override {
        db.run("PRAGMA page_size=" + std::to_string(GetParam()) + "; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x)");
        db.run("INSERT INTO t VALUES(randomblob(700000))");
        auto head = log.open();
        ASSERT_TRUE(head.has_value() && head->has_value());
        auto all = log.read(wal::start_of(**head), UINT64_MAX, UINT64_MAX);
        ASSERT_TRUE(all.has_value());
        for (const auto& place : all->batch.pages()) places.push_back(place.offset);
        ASSERT_GT(places.size(), 10U);
    }

    void expect_same(wal::page_window& window, std::uint64_t offset) {
        io::bytes expected(GetParam()), page(GetParam());
        ASSERT_TRUE(log.read_page(offset, expected).has_value());
        ASSERT_TRUE(window.read(log, offset, page).has_value());
        EXPECT_EQ(page, expected) << offset;
    }
};

TEST_P(page_window_test, forwards_backwards_and_in_leaps) {
    wal::page_window window(GetParam());
    for (const auto at : places) expect_same(window, at);
    for (auto at = places.rbegin(); at != places.rend(); ++at) expect_same(window, *at);
    for (std::size_t i = 0; i < places.size(); i += 3) expect_same(window, places[i]);
    for (const auto at : places) expect_same(window, at);
}

TEST_P(page_window_test, beyond_the_end_is_an_error_and_no_page_of_zeros) {
    wal::page_window window(GetParam());
    const std::uint64_t frame = GetParam() + wal::frame_header_size;
    std::uint64_t at = *std::max_element(places.begin(), places.end());
    io::bytes page(GetParam());
    ASSERT_TRUE(window.read(log, at, page).has_value());
    auto beyond = window.read(log, at + frame, page);
    ASSERT_FALSE(beyond.has_value());
    EXPECT_EQ(beyond.error().code, io::errc::io_failure);
}

INSTANTIATE_TEST_SUITE_P(page_sizes, page_window_test, testing::Values(512U, 4096U, 65536U));

}  // namespace
