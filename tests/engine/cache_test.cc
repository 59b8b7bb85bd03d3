// Encoded objects on local disk: durable where something relies on them, verified before anything is made of them.
#include "engine/cache.h"

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

class cache : public testing::Test {
protected:
    tests::temp_directory dir;
    tests::spoiled_files files;
    tests::chain_builder chain{512};
    engine::cache box{files, dir.path(), engine::local_id("file:///backup", "app.db")};
    const engine::object_name second{0, {2, 2}};
    std::string path = dir.file(box.file(second));
    io::bytes whole;

    cache() {
        chain.commit_size(5);
        chain.commit_page(3, 1);
        chain.commit_page(4, 2);
        whole = chain.file(2, 2);
    }

    // In three parts.
    static engine::outgoing::part_source parts(const io::bytes& all) {
        return [all, at = std::size_t{0}]() mutable -> io::result<std::optional<io::bytes>> {
            if (at == all.size()) return std::optional<io::bytes>();
            const std::size_t end = std::min(all.size(), at + all.size() / 3 + 1);
            const auto begin = all.begin() + static_cast<std::ptrdiff_t>(std::exchange(at, end));
            return std::optional(io::bytes(begin, all.begin() + static_cast<std::ptrdiff_t>(end)));
        };
    }
    // All that a put would get, or the error.
    static io::result<io::bytes> drain(const engine::outgoing::part_source& source) {
        io::bytes out;
        while (true) {
            auto part = source();
            if (!part) return part.error();
            if (!*part) return out;
            io::append(out, **part);
        }
    }
};

TEST_F(cache, what_was_saved_is_found_verified_read_and_removed) {
    EXPECT_TRUE(box.list()->empty());
    for (int i = 0; i < 2; ++i) {
        auto saved = box.save(second, parts(whole));
        ASSERT_TRUE(saved.has_value()) << saved.error().context;
        EXPECT_EQ(saved->size, whole.size());
        EXPECT_EQ(tests::slurp(path), whole);
        EXPECT_EQ(*box.list(), (std::vector<engine::object_name>{second}));
        auto found = box.verify(second);
        ASSERT_TRUE(found.has_value()) << found.error().context;
        EXPECT_EQ(found->head.range(), second.range);
        EXPECT_EQ(found->is.file_checksum, saved->file_checksum);
        EXPECT_EQ(*drain(box.read(second, found->is)), whole);
        ASSERT_TRUE(box.remove(second).has_value());
        EXPECT_TRUE(box.list()->empty());
        EXPECT_EQ(box.verify(second).error().code, io::errc::not_found);
        EXPECT_TRUE(box.remove(second).has_value()) << "removing nothing is no error";
    }
}

TEST_F(cache, A12_an_object_is_durable_with_its_name_before_save_returns) {
    ASSERT_TRUE(box.save(second, parts(whole)).has_value());
    std::vector<std::string> calls;
    for (const auto& call : files.calls()) calls.push_back(call.substr(0, call.find(' ')));
    const auto at = [&](const char* name) { return std::find(calls.begin(), calls.end(), name) - calls.begin(); };
    EXPECT_LT(at("write"), at("sync"));
    EXPECT_LT(at("sync"), at("rename"));
    EXPECT_LT(at("rename"), at("sync_directory"));
    EXPECT_EQ(calls.back(), "sync_directory");
}

TEST_F(cache, A12_a_save_that_fails_anywhere_is_an_error_and_leaves_no_torn_object) {
    for (const char* step : {"make_directories", "open", "truncate", "write", "sync", "rename", "sync_directory"}) {
        files.torn_after = 50;
        files.spoil = [&](const std::string& call, const std::string&) { return call == step ? ENOSPC : 0; };
        EXPECT_FALSE(box.save(second, parts(whole)).has_value()) << step;
        files.spoil = nullptr;
        auto found = box.verify(second);
        EXPECT_TRUE(found.has_value() || found.error().code == io::errc::not_found) << step;
        ASSERT_TRUE(box.remove(second).has_value());
    }
    const auto broken = []() -> io::result<std::optional<io::bytes>> { return io::error{io::errc::corrupt, io::subject::database, "page 7 changed"}; };
    EXPECT_EQ(box.save(second, broken).error().about, io::subject::database);
    EXPECT_TRUE(box.list()->empty());
}

TEST_F(cache, A12_a_file_cut_anywhere_is_found_before_it_is_used) {
    const auto expected = box.save(second, parts(whole));
    for (std::size_t length = 0; length < whole.size(); ++length) {
        tests::spill(path, io::byte_view(whole).first(length));
        EXPECT_EQ(box.verify(second).error().code, io::errc::corrupt) << length;
        EXPECT_EQ(drain(box.read(second, *expected)).error().code, io::errc::corrupt) << length;
    }
}

TEST_F(cache, A12_a_flipped_bit_anywhere_is_found_before_it_is_used) {
    const auto expected = box.save(second, parts(whole));
    for (std::size_t at = 0; at < whole.size(); ++at) {
        io::bytes bad = whole;
        bad[at] = static_cast<std::uint8_t>(bad[at] ^ 0x10U);
        tests::spill(path, bad);
        EXPECT_FALSE(box.verify(second).has_value()) << at;
        EXPECT_FALSE(drain(box.read(second, *expected)).has_value()) << at;
    }
}

TEST_F(cache, A12_a_sound_file_that_is_not_the_one_that_was_verified_is_not_read_out) {
    const auto expected = box.save(second, parts(whole));
    chain.first_ms += 1;
    tests::spill(path, chain.file(2, 2));
    ASSERT_TRUE(box.verify(second).has_value());
    EXPECT_EQ(drain(box.read(second, *expected)).error().code, io::errc::corrupt);
}

TEST_F(cache, B13_B14_a_sound_file_under_another_ones_name_is_refused) {
    ASSERT_TRUE(box.save(second, parts(chain.file(3, 3))).has_value());
    EXPECT_EQ(box.verify(second).error().code, io::errc::corrupt);
}

TEST_F(cache, temporaries_of_a_crash_are_removed_and_strangers_left_alone) {
    ASSERT_TRUE(box.save(second, parts(whole)).has_value());
    tests::spill(path + ".tmp", whole);
    const std::string stranger = dir.file(box.file({0, {1, 1}}) + ".old");
    tests::spill(stranger, whole);
    EXPECT_EQ(*box.list(), (std::vector<engine::object_name>{second}));
    EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
    EXPECT_TRUE(std::filesystem::exists(stranger));
}

}  // namespace
