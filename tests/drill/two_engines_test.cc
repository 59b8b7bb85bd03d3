// Two engines on copies of one database: a store never restores to a mixture of their histories.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "tests/drill/fixture.h"
#include "tests/support/sqlite.h"

namespace {

namespace fs = std::filesystem;

class two_engines : public drill::drill_test {
protected:
    std::string first = dir.file("first") + "/app.db", second = dir.file("second") + "/app.db";

    two_engines() {
        for (const auto& path : {first, second}) fs::create_directories(fs::path(path).parent_path());
        tests::app(first).run("PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT); INSERT INTO t(x) VALUES('common')");
    }
    std::vector<std::string> watching(const std::string& path, const std::string& host, const drill::words& options = {}) const {
        drill::words out{path, "--to", store, "--state", dir.file(host), "--min-interval", "0", "--lease", "1s"};
        out.insert(out.end(), options.begin(), options.end());
        return out;
    }
    // As another host gets it: nobody is writing.
    void copy() const {
        for (const char* part : {"", "-wal"}) {
            if (fs::exists(first + part)) fs::copy_file(first + part, second + part);
        }
    }
    void expect_history_of(const std::string& path) {
        const auto done = tests::flotilla({"restore", "app.db", "--from", store, "-o", dir.file("restored.db")});
        ASSERT_EQ(done.code, 0) << done.err;
        EXPECT_TRUE(tests::dump(dir.file("restored.db")) == tests::dump(path));
        expect_verified();
    }
};

TEST_F(two_engines, of_which_one_was_frozen_past_its_lease_leave_one_history) {
    tests::watch frozen(watching(first, "host-1"), dir.file("first.log"));
    frozen.await("attached");
    tests::app one(first);
    frozen.await_after("confirmed", [&] { one.run("INSERT INTO t(x) VALUES('before')"); });
    frozen.send_signal(SIGSTOP);
    copy();
    one.run("INSERT INTO t(x) VALUES('written on the first host while its engine slept')");

    tests::watch other(watching(second, "host-2"), dir.file("second.log"));
    other.await("took_over");
    other.await("attached");
    tests::app two(second);
    other.await_after("confirmed", [&] { two.run("INSERT INTO t(x) VALUES('written on the second host')"); });

    frozen.send_signal(SIGCONT);
    one.run("INSERT INTO t(x) VALUES('written on the first host after its engine woke')");
    frozen.await("overtaken");
    other.await_after("confirmed", [&] { two.run("INSERT INTO t(x) VALUES('and again')"); });
    EXPECT_EQ(frozen.stop(), 4) << frozen.log();
    EXPECT_EQ(other.stop(), 0) << other.log();
    EXPECT_EQ(other.count("stopped"), 0U);
    expect_history_of(second);
}

TEST_F(two_engines, both_alive_the_second_is_refused_unless_it_is_told_to_take_over) {
    tests::watch owner(watching(first, "host-1"), dir.file("first.log"));
    owner.await("attached");
    copy();
    const auto refused = tests::flotilla([&] {
        auto words = watching(second, "host-2");
        words.insert(words.begin(), "watch");
        return words;
    }());
    EXPECT_EQ(refused.code, 4);
    EXPECT_THAT(refused.err, testing::HasSubstr("--take-over"));
    tests::app one(first);
    owner.await_after("confirmed", [&] { one.run("INSERT INTO t(x) VALUES('undisturbed')"); });
    expect_history_of(first);
    fs::remove(dir.file("restored.db"));

    tests::watch other(watching(second, "host-2", {"--take-over"}), dir.file("second.log"));
    other.await("attached");
    tests::app two(second);
    other.await_after("confirmed", [&] { two.run("INSERT INTO t(x) VALUES('mine now')"); });
    one.run("INSERT INTO t(x) VALUES('too late')");
    owner.await("overtaken");
    EXPECT_EQ(owner.stop(), 4) << owner.log();
    EXPECT_EQ(other.stop(), 0) << other.log();
    expect_history_of(second);
}

}  // namespace
