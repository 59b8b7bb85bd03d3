// Who a state directory is, whatever becomes of the rest of it.
#include "engine/identity.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/chain_builder.h"
#include "tests/support/real_environment.h"
#include "tests/support/spoiled_files.h"
#include "tests/support/temp_directory.h"

namespace {

struct identity : testing::Test {
    tests::temp_directory dir;
    tests::spoiled_files files;
    tests::real_environment world{&files};

    io::result<engine::writer_identity> open(std::uint64_t fresh) { return engine::open_identity(files, world.env.journal, dir.path(), fresh, 42); }
};

TEST_F(identity, A10_is_drawn_once_and_read_back) {
    const auto here = *engine::place_of(files, dir.path());
    EXPECT_EQ(*open(7), (engine::writer_identity{7, 0, here, 0}));
    EXPECT_EQ(*open(8), (engine::writer_identity{7, 0, here, 0}));
    ASSERT_TRUE(engine::save_identity(files, dir.path(), {7, 3, {1, 2}, 5}));
    EXPECT_EQ(*open(9), (engine::writer_identity{7, 3, {1, 2}, 5})) << "a copy finds where the original was";
}

TEST_F(identity, A10_a_read_that_failed_is_not_taken_for_a_new_directory) {
    ASSERT_TRUE(open(7));
    files.spoil = [](const std::string& call, const std::string& path) { return call == "read" && path.ends_with("identity") ? EIO : 0; };
    EXPECT_EQ(open(8).error().code, io::errc::io_failure);
    files.spoil = {};
    EXPECT_EQ(open(8)->writer, 7U);
}

TEST_F(identity, what_makes_no_sense_is_moved_aside_and_kept) {
    const std::string rest = " 0000000000000001 0000000000000002 0000000000000003 0000000000000004";
    for (const std::string& text : std::vector<std::string>{"", "0000000000000007", "0000000000000000" + rest + "\n", "000000000000000g" + rest + "\n", "0000000000000007" + rest,
                                   "0000000000000007" + rest + " \n", "0000000000000007 1 2 3 4\n"}) {
        std::ofstream(dir.file("identity"), std::ios::binary) << text;
        EXPECT_EQ(open(9)->writer, 9U) << text;
        EXPECT_EQ(tests::slurp(dir.file("identity.damaged-42")), io::bytes(text.begin(), text.end()));
    }
}

}  // namespace
