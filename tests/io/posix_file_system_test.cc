#include "io/posix_file_system.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/chain_builder.h"
#include "tests/support/spoiled_files.h"
#include "tests/support/temp_directory.h"

namespace {

using io::errc;
using io::open_mode;

struct posix_files : testing::Test {
    tests::temp_directory dir;
    io::posix_file_system files;

    std::string at(const std::string& name) const { return dir.file(name); }
    void write(const std::string& name, const std::string& text) { tests::spill(at(name), io::view_of(text)); }
    std::string read(const std::string& name) const {
        const io::bytes data = tests::slurp(at(name));
        return std::string(io::text_of(data));
    }
    template <class T>
    static errc code(const io::result<T>& outcome) {
        if (outcome) {
            ADD_FAILURE() << "no error";
            return {};
        }
        EXPECT_EQ(outcome.error().about, io::subject::general);
        return outcome.error().code;
    }
};

TEST_F(posix_files, open_does_what_its_mode_says) {
    EXPECT_EQ(code(files.open(at("a"), open_mode::read)), errc::not_found);
    ASSERT_TRUE(files.open(at("a"), open_mode::create_new).value()->write_at(0, io::view_of("kept")));
    EXPECT_EQ(code(files.open(at("a"), open_mode::create_new)), errc::already_exists);
    ASSERT_TRUE(files.open(at("a"), open_mode::create));
    EXPECT_EQ(read("a"), "kept");
    EXPECT_EQ(code(files.open(at("a/b"), open_mode::create)), errc::not_found);
    EXPECT_EQ(code(files.open(dir.path(), open_mode::create)), errc::invalid);
    EXPECT_EQ(code(files.open(at(std::string(300, 'x')), open_mode::create)), errc::invalid);
    const auto missing = files.open(at("missing"), open_mode::read);
    EXPECT_NE(missing.error().context.find(at("missing")), std::string::npos);
}

TEST_F(posix_files, reads_and_writes_at_offsets) {
    auto file = files.open(at("a"), open_mode::create).value();
    ASSERT_TRUE(file->write_at(5, io::view_of("world")));
    ASSERT_TRUE(file->write_at(0, io::view_of("hello")));
    EXPECT_EQ(file->size().value(), 10U);
    io::bytes out(4);
    EXPECT_EQ(file->read_at(3, out).value(), 4U);
    EXPECT_EQ(io::text_of(out), "lowo");
    EXPECT_EQ(file->read_at(8, out).value(), 2U);  // fewer at the end only
    EXPECT_EQ(file->read_at(10, out).value(), 0U);
    EXPECT_EQ(file->read_at(1'000'000, out).value(), 0U);
    ASSERT_TRUE(file->truncate(3));
    ASSERT_TRUE(file->truncate(6));
    EXPECT_EQ(read("a"), std::string("hel\0\0\0", 6));
    EXPECT_TRUE(file->sync());
    auto reader = files.open(at("a"), open_mode::read).value();
    EXPECT_FALSE(reader->write_at(0, io::view_of("x")));
    EXPECT_EQ(read("a"), std::string("hel\0\0\0", 6));
}

TEST_F(posix_files, a_write_to_a_full_device_is_no_space) {
    auto full = files.open("/dev/full", open_mode::create);
    ASSERT_TRUE(full);
    EXPECT_EQ(code((*full)->write_at(0, io::view_of("x"))), errc::no_space);
}

TEST_F(posix_files, a_mapping_is_the_file_with_every_block_allocated) {
    write("m", "before");
    {
        auto map = files.map(at("m"), 1U << 20U).value();
        ASSERT_EQ(map->bytes().size(), 1U << 20U);
        EXPECT_EQ(io::text_of(map->bytes().first(6)), "before");
        EXPECT_EQ(map->bytes()[6], 0);
        map->bytes()[1U << 19U] = 'x';
        EXPECT_TRUE(map->sync());
    }
    EXPECT_EQ(read("m").at(1U << 19U), 'x');
    struct stat found {};
    ASSERT_EQ(::stat(at("m").c_str(), &found), 0);
    EXPECT_GE(found.st_blocks * 512, 1 << 20);  // a store into a hole of a full disk would kill the process
    auto smaller = files.map(at("m"), 3).value();
    EXPECT_EQ(io::text_of(smaller->bytes()), "bef");
    EXPECT_EQ(files.status(at("m")).value().size, 3U);
    EXPECT_EQ(code(files.map(at("none/m"), 10)), errc::not_found);
}

TEST_F(posix_files, status_follows_links_and_knows_one_file_by_two_names) {
    write("a", "12345");
    ASSERT_EQ(::link(at("a").c_str(), at("hard").c_str()), 0);
    ASSERT_EQ(::symlink("a", at("soft").c_str()), 0);
    ASSERT_EQ(::symlink("nowhere", at("dangling").c_str()), 0);
    const auto a = files.status(at("a")).value();
    EXPECT_EQ(a.kind, io::file_kind::regular);
    EXPECT_EQ(a.size, 5U);
    EXPECT_EQ(files.status(at("hard")).value().identity, a.identity);
    EXPECT_EQ(files.status(at("soft")).value().identity, a.identity);
    write("b", "12345");
    EXPECT_FALSE(files.status(at("b")).value().identity == a.identity);
    EXPECT_EQ(files.status(dir.path()).value().kind, io::file_kind::directory);
    EXPECT_EQ(files.status("/dev/null").value().kind, io::file_kind::other);
    EXPECT_EQ(code(files.status(at("dangling"))), errc::not_found);
    EXPECT_EQ(code(files.status(at("a/b"))), errc::not_found);
    ASSERT_EQ(::symlink("round", at("round").c_str()), 0);
    EXPECT_EQ(code(files.status(at("round"))), errc::invalid);
}

TEST_F(posix_files, modification_times_are_exact_to_the_millisecond) {
    write("a", "x");
    for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{1'700'000'000'123}, std::int64_t{-1}, std::int64_t{-1500}, std::int64_t{999}}) {
        ASSERT_TRUE(files.set_modified(at("a"), ms));
        EXPECT_EQ(files.status(at("a")).value().modified_ms, ms);
    }
    EXPECT_EQ(code(files.set_modified(at("none"), 0)), errc::not_found);
}

