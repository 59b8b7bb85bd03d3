// The object of a handoff on local disk: durable before anything relies on it, verified before anything is made of it.
#include "engine/pending.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "io/posix_file_system.h"
#include "tests/support/chain_builder.h"
#include "tests/support/temp_directory.h"

namespace {

class pending : public testing::Test {
protected:
    tests::temp_directory dir;
    io::posix_file_system files;
    tests::chain_builder chain{512};
    engine::pending box{dir.path(), engine::local_id("file:///backup", "app.db")};
    std::string path;

    pending() {
        chain.commit_size(5);
        chain.commit_page(3, 1);
        std::filesystem::create_directories(dir.file("pending"));
        path = dir.file("pending/" + engine::local_id("file:///backup", "app.db") + ".ltx");
    }
};

TEST_F(pending, what_was_saved_is_found_and_removed) {
    EXPECT_FALSE(box.load(files)->has_value());
    ASSERT_TRUE(box.save(files, chain.file(2, 2)).has_value());
    EXPECT_EQ(tests::slurp(path), chain.file(2, 2));
    auto found = box.load(files);
    ASSERT_TRUE(found.has_value() && found->has_value());
    EXPECT_EQ((**found).object, chain.file(2, 2));
    EXPECT_EQ((**found).head.min_txid, 2U);
    ASSERT_TRUE(box.remove(files).has_value());
    EXPECT_FALSE(box.load(files)->has_value());
    EXPECT_TRUE(box.remove(files).has_value()) << "removing nothing is no error";
}

TEST_F(pending, A12_a_torn_file_is_removed_and_told_at_every_length) {
    const io::bytes whole = chain.file(2, 2);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        tests::spill(path, io::byte_view(whole).first(length));
        auto found = box.load(files);
        ASSERT_FALSE(found.has_value()) << length;
        EXPECT_EQ(found.error().code, io::errc::corrupt) << length;
        EXPECT_FALSE(std::filesystem::exists(path)) << length;
    }
}

TEST_F(pending, A12_a_flipped_bit_anywhere_is_found_before_it_is_uploaded) {
    const io::bytes whole = chain.file(2, 2);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        io::bytes bad = whole;
        bad[at] = static_cast<std::uint8_t>(bad[at] ^ 0x10U);
        tests::spill(path, bad);
        EXPECT_FALSE(box.load(files).has_value()) << at;
    }
}

TEST_F(pending, something_much_too_long_is_not_ours_and_removed) {
    tests::spill(path, {});
    std::filesystem::resize_file(path, (1ULL << 30U) + 1);
    auto found = box.load(files);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code, io::errc::corrupt);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(local_id, tells_streams_and_stores_apart) {
    EXPECT_NE(engine::local_id("file:///a", "x"), engine::local_id("file:///b", "x"));
    EXPECT_NE(engine::local_id("file:///a", "x"), engine::local_id("file:///a", "y"));
    EXPECT_EQ(engine::local_id("file:///a", "x").size(), 16U);
}

}  // namespace
