#include "engine/restore_plan.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using engine::plan_restore;
using engine::stored_file;

stored_file at(unsigned level, std::uint64_t min, std::uint64_t max) { return {level, {min, max}, 1000, 0, ""}; }

// "9:1-3 0:4-4"
std::string shown(const std::vector<stored_file>& plan) {
    std::string out;
    for (const auto& file : plan) {
        if (!out.empty()) out += ' ';
        out += std::to_string(file.level) + ":" + std::to_string(file.range.min) + "-" + std::to_string(file.range.max);
    }
    return out;
}

std::string planned(const std::vector<stored_file>& files, std::uint64_t txid) {
    auto plan = plan_restore(files, txid);
    return plan ? shown(*plan) : std::string(io::name(plan.error().code)) + ": " + plan.error().context;
}

io::error refused(const std::vector<stored_file>& files, std::uint64_t txid) {
    auto plan = plan_restore(files, txid);
    return plan ? io::error{io::errc::io_failure, io::subject::general, "planned " + shown(*plan)} : plan.error();
}

TEST(restore_plan, A9_starts_from_the_newest_snapshot_at_or_before_the_target) {
    const std::vector<stored_file> files{at(9, 1, 1), at(0, 2, 2), at(0, 3, 3), at(9, 1, 3), at(0, 4, 4), at(0, 5, 5), at(9, 1, 5)};
    EXPECT_EQ(planned(files, 1), "9:1-1");
    EXPECT_EQ(planned(files, 2), "9:1-1 0:2-2");
    EXPECT_EQ(planned(files, 3), "9:1-3");
    EXPECT_EQ(planned(files, 4), "9:1-3 0:4-4");
    EXPECT_EQ(planned(files, 5), "9:1-5");
}

TEST(restore_plan, F15_a_snapshot_is_whatever_starts_at_the_first_txid_on_any_level) {
    EXPECT_EQ(planned({at(0, 1, 3), at(0, 4, 9)}, 9), "0:1-3 0:4-9");
}

TEST(restore_plan, takes_over_all_levels_the_file_that_reaches_furthest_without_passing_the_target) {
    const std::vector<stored_file> files{at(9, 1, 1), at(0, 2, 2), at(0, 3, 3), at(0, 4, 4), at(0, 5, 5), at(1, 2, 4), at(2, 2, 5)};
    EXPECT_EQ(planned(files, 3), "9:1-1 0:2-2 0:3-3");
    EXPECT_EQ(planned(files, 4), "9:1-1 1:2-4");
    EXPECT_EQ(planned(files, 5), "9:1-1 2:2-5");
}

TEST(restore_plan, overlapping_files_follow_each_other) {
    EXPECT_EQ(planned({at(9, 1, 3), at(1, 2, 4), at(1, 3, 7)}, 7), "9:1-3 1:3-7");
    EXPECT_EQ(planned({at(9, 1, 3), at(1, 2, 4), at(1, 3, 7)}, 4), "9:1-3 1:2-4");
}

TEST(restore_plan, F1_an_end_that_is_not_there_is_an_error_that_names_the_newest_point) {
    const auto e = refused({at(9, 1, 3), at(0, 4, 4)}, 9);
    EXPECT_EQ(e.code, io::errc::out_of_range);
    EXPECT_EQ(e.about, io::subject::target);
    EXPECT_NE(e.context.find("newest point is TXID 4"), std::string::npos) << e.context;
}

TEST(restore_plan, F1_before_the_first_snapshot_is_an_error_that_names_the_earliest_point) {
    const auto e = refused({at(0, 2, 2), at(9, 1, 3), at(0, 4, 4)}, 2);
    EXPECT_EQ(e.code, io::errc::out_of_range);
    EXPECT_NE(e.context.find("earliest point is TXID 3"), std::string::npos) << e.context;
    EXPECT_EQ(refused({at(9, 1, 3)}, 0).code, io::errc::out_of_range);
}

TEST(restore_plan, F1_inside_a_file_of_several_txids_is_an_error_that_names_the_points_around) {
    const auto e = refused({at(0, 1, 3), at(0, 4, 9), at(0, 10, 10)}, 6);
    EXPECT_EQ(e.code, io::errc::out_of_range);
    EXPECT_NE(e.context.find("TXID 3 and TXID 9"), std::string::npos) << e.context;
}

TEST(restore_plan, F1_a_gap_before_the_target_is_an_error_that_names_what_is_missing) {
    const auto e = refused({at(9, 1, 3), at(0, 4, 4), at(0, 7, 7), at(0, 8, 8)}, 8);
    EXPECT_EQ(e.code, io::errc::gap);
    EXPECT_EQ(e.about, io::subject::integrity);
    EXPECT_NE(e.context.find("TXIDs 5 to 6 are missing"), std::string::npos) << e.context;
}

TEST(restore_plan, E3_a_hole_that_a_newer_snapshot_bridges_does_not_matter) {
    const std::vector<stored_file> files{at(9, 1, 1), at(0, 2, 2), at(0, 5, 5), at(9, 1, 5), at(0, 6, 6)};
    EXPECT_EQ(planned(files, 6), "9:1-5 0:6-6");
    EXPECT_EQ(engine::restorable_points(files), (std::vector<std::uint64_t>{1, 2, 5, 6}));
}

TEST(restore_plan, A13_nothing_at_all_is_not_found_and_no_snapshot_is_a_gap) {
    EXPECT_EQ(refused({}, 1).code, io::errc::not_found);
    EXPECT_EQ(refused({}, 1).about, io::subject::integrity);
    EXPECT_EQ(refused({at(0, 2, 3), at(0, 4, 4)}, 4).code, io::errc::gap);
    EXPECT_EQ(engine::newest_txid({}).error().code, io::errc::not_found);
}

TEST(restore_plan, the_newest_txid_is_the_newest_stored_and_not_the_newest_in_reach) {
    EXPECT_EQ(engine::newest_txid({at(9, 1, 1), at(0, 5, 5)}).value(), 5U);
}

TEST(restore_plan, numbers_at_the_end_of_their_range_do_no_harm) {
    EXPECT_EQ(planned({at(9, 1, UINT64_MAX)}, UINT64_MAX), "9:1-18446744073709551615");
    EXPECT_EQ(refused({at(9, 1, 3), at(0, UINT64_MAX, UINT64_MAX)}, UINT64_MAX).code, io::errc::gap);
}

}  // namespace