TEST_F(posix_files, a_listing_is_sorted_and_says_what_each_entry_is) {
    ASSERT_TRUE(files.make_directories(at("d/sub")));
    for (const std::string name : {"z", "a b", "Ä", "\"quoted\"", "100%", "new\nline", ".hidden"}) write("d/" + name, "x");
    ASSERT_EQ(::symlink("z", at("d/link to file").c_str()), 0);
    ASSERT_EQ(::symlink("sub", at("d/link to directory").c_str()), 0);
    ASSERT_EQ(::symlink("nowhere", at("d/dangling").c_str()), 0);
    ASSERT_EQ(::symlink("round", at("d/round").c_str()), 0);
    ASSERT_EQ(::mkfifo(at("d/fifo").c_str(), 0600), 0);
    std::vector<std::string> names;
    for (const auto& entry : files.list(at("d")).value()) {
        const char kind = entry.kind == io::file_kind::regular ? 'f' : entry.kind == io::file_kind::directory ? 'd' : 'o';
        names.push_back(entry.name + " " + kind);
    }
    std::vector<std::string> expected = {"\"quoted\" f", ".hidden f", "100% f",  "a b f",   "dangling o", "fifo o", "link to directory d",
                                         "link to file f", "new\nline f", "round o", "sub d", "z f", "Ä f"};
    EXPECT_EQ(names, expected);
    EXPECT_TRUE(files.list(at("d/sub")).value().empty());
}

TEST_F(posix_files, E10_a_listing_that_failed_is_never_an_empty_one) {
    write("file", "x");
    EXPECT_EQ(code(files.list(at("none"))), errc::not_found);
    EXPECT_EQ(code(files.list(at("file"))), errc::invalid);
    EXPECT_EQ(code(files.list(at("file/below"))), errc::invalid);
}

TEST_F(posix_files, paths_are_resolved_through_every_link) {
    ASSERT_TRUE(files.make_directories(at("real/deep")));
    ASSERT_EQ(::symlink("real", at("alias").c_str()), 0);
    write("real/deep/x", "x");
    const std::string root = files.resolve(dir.path()).value();
    EXPECT_EQ(files.resolve(at("alias/deep/../deep/x")).value(), root + "/real/deep/x");
    EXPECT_EQ(code(files.resolve(at("alias/none"))), errc::not_found);
}

