// The helpers for other processes themselves: the tests that race real ones rely on them.
#include "tests/support/process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "tests/support/chain_builder.h"
#include "tests/support/temp_directory.h"

namespace {

using tests::channel;
using tests::process;
using namespace std::chrono_literals;

TEST(process, gives_output_error_and_exit_code) {
    const auto got = tests::run_process({"sh", "-c", "cat; echo bad >&2; exit 7"}, {}, "one\ntwo");
    EXPECT_EQ(got.code, 7);
    EXPECT_EQ(got.out, "one\ntwo");
    EXPECT_EQ(got.err, "bad\n");
}

TEST(process, large_streams_in_all_directions_do_not_hang) {
    const std::string text(1U << 20U, 'x');
    const auto got = tests::run_process({"sh", "-c", "tee /dev/stderr"}, {}, text);
    EXPECT_EQ(got.out, text);
    EXPECT_EQ(got.err, text + "\n");
}

TEST(process, talks_line_by_line) {
    process cat = process::start({"cat"}, {.in = channel::pipe(), .out = channel::pipe()});
    EXPECT_TRUE(cat.write("first\nsecond"));
    EXPECT_EQ(cat.read_line(), "first");
    EXPECT_THROW(cat.read_line(20ms), std::runtime_error);
    cat.close_in();
    EXPECT_EQ(cat.read_line(), "second");
    EXPECT_EQ(cat.read_line(), std::nullopt);
    EXPECT_EQ(cat.wait(), 0);
    EXPECT_EQ(cat.wait(), 0);
}

TEST(process, signals_are_told_as_shells_do) {
    process sleeper = process::start({"sleep", "1000"});
    EXPECT_TRUE(sleeper.running());
    EXPECT_EQ(sleeper.wait_for(1ms), std::nullopt);
    EXPECT_THROW(sleeper.wait(1ms), std::runtime_error);
    sleeper.send_signal(SIGTERM);
    EXPECT_EQ(sleeper.wait(), 128 + SIGTERM);
    process other = process::start({"sleep", "1000"});
    EXPECT_EQ(other.kill(), 128 + SIGKILL);
}

TEST(process, is_killed_at_the_latest_when_its_object_goes) {
    pid_t pid = 0;
    {
        process sleeper = process::start({"sleep", "1000"});
        pid = sleeper.pid();
        process moved = std::move(sleeper);
        EXPECT_TRUE(moved.running());
    }
    EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(process, environment_directory_and_files) {
    tests::temp_directory dir;
    const std::string where = std::filesystem::canonical(dir.path());
    process shell = process::start({"sh", "-c", "pwd; echo $ADDED; echo ${HOME-gone}"},
                                   {.out = channel::file(dir.file("out")), .directory = where, .environment = {{"ADDED", "yes"}, {"HOME", std::nullopt}}});
    EXPECT_EQ(shell.wait(), 0);
    const io::bytes text = tests::slurp(dir.file("out"));
    EXPECT_EQ(std::string(text.begin(), text.end()), where + "\nyes\ngone\n");
}

TEST(process, a_program_that_cannot_be_executed_throws) { EXPECT_THROW(process::start({"/no/such/program"}), std::runtime_error); }

}  // namespace
