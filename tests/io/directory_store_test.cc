#include "io/directory_store.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <thread>

#include "io/task_group.h"
#include "tests/support/chain_builder.h"
#include "tests/support/real_environment.h"
#include "tests/support/spoiled_files.h"
#include "tests/support/temp_directory.h"

namespace {

namespace fs = std::filesystem;
using access = io::directory_store::access;
using io::errc;

constexpr io::object_attributes at_noon{1'700'000'000'123};

struct directory_store : testing::Test {
    tests::temp_directory dir;
    tests::spoiled_files files;
    tests::real_environment real{&files};
    std::string root = dir.file("store");
    std::unique_ptr<io::directory_store> store = open();

    std::unique_ptr<io::directory_store> open() { return real.run(io::directory_store::open(real.env, root, access::write)).value(); }
    io::result<void> put(const std::string& key, const std::string& text) {
        const io::byte_view data = io::view_of(text);
        return real.run(store->put_if_absent(key, io::bytes(data.begin(), data.end()), at_noon));
    }
    std::string get(const std::string& key) {
        auto data = real.run(store->get(key, 0, 1U << 20U));
        return data ? std::string(io::text_of(*data)) : "error: " + std::string(io::name(data.error().code));
    }
    template <class T>
    static errc code(const io::result<T>& outcome) {
        if (outcome) {
            ADD_FAILURE() << "no error";
            return {};
        }
        EXPECT_EQ(outcome.error().about, io::subject::store) << outcome.error().context;
        return outcome.error().code;
    }
    // What is in the way of temporaries, locks left out.
    std::vector<std::string> temporaries() const {
        auto names = tests::names_in(root + "/.flotilla-tmp");
        std::erase_if(names, [](const std::string& name) { return name.ends_with(".lock"); });
        return names;
    }
    void fail(const std::string& step, int number) {
        files.spoil = [step, number](const std::string& call, const std::string&) { return call == step ? number : 0; };
    }
};

TEST_F(directory_store, an_object_comes_back_with_its_bytes_size_and_time) {
    ASSERT_TRUE(put("app.db/ltx/0/one", "hello"));
    EXPECT_EQ(get("app.db/ltx/0/one"), "hello");
    const auto info = real.run(store->head("app.db/ltx/0/one")).value();
    EXPECT_EQ(info.key, "app.db/ltx/0/one");
    EXPECT_EQ(info.size, 5U);
    EXPECT_EQ(info.timestamp_ms, at_noon.timestamp_ms);
    EXPECT_EQ(files.status(root + "/app.db/ltx/0/one").value().modified_ms, at_noon.timestamp_ms);  // Litestream reads the file's own
    EXPECT_EQ(store->url(), "file://" + files.resolve(root).value());
}

TEST_F(directory_store, a_name_is_given_once) {
    ASSERT_TRUE(put("k", "first"));
    EXPECT_EQ(code(put("k", "second")), errc::already_exists);
    EXPECT_EQ(get("k"), "first");
    EXPECT_TRUE(temporaries().empty());
    ASSERT_TRUE(real.run(store->remove("k")));
    ASSERT_TRUE(real.run(store->remove("k")));  // there is none: no error
    EXPECT_EQ(get("k"), "error: not_found");
    EXPECT_TRUE(put("k", "third"));
}

TEST_F(directory_store, an_object_that_may_change_is_replaced_whole_or_not_at_all) {
    const auto replace = [&](const std::string& text) {
        const io::byte_view data = io::view_of(text);
        return real.run(store->put(".flotilla/hosts/one.json", io::bytes(data.begin(), data.end()), at_noon));
    };
    ASSERT_TRUE(replace("first"));
    ASSERT_TRUE(replace("second"));
    EXPECT_EQ(get(".flotilla/hosts/one.json"), "second");
    for (const std::string step : {"write", "sync", "rename"}) {
        fail(step, ENOSPC);
        EXPECT_EQ(code(replace("third")), errc::no_space) << step;
        files.spoil = {};
        EXPECT_EQ(get(".flotilla/hosts/one.json"), "second") << step;
        EXPECT_TRUE(temporaries().empty()) << step;
    }
}

TEST_F(directory_store, a_range_is_cut_at_the_end_and_limited) {
    ASSERT_TRUE(put("k", "0123456789"));
    const auto range = [&](std::uint64_t offset, std::uint64_t length) {
        const io::bytes data = real.run(store->get("k", offset, length)).value();
        return std::string(io::text_of(data));
    };
    EXPECT_EQ(range(2, 3), "234");
    EXPECT_EQ(range(8, 100), "89");
    EXPECT_EQ(range(10, 1), "");
    EXPECT_EQ(range(~0ULL, 64U << 20U), "");
    EXPECT_EQ(code(real.run(store->get("k", 0, (64U << 20U) + 1))), errc::invalid);
    EXPECT_EQ(code(real.run(store->get("none", 0, 1))), errc::not_found);
}

TEST_F(directory_store, an_object_in_pieces_is_seen_only_when_committed) {
    auto writer = real.run(store->open_writer("big", at_noon)).value();
    ASSERT_TRUE(real.run(writer->write(io::bytes(100'000, 'a'))));
    ASSERT_TRUE(real.run(writer->write(io::bytes(1, 'b'))));
    EXPECT_EQ(get("big"), "error: not_found");
    EXPECT_EQ(temporaries().size(), 1U);
    ASSERT_TRUE(real.run(writer->commit()));
    EXPECT_EQ(get("big"), std::string(100'000, 'a') + "b");
    EXPECT_EQ(real.run(store->head("big")).value().timestamp_ms, at_noon.timestamp_ms);
    EXPECT_TRUE(temporaries().empty());

    auto late = real.run(store->open_writer("big", at_noon)).value();
    ASSERT_TRUE(real.run(late->write(io::bytes(1, 'c'))));
    EXPECT_EQ(code(real.run(late->commit())), errc::already_exists);
    EXPECT_TRUE(temporaries().empty());

    auto given_up = real.run(store->open_writer("other", at_noon)).value();
    ASSERT_TRUE(real.run(given_up->write(io::bytes(1, 'c'))));
    given_up.reset();
    EXPECT_TRUE(temporaries().empty());
    EXPECT_EQ(get("other"), "error: not_found");
}

TEST_F(directory_store, F10_A12_an_object_is_dated_synced_named_and_its_directory_synced_before_put_returns) {
    ASSERT_TRUE(put("s/first", "x"));  // the directory exists from now on
    files.forget();
    ASSERT_TRUE(put("s/second", "x"));
    std::vector<std::string> steps;
    for (const auto& call : files.calls()) steps.push_back(call.substr(0, call.find(' ')));
    EXPECT_EQ(steps, (std::vector<std::string>{"open", "write", "set_modified", "sync", "make_directories", "rename_if_absent", "sync_directory"}));
    EXPECT_EQ(files.calls().back(), "sync_directory " + files.resolve(root + "/s").value());
}

TEST_F(directory_store, F10_a_failure_at_any_step_is_an_error_and_shows_nothing) {
    for (const std::string step : {"open", "write", "set_modified", "sync", "make_directories", "rename_if_absent"}) {
        for (const auto& [number, expected] : {std::pair{ENOSPC, errc::no_space}, {EROFS, errc::read_only}, {EACCES, errc::access_denied}, {EIO, errc::io_failure}}) {
            fail(step, number);
            files.torn_after = 2;
            EXPECT_EQ(code(put("s/k", "hello")), expected) << step;
            files.spoil = nullptr;
            EXPECT_EQ(get("s/k"), "error: not_found") << step;
            EXPECT_TRUE(real.run(store->list("s")).value().empty()) << step;
            EXPECT_TRUE(temporaries().empty()) << step;
        }
    }
    EXPECT_TRUE(put("s/k", "hello"));
}

TEST_F(directory_store, a_full_disk_in_the_middle_of_a_large_object_shows_nothing_and_leaves_nothing) {
    auto writer = real.run(store->open_writer("big", at_noon)).value();
    ASSERT_TRUE(real.run(writer->write(io::bytes(100'000, 'a'))));
    fail("write", ENOSPC);
    files.torn_after = 1000;
    EXPECT_EQ(code(real.run(writer->write(io::bytes(100'000, 'b')))), errc::no_space);
    writer.reset();
    files.spoil = nullptr;
    EXPECT_EQ(get("big"), "error: not_found");
    EXPECT_TRUE(temporaries().empty());
}

// The rename was done, the sync of the directory was not: nobody may rely on the object, and the second try must not either before
// the directory is synced.
TEST_F(directory_store, F10_B5_a_taken_name_is_not_relied_on_before_its_directory_is_synced) {
    fail("sync_directory", EIO);
    EXPECT_EQ(code(put("k", "mine")), errc::io_failure);
    EXPECT_EQ(code(put("k", "mine")), errc::io_failure);
    files.spoil = nullptr;
    files.forget();
    EXPECT_EQ(code(put("k", "mine")), errc::already_exists);
    const auto calls = files.calls();
    EXPECT_TRUE(std::ranges::any_of(calls, [](const std::string& call) { return call.starts_with("sync_directory"); }));
}

TEST_F(directory_store, of_twenty_writers_in_two_stores_exactly_one_wins_each_key) {
    auto other = open();
    for (int round = 0; round < 25; ++round) {
        const std::string key = "r/" + std::to_string(round);
        std::vector<int> winners;
        int taken = 0;
        io::task_group writers{real.env.time, real.env.on};
        const auto write = [&](int id) -> io::task<void> {
            io::directory_store& mine = id % 2 == 0 ? *store : *other;
            io::result<void> outcome;
            if (id % 3 == 0) {
                auto writer = co_await mine.open_writer(key, at_noon);
                EXPECT_TRUE(co_await (*writer)->write(io::bytes(10'000, static_cast<std::uint8_t>('a' + id))));
                outcome = co_await (*writer)->commit();
            } else {
                outcome = co_await mine.put_if_absent(key, io::bytes(10'000, static_cast<std::uint8_t>('a' + id)), at_noon);
            }
            if (outcome) winners.push_back(id);
            else if (outcome.error().code == errc::already_exists) ++taken;
        };
        for (int id = 0; id < 20; ++id) writers.spawn(write(id));
        real.run(writers.join());
        ASSERT_EQ(winners.size(), 1U);
        EXPECT_EQ(taken, 19);
        EXPECT_EQ(get(key), std::string(10'000, static_cast<char>('a' + winners.front())));
    }
    EXPECT_TRUE(temporaries().empty());
}

// Forked before this test starts threads of its own: a child of a threaded process may do little.
TEST(directory_store_processes, of_eight_processes_exactly_one_wins_each_key) {
    constexpr int processes = 8, keys = 40;
    tests::temp_directory dir;
    std::vector<pid_t> children;
    for (int id = 0; id < processes; ++id) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child != 0) {
            children.push_back(child);
            continue;
        }
        tests::real_environment real;
        auto store = real.run(io::directory_store::open(real.env, dir.file("store"), access::write));
        if (!store) ::_exit(1);
        for (int key = 0; key < keys; ++key) {
            auto outcome = real.run((*store)->put_if_absent("k/" + std::to_string(key), io::bytes(5000, static_cast<std::uint8_t>('a' + id)), at_noon));
            if (!outcome && outcome.error().code != errc::already_exists) ::_exit(2);
            if (outcome) tests::spill(dir.file("won-" + std::to_string(key) + "-" + std::to_string(id)), {});
        }
        store->reset();
        ::_exit(0);
    }
    for (const pid_t child : children) {
        int status = -1;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    std::vector<std::string> won;
    for (const auto& name : tests::names_in(dir.path())) {
        if (name.starts_with("won-")) won.push_back(name);
    }
    EXPECT_EQ(won.size(), static_cast<std::size_t>(keys));
    for (const auto& name : won) {
        const std::string key = name.substr(4, name.rfind('-') - 4);
        const char id = static_cast<char>('a' + name.back() - '0');
        EXPECT_EQ(io::text_of(tests::slurp(dir.file("store/k/" + key))), std::string(5000, id)) << name;
    }
}

// Readers see an object whole or not at all, however often they look while it is being put.
TEST_F(directory_store, a_reader_never_sees_a_part_of_an_object) {
    const std::string path = root + "/whole/k";
    std::atomic<bool> done = false;
    std::atomic<int> parts = 0;
    std::thread reader([&] {
        while (!done) {
            const io::bytes seen = tests::slurp(path);
            if (!seen.empty() && seen.size() != 300'000) ++parts;
        }
    });
    for (int round = 0; round < 30; ++round) {
        ASSERT_TRUE(real.run(store->put_if_absent("whole/k", io::bytes(300'000, 'x'), at_noon)));
        ASSERT_TRUE(real.run(store->remove("whole/k")));
    }
    done = true;
    reader.join();
    EXPECT_EQ(parts, 0);
}

TEST(directory_store_processes, E1_what_a_killed_writer_left_is_cleared_and_what_a_living_one_has_is_not) {
    tests::temp_directory dir;
    const std::string root = dir.file("store");
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        tests::real_environment real;
        auto store = real.run(io::directory_store::open(real.env, root, access::write)).value();
        auto writer = real.run(store->open_writer("big", at_noon)).value();
        (void)real.run(writer->write(io::bytes(100'000, 'x')));
        (void)!::write(ready[1], "y", 1);
        ::pause();
    }
    char said = 0;
    ASSERT_EQ(::read(ready[0], &said, 1), 1);
    tests::spoiled_files files;
    tests::real_environment real(&files);
    const auto open = [&] { return real.run(io::directory_store::open(real.env, root, access::write)).value(); };
    const auto parts = [&] {
        auto names = tests::names_in(root + "/.flotilla-tmp");
        return std::ranges::count_if(names, [](const std::string& name) { return name.ends_with(".tmp"); });
    };
    const auto synced = [&] {
        const auto calls = files.calls();
        return std::ranges::any_of(calls, [](const std::string& call) { return call.starts_with("sync_file_system"); });
    };
    auto beside = open();
    auto living = real.run(beside->open_writer("other", at_noon)).value();
    EXPECT_EQ(parts(), 2);
    EXPECT_FALSE(synced());

    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const auto later = open();
    EXPECT_EQ(parts(), 1);
    EXPECT_TRUE(synced());  // what the killed one published last may be visible, yet not durable
    ASSERT_TRUE(real.run(living->write(io::bytes(3, 'x'))));
    EXPECT_TRUE(real.run(living->commit()));
    EXPECT_TRUE(real.run(later->children("")).value().empty());
    EXPECT_EQ(real.run(later->head("other")).value().size, 3U);
    ::close(ready[0]);
    ::close(ready[1]);
}

TEST_F(directory_store, clearing_touches_only_what_a_store_writes) {
    store.reset();
    const std::string folder = root + "/.flotilla-tmp/";
    for (const std::string name : {"0123456789abcdef-7.tmp", "0123456789abcdef.lock", "fedcba9876543210-1.tmp", "readme.txt", ".lock", "-1.tmp", "short-1.tmp"}) {
        tests::spill(folder + name, io::view_of("x"));
    }
    store = open();
    auto left = tests::names_in(folder);
    std::erase_if(left, [](const std::string& name) { return name.size() == 21 && name.ends_with(".lock"); });
    EXPECT_EQ(left, (std::vector<std::string>{"-1.tmp", ".lock", "readme.txt", "short-1.tmp"}));
}

TEST_F(directory_store, a_store_that_ended_leaves_nothing_behind) {
    ASSERT_TRUE(put("k", "x"));
    store.reset();
    EXPECT_TRUE(tests::names_in(root + "/.flotilla-tmp").empty());
}

TEST_F(directory_store, listings_are_complete_sorted_and_of_one_level) {
    for (const std::string key : {"s/ltx/0/b", "s/ltx/0/a", "s/ltx/0/c", "s/ltx/9/z", "s/ltx/0/deeper/x", "t x/\"q\"/100%/Ä"}) ASSERT_TRUE(put(key, key));
    std::vector<std::string> keys;
    for (const auto& info : real.run(store->list("s/ltx/0")).value()) {
        keys.push_back(info.key);
        EXPECT_EQ(info.size, info.key.size());
        EXPECT_EQ(info.timestamp_ms, at_noon.timestamp_ms);
    }
    EXPECT_EQ(keys, (std::vector<std::string>{"s/ltx/0/a", "s/ltx/0/b", "s/ltx/0/c"}));
    EXPECT_TRUE(real.run(store->list("s/ltx")).value().empty());
    EXPECT_TRUE(real.run(store->list("none")).value().empty());
    EXPECT_EQ(real.run(store->children("")).value(), (std::vector<std::string>{"s", "t x"}));
    EXPECT_EQ(real.run(store->children("s/ltx")).value(), (std::vector<std::string>{"0", "9"}));
    EXPECT_TRUE(real.run(store->children("none")).value().empty());
    EXPECT_EQ(real.run(store->list("t x/\"q\"/100%")).value().size(), 1U);
    EXPECT_EQ(get("t x/\"q\"/100%/Ä"), "t x/\"q\"/100%/Ä");
}

TEST_F(directory_store, F6_E10_a_listing_that_failed_is_an_error_and_never_a_part_of_the_truth) {
    ASSERT_TRUE(put("s/a", "x"));
    ASSERT_TRUE(put("s/b", "x"));
    fail("list", EIO);
    EXPECT_EQ(code(real.run(store->list("s"))), errc::io_failure);
    EXPECT_EQ(code(real.run(store->children(""))), errc::io_failure);
    fail("list", EACCES);
    EXPECT_EQ(code(real.run(store->list("s"))), errc::access_denied);
    files.spoil = [](const std::string& call, const std::string& path) { return call == "status" && path.ends_with("/b") ? EIO : 0; };
    EXPECT_EQ(code(real.run(store->list("s"))), errc::io_failure);
    files.spoil = nullptr;
    EXPECT_EQ(code(real.run(store->list("s/a"))), errc::invalid);  // a file where the prefix should be a directory
    EXPECT_EQ(real.run(store->list("s")).value().size(), 2U);
}

TEST_F(directory_store, F6_E10_a_disk_that_is_not_mounted_any_more_is_not_an_empty_store) {
    ASSERT_TRUE(put("s/a", "x"));
    fs::rename(root, dir.file("elsewhere"));
    fs::create_directory(root);  // the mount point
    EXPECT_EQ(code(real.run(store->list("s"))), errc::io_failure);
    EXPECT_EQ(code(real.run(store->children("s"))), errc::io_failure);
    EXPECT_EQ(code(real.run(store->head("s/a"))), errc::io_failure);
    EXPECT_EQ(code(real.run(store->get("s/a", 0, 1))), errc::io_failure);
    EXPECT_EQ(code(real.run(store->remove("s/a"))), errc::io_failure);
    EXPECT_EQ(code(put("s/b", "x")), errc::io_failure);
    EXPECT_EQ(code(real.run(store->open_writer("s/b", at_noon))), errc::io_failure);
    EXPECT_TRUE(fs::is_empty(root));  // nothing is written to the wrong disk
    fs::remove(root);
    fs::rename(dir.file("elsewhere"), root);
    EXPECT_TRUE(put("s/b", "x"));
    EXPECT_EQ(real.run(store->list("s")).value().size(), 2U);
}

TEST_F(directory_store, keys_are_checked_by_every_call) {
    const std::vector<std::string> bad = {"",    "/a",   "a/",    "a//b",    ".",    "..",           "a/../b",          "a/./b",
                                          "../x", "a/..", std::string("a\0b", 3), std::string(1025, 'k'), ".flotilla-tmp", ".flotilla-tmp/x"};
    for (const auto& key : bad) {
        EXPECT_EQ(code(put(key, "x")), errc::invalid) << key;
        EXPECT_EQ(code(real.run(store->open_writer(key, at_noon))), errc::invalid) << key;
        EXPECT_EQ(code(real.run(store->head(key))), errc::invalid) << key;
        EXPECT_EQ(code(real.run(store->get(key, 0, 1))), errc::invalid) << key;
        EXPECT_EQ(code(real.run(store->list(key))), errc::invalid) << key;
        EXPECT_EQ(code(real.run(store->remove(key))), errc::invalid) << key;
        if (!key.empty()) EXPECT_EQ(code(real.run(store->children(key))), errc::invalid) << key;
    }
    EXPECT_EQ(code(put(std::string(300, 'k'), "x")), errc::invalid);  // longer than a file's name may be
    for (const std::string good : {"...", "a/.b", "a b", "'\"%\n\\", ".flotilla-tmpx"}) EXPECT_TRUE(put(good, "x")) << good;
}

TEST_F(directory_store, a_directory_is_not_an_object) {
    ASSERT_TRUE(put("s/a", "x"));
    EXPECT_EQ(code(real.run(store->head("s"))), errc::not_found);
    EXPECT_EQ(code(real.run(store->get("s", 0, 1))), errc::not_found);
    EXPECT_EQ(code(real.run(store->head("s/a/below"))), errc::not_found);
}

TEST_F(directory_store, a_reader_creates_and_writes_nothing) {
    const std::string other = dir.file("other");
    EXPECT_EQ(code(real.run(io::directory_store::open(real.env, other, access::read))), errc::not_found);
    EXPECT_FALSE(fs::exists(other));
    fs::create_directory(other);
    const auto reader = real.run(io::directory_store::open(real.env, other, access::read)).value();
    EXPECT_EQ(code(real.run(reader->put_if_absent("k", {}, at_noon))), errc::read_only);
    EXPECT_EQ(code(real.run(reader->open_writer("k", at_noon))), errc::read_only);
    EXPECT_TRUE(fs::is_empty(other));
}

TEST_F(directory_store, what_cannot_be_opened_is_an_error_that_names_it) {
    tests::spill(dir.file("file"), io::view_of("x"));
    for (const access how : {access::read, access::write}) {
        const auto outcome = real.run(io::directory_store::open(real.env, dir.file("file"), how));
        EXPECT_EQ(code(outcome), errc::invalid);
        EXPECT_NE(outcome.error().context.find(dir.file("file")), std::string::npos) << outcome.error().context;
    }
    for (const auto& [number, expected] : {std::pair{ENOSPC, errc::no_space}, {EROFS, errc::read_only}, {EACCES, errc::access_denied}}) {
        for (const std::string step : {"make_directories", "lock"}) {
            fail(step, number);
            EXPECT_EQ(code(real.run(io::directory_store::open(real.env, dir.file("new"), access::write))), expected) << step;
        }
    }
}

TEST_F(directory_store, a_root_that_is_a_link_is_the_directory_it_leads_to) {
    fs::create_directory_symlink(root, dir.file("link"));
    const auto linked = real.run(io::directory_store::open(real.env, dir.file("link"), access::write)).value();
    EXPECT_EQ(linked->url(), store->url());
    ASSERT_TRUE(real.run(linked->put_if_absent("k", {1}, at_noon)));
    EXPECT_EQ(code(put("k", "x")), errc::already_exists);
}

// A file system of its own for a test, as small or as read-only as the test wants it. Where the machine lets nobody mount, the calls fail
// as they would on one.
struct real_disks : testing::Test {
    tests::temp_directory dir;
    tests::spoiled_files files;
    std::string mounted;

    void TearDown() override {
        if (!mounted.empty()) (void)::umount2(mounted.c_str(), MNT_DETACH);
    }
    // Of this process alone: the mount is gone with it, whatever happens.
    bool mount_tmpfs(const std::string& path, const std::string& size) {
        fs::create_directories(path);
        if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
        if (::mount("tmpfs", path.c_str(), "tmpfs", 0, ("size=" + size).c_str()) != 0) return false;
        mounted = path;
        return true;
    }
};

TEST_F(real_disks, F10_a_full_disk_is_no_space_and_shows_nothing) {
    const std::string root = dir.file("store");
    const bool real_disk = mount_tmpfs(root, "1m");
    tests::real_environment real(&files);
    auto store = real.run(io::directory_store::open(real.env, root, access::write)).value();
    ASSERT_TRUE(real.run(store->put_if_absent("s/small", io::bytes(1000, 'x'), at_noon)));
    if (!real_disk) files.spoil = [](const std::string& call, const std::string&) { return call == "write" ? ENOSPC : 0; };
    const auto put = real.run(store->put_if_absent("s/large", io::bytes(2U << 20U, 'x'), at_noon));
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().code, errc::no_space);
    auto writer = real.run(store->open_writer("s/larger", at_noon)).value();
    EXPECT_EQ(real.run(writer->write(io::bytes(2U << 20U, 'x'))).error().code, errc::no_space);
    writer.reset();
    files.spoil = nullptr;
    EXPECT_EQ(real.run(store->list("s")).value().size(), 1U);
    ASSERT_TRUE(real.run(store->put_if_absent("s/other", io::bytes(500'000, 'x'), at_noon)));  // all space was given back
    EXPECT_EQ(tests::names_in(root + "/.flotilla-tmp").size(), 1U);
}

TEST_F(real_disks, a_read_only_disk_can_be_read_and_is_read_only_to_writers) {
    const std::string root = dir.file("store");
    const bool real_disk = mount_tmpfs(root, "1m");
    tests::real_environment real(&files);
    auto store = real.run(io::directory_store::open(real.env, root, access::write)).value();
    ASSERT_TRUE(real.run(store->put_if_absent("s/k", {1, 2, 3}, at_noon)));
    store.reset();
    if (real_disk) {
        ASSERT_EQ(::mount("none", root.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
    } else {
        files.spoil = [](const std::string& call, const std::string&) { return call == "lock" ? EROFS : 0; };
    }
    const auto writer = real.run(io::directory_store::open(real.env, root, access::write));
    ASSERT_FALSE(writer);
    EXPECT_EQ(writer.error().code, errc::read_only);
    const auto reader = real.run(io::directory_store::open(real.env, root, access::read)).value();
    EXPECT_EQ(real.run(reader->get("s/k", 0, 10)).value(), (io::bytes{1, 2, 3}));
}

}  // namespace
