#include "io/watcher.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include "io/inotify_events.h"
#include "tests/support/chain_builder.h"
#include "tests/support/real_environment.h"
#include "tests/support/temp_directory.h"

namespace {

using what = io::watch_event::what;

// One record as the kernel writes it.
io::bytes record(int watch, std::uint32_t mask, const std::string& name, std::uint32_t padding = 1) {
    inotify_event head{};
    head.wd = watch;
    head.mask = mask;
    head.len = name.empty() ? 0 : static_cast<std::uint32_t>(name.size()) + padding;
    io::bytes out(sizeof head + head.len);
    std::memcpy(out.data(), &head, sizeof head);
    std::memcpy(out.data() + sizeof head, name.data(), name.size());
    return out;
}

io::bytes all(std::initializer_list<io::bytes> records) {
    io::bytes out;
    for (const auto& one : records) io::append(out, one);
    return out;
}

std::vector<std::string> names_of(int watch) {
    if (watch == 1) return {"/a"};
    if (watch == 2) return {"/b", "/link to b"};
    return {};
}

std::string told(const std::vector<io::watch_event>& events) {
    std::string out;
    for (const auto& e : events) {
        out += (e.kind == what::changed ? "changed " : e.kind == what::lost ? "lost " : "overflow ") + e.directory + " " + e.name + "\n";
    }
    return out;
}

TEST(inotify_events, records_become_events_and_repetitions_one) {
    const io::bytes data = all({record(1, IN_MODIFY, "x-wal"), record(1, IN_MODIFY, "x-wal", 9), record(1, IN_MODIFY, "y"), record(1, IN_CREATE, "x-wal")});
    EXPECT_EQ(told(io::decode_inotify(data, names_of)), "changed /a x-wal\nchanged /a y\nchanged /a x-wal\n");
}

TEST(inotify_events, each_name_of_a_directory_gets_its_events) {
    EXPECT_EQ(told(io::decode_inotify(record(2, IN_CREATE, "x"), names_of)), "changed /b x\nchanged /link to b x\n");
    EXPECT_EQ(told(io::decode_inotify(record(2, IN_DELETE_SELF, ""), names_of)), "lost /b \nlost /link to b \n");
}

TEST(inotify_events, a_directory_that_was_removed_renamed_or_unmounted_is_lost) {
    for (const std::uint32_t mask : {IN_DELETE_SELF, IN_MOVE_SELF, IN_UNMOUNT, IN_DELETE_SELF | IN_ISDIR}) {
        EXPECT_EQ(told(io::decode_inotify(record(1, mask, ""), names_of)), "lost /a \n");
    }
    EXPECT_EQ(told(io::decode_inotify(record(1, IN_IGNORED, ""), names_of)), "");
}

TEST(inotify_events, an_overflow_is_told_though_it_has_no_watch) {
    const io::bytes data = all({record(1, IN_MODIFY, "x"), record(-1, IN_Q_OVERFLOW, ""), record(1, IN_MODIFY, "y")});
    EXPECT_EQ(told(io::decode_inotify(data, names_of)), "changed /a x\noverflow  \nchanged /a y\n");
}

TEST(inotify_events, events_of_a_watch_that_ended_are_dropped) {
    EXPECT_EQ(told(io::decode_inotify(all({record(7, IN_MODIFY, "x"), record(1, IN_MODIFY, "y")}), names_of)), "changed /a y\n");
}

TEST(inotify_events, hostile_bytes_are_never_read_beyond_their_end) {
    const io::bytes whole = all({record(1, IN_MODIFY, "first"), record(1, IN_MODIFY, "second")});
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        const io::bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));  // its own allocation: the sanitizer sees its end
        const auto events = io::decode_inotify(cut, names_of);
        EXPECT_EQ(events.size(), size == whole.size() ? 2U : size >= sizeof(inotify_event) + 6 ? 1U : 0U) << size;
    }
    io::bytes longer = record(1, IN_MODIFY, "name");
    const std::uint32_t lie = 0xffffffff;
    std::memcpy(longer.data() + offsetof(inotify_event, len), &lie, sizeof lie);
    EXPECT_TRUE(io::decode_inotify(longer, names_of).empty());
    // A name that fills its field without an end mark.
    EXPECT_EQ(told(io::decode_inotify(record(1, IN_MODIFY, "full", 0), names_of)), "changed /a full\n");
    io::real_random dice;
    for (int i = 0; i < 20000; ++i) {
        io::bytes noise(dice.next() % 64);
        for (auto& b : noise) b = static_cast<std::uint8_t>(dice.next() % 4 == 0 ? dice.next() : dice.next() % 3);
        EXPECT_LE(io::decode_inotify(noise, names_of).size(), 8U);
    }
}

struct watching : testing::Test {
    tests::temp_directory dir;
    tests::real_environment real;
    std::unique_ptr<io::watcher> eyes = io::make_inotify_watcher(real.env.on).value();

    std::string at(const std::string& name) const { return dir.file(name); }
    void touch(const std::string& name) { tests::spill(at(name), io::view_of("x")); }
    std::string next() { return told(real.run(eyes->next())); }

    // Everything until this was seen, each once.
    std::set<std::string> until(const std::string& last) {
        std::set<std::string> seen;
        while (!seen.contains(last)) {
            for (const auto& e : real.run(eyes->next())) seen.insert(told({e}));
        }
        return seen;
    }
};

