// The object of a handoff on local disk: durable before anything relies on it, verified before anything is made of it.
#include "engine/pending.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "engine/key.h"
#include "io/posix_file_system.h"
#include "tests/support/chain_builder.h"
#include "tests/support/spoiled_files.h"
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

TEST_F(pending, A12_a_saved_object_is_durable_with_its_name_before_save_returns) {
    tests::spoiled_files noted;
    ASSERT_TRUE(box.save(noted, chain.file(2, 2)).has_value());
    std::vector<std::string> calls;
    for (const auto& call : noted.calls()) calls.push_back(call.substr(0, call.find(' ')));
    const auto at = [&](const char* name) { return std::find(calls.begin(), calls.end(), name) - calls.begin(); };
    EXPECT_LT(at("write"), at("sync"));
    EXPECT_LT(at("sync"), at("rename"));
    EXPECT_LT(at("rename"), at("sync_directory"));
    EXPECT_EQ(calls.back(), "sync_directory");
}

TEST_F(pending, A12_a_save_that_fails_anywhere_is_an_error_and_leaves_no_torn_object) {
    for (const char* step : {"open", "truncate", "write", "sync", "rename", "sync_directory"}) {
        tests::spoiled_files spoiled;
        spoiled.torn_after = 50;
        spoiled.spoil = [&](const std::string& call, const std::string&) { return call == step ? ENOSPC : 0; };
        EXPECT_FALSE(box.save(spoiled, chain.file(2, 2)).has_value()) << step;
        auto found = box.load(files);
        ASSERT_TRUE(found.has_value()) << step;
        EXPECT_TRUE(!found->has_value() || (**found).object == chain.file(2, 2)) << step;
        ASSERT_TRUE(box.remove(files).has_value());
    }
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

}  // namespace