TEST_F(posix_files, directories_are_made_with_their_parents) {
    ASSERT_TRUE(files.make_directories(at("a/b/c")));
    EXPECT_EQ(files.status(at("a/b/c")).value().kind, io::file_kind::directory);
    EXPECT_TRUE(files.make_directories(at("a/b/c")));
    EXPECT_TRUE(files.make_directories(at("a")));
    write("file", "x");
    EXPECT_EQ(code(files.make_directories(at("file"))), errc::invalid);
    EXPECT_EQ(code(files.make_directories(at("file/below"))), errc::invalid);
    EXPECT_EQ(read("file"), "x");
}

TEST_F(posix_files, threads_that_make_one_directory_all_succeed) {
    for (int round = 0; round < 20; ++round) {
        const std::string path = at("shared" + std::to_string(round) + "/a/b/c");
        std::vector<std::thread> makers;
        std::vector<int> made(4);
        for (int& one : made) makers.emplace_back([&one, &path, this] { one = files.make_directories(path) ? 1 : 0; });
        for (auto& maker : makers) maker.join();
        EXPECT_EQ(std::count(made.begin(), made.end(), 1), 4);
    }
}

TEST_F(posix_files, rename_replaces_and_rename_if_absent_does_not) {
    write("a", "new");
    write("b", "old");
    EXPECT_EQ(code(files.rename_if_absent(at("a"), at("b"))), errc::already_exists);
    EXPECT_EQ(read("a"), "new");
    EXPECT_EQ(read("b"), "old");
    ASSERT_TRUE(files.rename_if_absent(at("a"), at("c")));
    EXPECT_EQ(read("c"), "new");
    EXPECT_EQ(code(files.status(at("a"))), errc::not_found);
    ASSERT_TRUE(files.rename(at("c"), at("b")));
    EXPECT_EQ(read("b"), "new");
    EXPECT_EQ(code(files.rename(at("none"), at("b"))), errc::not_found);
    EXPECT_EQ(code(files.rename_if_absent(at("none"), at("x"))), errc::not_found);
    EXPECT_EQ(code(files.rename_if_absent(at("b"), at("no/x"))), errc::not_found);
}

TEST_F(posix_files, of_many_renames_to_one_name_exactly_one_succeeds) {
    for (int round = 0; round < 30; ++round) {
        const std::string target = "t" + std::to_string(round);
        std::vector<std::thread> racers;
        std::vector<int> won(8);
        for (std::size_t i = 0; i < won.size(); ++i) {
            write(target + "-" + std::to_string(i), "by " + std::to_string(i));
            racers.emplace_back([&, i] { won[i] = files.rename_if_absent(at(target + "-" + std::to_string(i)), at(target)) ? 1 : 0; });
        }
        for (auto& racer : racers) racer.join();
        ASSERT_EQ(std::count(won.begin(), won.end(), 1), 1);
        const auto winner = std::find(won.begin(), won.end(), 1) - won.begin();
        EXPECT_EQ(read(target), "by " + std::to_string(winner));
    }
}

TEST_F(posix_files, remove_and_sync_report_what_is_not_there) {
    write("a", "x");
    EXPECT_TRUE(files.sync_directory(dir.path()));
    EXPECT_TRUE(files.sync_file_system(dir.path()));
    EXPECT_TRUE(files.remove(at("a")));
    EXPECT_EQ(code(files.remove(at("a"))), errc::not_found);
    EXPECT_EQ(code(files.sync_directory(at("none"))), errc::not_found);
    EXPECT_EQ(code(files.sync_file_system(at("none"))), errc::not_found);
    const auto space = files.space(dir.path()).value();
    EXPECT_GT(space.total_bytes, 0U);
    EXPECT_LE(space.free_bytes, space.total_bytes);
    EXPECT_EQ(code(files.space(at("none"))), errc::not_found);
}

TEST_F(posix_files, a_lock_is_held_by_one_who_is_named_to_the_others) {
    auto first = files.lock(at("lock"), "flotilla watch app.db (pid 1234)");
    ASSERT_TRUE(first);
    const auto second = files.lock(at("lock"), "another");
    EXPECT_EQ(code(second), errc::held);
    EXPECT_EQ(second.error().context, "flotilla watch app.db (pid 1234)");
    first.value().reset();
    auto third = files.lock(at("lock"), "short");
    ASSERT_TRUE(third);
    EXPECT_EQ(files.lock(at("lock"), "x").error().context, "short");  // nothing of the longer words is left
}

