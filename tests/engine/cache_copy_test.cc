// The copy that is written while an object is put: the put gets every byte whatever becomes of the copy, and is read once.
#include "engine/cache_copy.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "tests/support/chain_builder.h"
#include "tests/support/spoiled_files.h"
#include "tests/support/temp_directory.h"

namespace {

class cache_copy : public testing::Test {
protected:
    tests::temp_directory dir;
    tests::spoiled_files files;
    const std::string path = dir.file("cache/app/0/object.ltx");
    const io::bytes whole = [] {
        io::bytes out(3000);
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i * 7);
        return out;
    }();
    int readings = 0;

    std::shared_ptr<engine::cache_copy> make(std::uint64_t most = UINT64_MAX, std::uint64_t reserve = 0) {
        return std::make_shared<engine::cache_copy>(files, path, engine::cache_copy::bounds{dir.path(), reserve, most});
    }
    // The object, in three parts.
    engine::cache_copy::parts object() {
        return [this]() -> engine::outgoing::part_source {
            ++readings;
            return [this, at = std::size_t{0}]() mutable -> io::result<std::optional<io::bytes>> {
                if (at == whole.size()) return std::optional<io::bytes>();
                const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(at);
                at += 1000;
                return std::optional(io::bytes(begin, begin + 1000));
            };
        };
    }
    // What a put gets, of so many parts.
    static io::bytes put(const engine::cache_copy::parts& from, int parts = 4) {
        io::bytes out;
        const auto source = from();
        for (int i = 0; i < parts; ++i) {
            auto part = source();
            EXPECT_TRUE(part.has_value());
            if (!part || !*part) break;
            io::append(out, **part);
        }
        return out;
    }
    bool left() const { return std::filesystem::exists(path) || std::filesystem::exists(path + ".tmp"); }
};

TEST_F(cache_copy, is_what_the_put_got_and_the_object_is_encoded_once) {
    auto copy = make();
    EXPECT_EQ(put(copy->along(object())), whole);
    EXPECT_FALSE(std::filesystem::exists(path)) << "not before the store has it";
    auto kept = copy->keep(object());
    ASSERT_TRUE(kept.has_value() && *kept) << "kept";
    EXPECT_EQ((*kept)->size, whole.size());
    EXPECT_EQ((*kept)->file_checksum, io::load_big<std::uint64_t>(whole.data() + whole.size() - 8));
    EXPECT_EQ(tests::slurp(path), whole);
    EXPECT_EQ(readings, 1);
    for (const auto& call : files.calls()) EXPECT_FALSE(call.starts_with("sync")) << "nothing relies on it: " << call;
}

TEST_F(cache_copy, of_a_try_that_failed_is_given_up_and_made_when_the_object_is_confirmed) {
    for (const int parts_of_first : {0, 1, 4}) {
        auto copy = make();
        const auto tried = copy->along(object());
        (void)put(tried, parts_of_first);
        (void)put(tried, 1);
        EXPECT_FALSE(left()) << "while the store fails nothing lies on the disk";
        EXPECT_EQ(put(tried), whole);
        EXPECT_FALSE(left());
        auto kept = copy->keep(object());
        ASSERT_TRUE(kept.has_value() && *kept);
        EXPECT_EQ(tests::slurp(path), whole);
        std::filesystem::remove(path);
    }
}

TEST_F(cache_copy, that_is_not_wanted_any_more_leaves_nothing) {
    auto copy = make();
    (void)put(copy->along(object()), 2);
    copy->drop();
    EXPECT_FALSE(left());
}

TEST_F(cache_copy, that_would_be_too_large_or_leave_too_little_disk_is_not_made) {
    for (auto& copy : {make(whole.size() - 1), make(UINT64_MAX, UINT64_MAX / 2)}) {
        EXPECT_EQ(put(copy->along(object())), whole);
        EXPECT_FALSE(left());
        auto kept = copy->keep(object());
        EXPECT_TRUE(kept.has_value() && !*kept);
        EXPECT_FALSE(left());
    }
    EXPECT_EQ(readings, 2);
}

TEST_F(cache_copy, whose_disk_fails_does_not_touch_the_put) {
    for (const char* step : {"make_directories", "open", "truncate", "write", "rename"}) {
        files.torn_after = 50;
        files.spoil = [&](const std::string& call, const std::string&) { return call == step ? ENOSPC : 0; };
        auto copy = make();
        EXPECT_EQ(put(copy->along(object())), whole) << step;
        auto kept = copy->keep(object());
        ASSERT_FALSE(kept.has_value()) << step;
        EXPECT_EQ(kept.error().code, io::errc::no_space) << step;
        files.spoil = nullptr;
        EXPECT_FALSE(left()) << step;
    }
}

}  // namespace