TEST_F(watching, tells_of_files_that_are_created_written_renamed_and_removed) {
    ASSERT_TRUE(eyes->add(dir.path()));
    touch("app.db-wal");
    EXPECT_EQ(next(), "changed " + dir.path() + " app.db-wal\n");  // created and written, told once
    std::filesystem::rename(at("app.db-wal"), at("moved"));
    EXPECT_EQ(next(), "changed " + dir.path() + " app.db-wal\nchanged " + dir.path() + " moved\n");
    std::filesystem::remove(at("moved"));
    EXPECT_EQ(next(), "changed " + dir.path() + " moved\n");
}

TEST_F(watching, many_writes_to_one_file_are_few_events) {
    touch("x");
    ASSERT_TRUE(eyes->add(dir.path()));
    const int file = ::open(at("x").c_str(), O_WRONLY);
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(::pwrite(file, "y", 1, i), 1);
    ::close(file);
    EXPECT_EQ(next(), "changed " + dir.path() + " x\n");
}

TEST_F(watching, names_with_odd_characters_arrive_as_they_are) {
    ASSERT_TRUE(eyes->add(dir.path()));
    for (const std::string& name : std::vector<std::string>{"with space", "quote'\"", "100%", "Ünïcödé", "new\nline", std::string(255, 'n')}) {
        touch(name);
        EXPECT_EQ(next(), "changed " + dir.path() + " " + name + "\n");
    }
}

TEST_F(watching, a_removed_directory_is_lost_and_can_be_added_again) {
    std::filesystem::create_directory(at("d"));
    ASSERT_TRUE(eyes->add(at("d")));
    touch("d/x");
    EXPECT_EQ(next(), "changed " + at("d") + " x\n");
    std::filesystem::remove_all(at("d"));
    EXPECT_TRUE(until("lost " + at("d") + " \n").contains("changed " + at("d") + " x\n"));
    std::filesystem::create_directory(at("d"));
    ASSERT_TRUE(eyes->add(at("d")));
    touch("d/y");
    EXPECT_TRUE(until("changed " + at("d") + " y\n").contains("changed " + at("d") + " y\n"));
}

TEST_F(watching, a_name_that_leads_to_another_directory_now_is_followed_there) {
    std::filesystem::create_directory(at("old"));
    std::filesystem::create_directory(at("new"));
    std::filesystem::create_directory_symlink(at("old"), at("current"));
    ASSERT_TRUE(eyes->add(at("current")));
    std::filesystem::remove(at("current"));
    std::filesystem::create_directory_symlink(at("new"), at("current"));
    ASSERT_TRUE(eyes->add(at("current")));
    touch("old/unseen");
    touch("new/seen");
    EXPECT_EQ(next(), "changed " + at("current") + " seen\n");
}

TEST_F(watching, one_directory_by_two_names_tells_both) {
    std::filesystem::create_directory(at("real"));
    std::filesystem::create_directory_symlink(at("real"), at("alias"));
    ASSERT_TRUE(eyes->add(at("real")));
    ASSERT_TRUE(eyes->add(at("alias")));
    ASSERT_TRUE(eyes->add(at("alias")));
    ASSERT_EQ(::mkfifo(at("real/x").c_str(), 0600), 0);  // one event
    EXPECT_EQ(next(), "changed " + at("real") + " x\nchanged " + at("alias") + " x\n");
    eyes->remove(at("alias"));
    ASSERT_EQ(::mkfifo(at("real/y").c_str(), 0600), 0);
    EXPECT_EQ(next(), "changed " + at("real") + " y\n");
}

TEST_F(watching, what_cannot_be_watched_is_an_error_that_names_it) {
    const auto missing = eyes->add(at("none"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, io::errc::not_found);
    EXPECT_NE(missing.error().context.find(at("none")), std::string::npos);
    touch("file");
    EXPECT_FALSE(eyes->add(at("file")));
}

TEST_F(watching, an_overflow_of_the_kernels_queue_is_told) {
    touch("a");
    touch("b");
    ASSERT_TRUE(eyes->add(dir.path()));
    int most = 0;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;  // the kernel's files have no size
    ASSERT_GT(most, 0);
    const int a = ::open(at("a").c_str(), O_WRONLY);
    const int b = ::open(at("b").c_str(), O_WRONLY);
    for (int i = 0; i < most / 2 + 10; ++i) {
        ASSERT_EQ(::pwrite(a, "y", 1, 0), 1);
        ASSERT_EQ(::pwrite(b, "y", 1, 0), 1);
    }
    ::close(a);
    ::close(b);
    EXPECT_TRUE(until("overflow  \n").contains("changed " + dir.path() + " a\n"));
    touch("after");
    EXPECT_TRUE(until("changed " + dir.path() + " after\n").size() > 0);
}

TEST_F(watching, close_ends_a_wait_and_every_later_one) {
    ASSERT_TRUE(eyes->add(dir.path()));
    const auto wait = [&]() -> io::task<std::vector<io::watch_event>> {
        boost::asio::post(real.env.on, [&] { eyes->close(); });  // comes to its turn when this coroutine waits
        co_return co_await eyes->next();
    };
    EXPECT_TRUE(real.run(wait()).empty());
    touch("x");
    EXPECT_TRUE(real.run(eyes->next()).empty());
}

}  // namespace