TEST_F(posix_files, a_lock_ends_with_its_process) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        auto held = files.lock(at("lock"), "child");
        const char said = held ? 'y' : 'n';
        (void)!::write(ready[1], &said, 1);
        ::pause();
    }
    char said = 0;
    ASSERT_EQ(::read(ready[0], &said, 1), 1);
    EXPECT_EQ(said, 'y');
    EXPECT_EQ(files.lock(at("lock"), "parent").error().context, "child");
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(files.lock(at("lock"), "parent"));
    ::close(ready[0]);
    ::close(ready[1]);
}

// Holders remove the lock's file before they let it go: nobody may end up with a lock on a file that has no name any more.
TEST_F(posix_files, a_lock_that_is_removed_by_its_holder_is_never_held_twice) {
    std::atomic<int> holders = 0, taken = 0;
    std::atomic<bool> twice = false;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 10'000; ++i) {
                auto held = files.lock(at("lock"), "someone");
                if (!held) continue;
                if (++holders != 1) twice = true;
                ++taken;
                for (int turn = 0; turn < 20; ++turn) std::this_thread::yield();
                --holders;
                (void)files.remove(at("lock"));
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_FALSE(twice);
    EXPECT_GT(taken, 0);
}

TEST_F(posix_files, read_file_reads_all_or_refuses_before_allocating) {
    write("a", "12345");
    EXPECT_EQ(io::text_of(io::read_file(files, at("a"), 5).value()), "12345");
    EXPECT_EQ(code(io::read_file(files, at("a"), 4)), errc::too_large);
    EXPECT_EQ(code(io::read_file(files, at("none"), 4)), errc::not_found);
    auto huge = files.open(at("huge"), open_mode::create).value();
    ASSERT_TRUE(huge->truncate(std::uint64_t{1} << 42U));
    EXPECT_EQ(code(io::read_file(files, at("huge"), 1U << 20U)), errc::too_large);
}

TEST(paths, are_joined_and_taken_apart) {
    EXPECT_EQ(io::join("/a", "b"), "/a/b");
    EXPECT_EQ(io::join("/", "b"), "/b");
    EXPECT_EQ(io::join("/a", ""), "/a");
    EXPECT_EQ(io::join("", "b"), "b");
    EXPECT_EQ(io::parent_of("/a/b"), "/a");
    EXPECT_EQ(io::parent_of("/a"), "/");
    EXPECT_EQ(io::parent_of("a"), ".");
    EXPECT_EQ(io::name_of("/a/b c"), "b c");
    EXPECT_EQ(io::name_of("b"), "b");
}

// Replacing a file: at whatever step it fails, the old one is whole; when it does not, everything is synced in the right order.
struct write_file : testing::Test {
    tests::temp_directory dir;
    tests::spoiled_files files;
    std::string path = dir.file("x");

    void SetUp() override {
        ASSERT_TRUE(io::write_file(files, path, io::view_of("old")));
        files.forget();
    }
    std::string content() const {
        const io::bytes data = tests::slurp(path);
        return std::string(io::text_of(data));
    }
};

TEST_F(write_file, A12_syncs_the_file_renames_it_and_syncs_the_directory) {
    ASSERT_TRUE(io::write_file(files, path, io::view_of("new")));
    EXPECT_EQ(content(), "new");
    const std::vector<std::string> expected = {"open " + path + ".tmp", "truncate " + path + ".tmp", "write " + path + ".tmp",
                                               "sync " + path + ".tmp", "rename " + path,            "sync_directory " + dir.path()};
    EXPECT_EQ(files.calls(), expected);
}

TEST_F(write_file, A14_a_failure_at_any_step_before_the_rename_leaves_the_old_file) {
    for (const std::string step : {"open", "truncate", "write", "sync", "rename"}) {
        files.spoil = [&](const std::string& call, const std::string&) { return call == step ? ENOSPC : 0; };
        files.torn_after = 1;
        const auto outcome = io::write_file(files, path, io::view_of("new"));
        ASSERT_FALSE(outcome) << step;
        EXPECT_EQ(outcome.error().code, errc::no_space) << step;
        EXPECT_EQ(content(), "old") << step;
        EXPECT_EQ(tests::names_in(dir.path()), (std::vector<std::string>{"x"})) << step;
    }
}

TEST_F(write_file, B5_a_failed_sync_of_the_directory_is_an_error) {
    files.spoil = [](const std::string& call, const std::string&) { return call == "sync_directory" ? EIO : 0; };
    const auto outcome = io::write_file(files, path, io::view_of("new"));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, errc::io_failure);
}

}  // namespace
