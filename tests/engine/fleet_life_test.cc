// A fleet while it runs: databases and directories that come and go, requests, state.db in trouble, stops at any time.
#include <atomic>
#include <cerrno>
#include <fstream>
#include <future>

#include "engine/request_box.h"
#include "engine/state_store.h"
#include "io/wakeup.h"
#include "tests/engine/engine_world.h"
#include "tests/support/chain_builder.h"

namespace {

using namespace std::chrono_literals;
using tests::what;
using tests::write_fate;
namespace fs = std::filesystem;

// Notes what a watcher hears.
class noted_watcher final : public io::watcher {
public:
    noted_watcher(std::unique_ptr<io::watcher> real, std::vector<io::watch_event>& heard) : real_(std::move(real)), heard_(heard) {}

    io::result<void> add(const std::string& directory) override { return real_->add(directory); }
    void remove(const std::string& directory) override { real_->remove(directory); }
    io::task<std::vector<io::watch_event>> next() override {
        auto events = co_await real_->next();
        heard_.insert(heard_.end(), events.begin(), events.end());
        co_return events;
    }
    void close() override { real_->close(); }

private:
    std::unique_ptr<io::watcher> real_;
    std::vector<io::watch_event>& heard_;
};

class fleet_life : public tests::engine_world {
protected:
    // A commit that comes back, to see that a stream is followed.
    void expect_followed(const std::string& path, const std::string& stream) {
        const std::size_t before = count(what::confirmed, stream);
        tests::app(path).run("INSERT INTO t(x) VALUES('is it seen?')");
        until([&] { return count(what::confirmed, stream) > before; });
    }

    // The TXID up to which state.db says that the stream is.
    std::uint64_t stored() const {
        const auto rows = engine::read_state(dir.file("state"));
        return rows && !rows->empty() ? rows->at(0).row.txid : 0;
    }

    std::optional<io::result<std::uint64_t>> made;
    io::task<void> asking(std::string stream) { made = co_await running->snapshot(std::move(stream)); }
    void ask(const std::string& stream) {
        made.reset();
        boost::asio::co_spawn(world.loop(), asking(stream), boost::asio::detached);
    }
};

TEST_F(fleet_life, many_databases_come_back_each_as_its_own) {
    const std::string data = watch_directory();
    for (int i = 0; i < 20; ++i) create_at(data + "/" + std::to_string(i) + ".db", "INSERT INTO t(x) VALUES('" + std::to_string(i) + "')");
    start();
    until([&] { return count(what::attached) == 20; });
    for (int i = 0; i < 20; ++i) tests::app(data + "/" + std::to_string(i) + ".db").run("INSERT INTO t(x) VALUES('more')");
    stop();
    for (int i = 0; i < 20; ++i) {
        const std::string name = std::to_string(i) + ".db";
        EXPECT_EQ(tests::dump(restore({}, name)), tests::dump(data + "/" + name)) << name;
        expect_sound(name);
    }
}

TEST_F(fleet_life, many_streams_that_begin_at_once_take_turns_with_their_images) {
    const std::string data = watch_directory();
    for (int i = 0; i < 20; ++i) create_at(data + "/" + std::to_string(i) + ".db");
    std::size_t flying = 0;
    std::size_t most = 0;
    store->before_put = [&](const std::string& key) -> io::task<void> {
        if (!key.ends_with(".ltx")) co_return;
        most = std::max(most, ++flying);
        co_await io::sleep_for(world.env.time, 20ms);
        --flying;
    };
    start();
    until([&] { return count(what::attached) == 20; });
    stop();
    EXPECT_LE(most, 8U);
    EXPECT_GE(most, 2U);
}

TEST_F(fleet_life, a_snapshot_that_waits_for_its_turn_does_not_keep_the_log_from_being_restarted) {
    const std::string data = watch_directory();
    for (int i = 0; i < 8; ++i) create_at(data + "/" + std::to_string(i) + ".db");
    create_at(data + "/waits.db");
    start();
    until([&] { return count(what::attached) == 9; });
    for (int i = 0; i < 9; ++i) {
        const std::string name = i == 8 ? "waits.db" : std::to_string(i) + ".db";
        const std::size_t before = count(what::confirmed, name);
        tests::app(data + "/" + name).run("INSERT INTO t(x) VALUES('something to snapshot')");
        until([&] { return count(what::confirmed, name) > before; });
    }
    bool hold = true;
    store->before_put = [&](const std::string& key) -> io::task<void> {
        while (hold && key.find("/ltx/9/") != std::string::npos) co_await io::sleep_for(world.env.time, 10ms);
    };
    std::size_t answered = 0;
    const auto take_one = [&](std::string name) -> io::task<void> {
        (void)co_await running->snapshot(std::move(name));
        ++answered;
    };
    for (int i = 0; i < 8; ++i) boost::asio::co_spawn(world.loop(), take_one(std::to_string(i) + ".db"), boost::asio::detached);
    until([&] { return std::count_if(store->puts.begin(), store->puts.end(), [](const auto& key) { return key.ends_with("9/0000000000000001-0000000000000002.ltx"); }) == 8; });
    boost::asio::co_spawn(world.loop(), take_one("waits.db"), boost::asio::detached);
    tests::app db(data + "/waits.db");
    db.run("INSERT INTO t(x) VALUES(hex(randomblob(100000)))");
    until([&] { return count(what::handed_off, "waits.db") >= 1; });
    hold = false;
    until([&] { return answered == 9; });
    stop();
    EXPECT_EQ(tests::dump(restore({}, "waits.db")), tests::dump(data + "/waits.db"));
}

TEST_F(fleet_life, a_database_that_appears_later_is_followed) {
    const std::string data = watch_directory();
    start();
    until([&] { return count(what::watching) == 1; });
    fs::create_directories(data + "/tenant");
    create_at(data + "/tenant/new.db");
    until([&] { return count(what::attached, "tenant/new.db") == 1; });
    expect_followed(data + "/tenant/new.db", "tenant/new.db");
    stop();
    EXPECT_EQ(tests::dump(restore({}, "tenant/new.db")), tests::dump(data + "/tenant/new.db"));
}

TEST_F(fleet_life, a_file_that_becomes_a_database_is_followed_then) {
    const std::string data = watch_directory();
    std::ofstream(data + "/app.db") << std::string(4096, 'x');
    start();
    until([&] { return count(what::watching) == 1; });
    fs::remove(data + "/app.db");
    create_at(data + "/app.db");
    until([&] { return count(what::attached) == 1; });
    stop();
}

TEST_F(fleet_life, a_deleted_database_of_a_directory_is_forgotten_and_taken_up_again_when_it_is_back) {
    const std::string data = watch_directory();
    create_at(data + "/app.db", "INSERT INTO t(x) VALUES('first life')");
    create_at(data + "/other.db");
    start();
    until([&] { return count(what::attached) == 2; });
    for (const char* tail : {"", "-wal", "-shm"}) fs::remove(data + "/app.db" + tail);
    until([&] { return running->status().size() == 1; });
    create_at(data + "/app.db", "INSERT INTO t(x) VALUES('second life')");
    until([&] { return count(what::attached, "app.db") == 2; });
    EXPECT_EQ(count(what::reanchored, "app.db"), 1U);
    expect_followed(data + "/app.db", "app.db");
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(data + "/app.db"));
    expect_sound();
}

TEST_F(fleet_life, databases_below_linked_directories_are_woken_by_events) {
    const std::string data = watch_directory();
    fs::create_directories(dir.file("elsewhere"));
    create_at(dir.file("elsewhere/real.db"));
    fs::create_directory_symlink(dir.file("elsewhere"), data + "/linked");
    start();
    until([&] { return count(what::attached, "linked/real.db") == 1; });
    expect_followed(dir.file("elsewhere/real.db"), "linked/real.db");
    stop();
}

TEST_F(fleet_life, the_directory_of_a_named_database_may_vanish_and_come_back) {
    fs::create_directories(dir.file("volume"));
    db_path = dir.file("volume/app.db");
    settings.targets[0].path = db_path;
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    fs::remove_all(dir.file("volume"));
    until([&] { return count(what::detached) >= 1; });
    fs::create_directories(dir.file("volume"));
    create("INSERT INTO t(x) VALUES('back again')");
    until([&] { return count(what::attached) == 2; });
    expect_followed(db_path, "app.db");
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
}

TEST_F(fleet_life, a_directory_that_another_one_is_renamed_over_is_watched_anew) {
    fs::create_directories(dir.file("volume/now"));
    db_path = dir.file("volume/now/app.db");
    settings.targets[0].path = db_path;
    settings.sweep_interval = 100ms;
    std::vector<io::watch_event> heard;
    world.env.make_watcher = [&, make = world.env.make_watcher]() -> io::result<std::unique_ptr<io::watcher>> {
        auto real = make();
        if (!real) return real.error();
        return std::make_unique<noted_watcher>(std::move(*real), heard);
    };
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    // The parent moves away: no event comes for what is below.
    fs::rename(dir.file("volume"), dir.file("volume.old"));
    fs::create_directories(dir.file("volume/now"));
    create("INSERT INTO t(x) VALUES('the other volume')");
    until([&] { return count(what::attached) == 2; });
    expect_followed(db_path, "app.db");
    std::ofstream(dir.file("volume/now/a file")) << "seen by its event, not by the sweep";
    until([&] { return std::any_of(heard.begin(), heard.end(), [](const auto& e) { return e.name == "a file"; }); });
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
}

TEST_F(fleet_life, a_clash_of_names_at_run_time_is_told_once_and_hurts_nobody) {
    const std::string data = watch_directory();
    fs::create_directories(dir.file("more"));
    settings.targets.push_back({engine::target::what::directory, "", dir.file("more"), settings.targets[0].settings});
    create_at(data + "/app.db");
    start();
    until([&] { return count(what::attached) == 1; });
    create_at(dir.file("more/app.db"));
    until([&] { return world.journal.contains("would both be the stream \"app.db\""); });
    create_at(dir.file("more/else.db"));
    until([&] { return count(what::attached, "else.db") == 1; });
    expect_followed(data + "/app.db", "app.db");
    stop();
    const auto lines = world.journal.lines();
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const auto& line) { return line.find("would both be") != std::string::npos; }), 1);
    EXPECT_EQ(tests::dump(restore()), tests::dump(data + "/app.db"));
}

TEST_F(fleet_life, state_db_that_cannot_be_written_is_loud_holds_nothing_up_and_is_written_later) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app(dir.file("state/state.db")).run("CREATE TRIGGER full BEFORE INSERT ON stream BEGIN SELECT RAISE(FAIL, 'the disk is full'); END");
    expect_followed(db_path, "app.db");
    until([&] { return count(what::disk_low) == 1; });
    expect_followed(db_path, "app.db");
    EXPECT_LT(stored(), last(what::confirmed).txid);
    tests::app(dir.file("state/state.db")).run("DROP TRIGGER full");
    until([&] { return stored() == last(what::confirmed).txid; });
    EXPECT_EQ(count(what::disk_low), 1U);
    until([&] { return count(what::recovered) == 1; });
    stop();
}

TEST_F(fleet_life, state_db_that_could_not_be_written_is_written_later_though_nothing_more_happens) {
    create();
    start();
    until([&] { return count(what::attached) == 1 && stored() == 1; });
    tests::app(dir.file("state/state.db")).run("CREATE TRIGGER full BEFORE INSERT ON stream BEGIN SELECT RAISE(FAIL, 'the disk is full'); END");
    expect_followed(db_path, "app.db");
    until([&] { return count(what::disk_low) == 1; });
    tests::app(dir.file("state/state.db")).run("DROP TRIGGER full");
    until([&] { return stored() == last(what::confirmed).txid; });
    stop();
}

TEST_F(fleet_life, A5_a_tail_that_cannot_be_saved_postpones_the_handoff_and_nothing_else) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    fs::remove_all(dir.file("state/shadow"));
    std::ofstream(dir.file("state/shadow")) << "no directory, as if the disk were full";
    tests::app db(db_path);
    bool writing = true;
    store->before_put = [&](const std::string&) -> io::task<void> {  // whenever an object is on its way there is a tail after it
        if (writing) db.run("INSERT INTO t(x) VALUES(hex(randomblob(3000)))");
        co_return;
    };
    db.run("INSERT INTO t(x) VALUES(hex(randomblob(50000)))");
    until([&] { return count(what::disk_low) == 1; });
    const std::size_t before = count(what::confirmed);
    until([&] { return count(what::confirmed) > before; });
    EXPECT_NE(running->status().at(0).problem, "");
    fs::remove(dir.file("state/shadow"));
    until([&] { return count(what::handed_off) >= 1; });
    writing = false;
    EXPECT_EQ(count(what::attached), 1U);
    EXPECT_EQ(count(what::detached), 0U);
    EXPECT_EQ(running->status().at(0).problem, "");
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(fleet_life, E7_settings_that_cannot_be_obeyed_are_refused) {
    create();
    settings.targets[0].settings.batch_bytes = 0;
    start();
    EXPECT_EQ(refusal().about, io::subject::usage);
    settings.targets[0].settings.batch_bytes = 1;
    settings.targets[0].settings.checkpoint_bytes = 100;
    start();
    EXPECT_EQ(refusal().code, io::errc::invalid);
}

TEST_F(fleet_life, B5_a_stop_that_cannot_write_state_db_says_so) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app(dir.file("state/state.db")).run("CREATE TRIGGER full BEFORE INSERT ON stream BEGIN SELECT RAISE(FAIL, 'the disk is full'); END");
    tests::app(db_path).run("INSERT INTO t(x) VALUES('row')");
    running->stop();
    const io::error why = refusal();
    EXPECT_EQ(why.about, io::subject::general);
    EXPECT_NE(why.context.find("the disk is full"), std::string::npos) << why.context;
}

TEST_F(fleet_life, requests_are_answered_each_on_its_own) {
    const std::string data = watch_directory();
    for (const char* name : {"slow.db", "quick.db"}) create_at(data + "/" + name);
    start();
    until([&] { return count(what::attached) == 2; });
    io::wakeup release(world.env.time, world.env.on);
    store->before_put = [&](const std::string& key) -> io::task<void> {
        if (key.starts_with("slow.db/ltx/9/")) co_await release.wait();
    };
    for (const char* name : {"slow.db", "quick.db"}) {
        const std::size_t before = count(what::confirmed, name);
        tests::app(data + "/" + name).run("INSERT INTO t(x) VALUES('something to snapshot')");
        until([&] { return count(what::confirmed, name) > before; });
    }
    std::map<std::string, io::result<engine::request_box::reply>> answers;
    const auto ask_from_outside = [&](std::string stream) -> io::task<void> {
        auto answer = co_await engine::ask(world.env, dir.file("state"), engine::request_box::kind::snapshot, stream, 60s);
        answers.emplace(stream, answer);
    };
    boost::asio::co_spawn(world.loop(), ask_from_outside("slow.db"), boost::asio::detached);
    until([&] { return !store->puts.empty() && store->puts.back().starts_with("slow.db/ltx/9"); });
    boost::asio::co_spawn(world.loop(), ask_from_outside("quick.db"), boost::asio::detached);
    boost::asio::co_spawn(world.loop(), ask_from_outside("nobody.db"), boost::asio::detached);
    until([&] { return answers.size() == 2; });
    EXPECT_TRUE(answers.at("quick.db").has_value()) << answers.at("quick.db").error().context;
    ASSERT_FALSE(answers.at("nobody.db").has_value());
    EXPECT_EQ(answers.at("nobody.db").error().about, io::subject::usage);
    store->before_put = nullptr;
    release.notify();
    until([&] { return answers.size() == 3; });
    EXPECT_TRUE(answers.at("slow.db").has_value());
    stop();
}

TEST_F(fleet_life, a_snapshot_holds_what_was_committed_before_it_was_asked_for_though_another_was_under_way) {
    const std::string path = watch_directory() + "/app.db";
    create_at(path);
    settings.targets[0].settings.min_interval = 1h;  // so that the log is shipped for the snapshot
    start();
    until([&] { return count(what::snapshot) + count(what::attached) >= 1; });
    bool hold = true;
    store->before_put = [&](const std::string& key) -> io::task<void> {
        while (hold && key.find("/ltx/0/") != std::string::npos) co_await io::sleep_for(world.env.time, 1ms);
    };
    std::vector<std::uint64_t> answers;
    const auto ask_for_one = [&]() -> io::task<void> { answers.push_back((co_await running->snapshot("app.db")).value()); };
    tests::app(path).run("INSERT INTO t(x) VALUES('in the first')");
    const std::size_t puts = store->puts.size();
    boost::asio::co_spawn(world.loop(), ask_for_one(), boost::asio::detached);
    until([&] { return store->puts.size() > puts; });
    tests::app(path).run("INSERT INTO t(x) VALUES('in the second')");
    boost::asio::co_spawn(world.loop(), ask_for_one(), boost::asio::detached);
    world.loop().poll();
    hold = false;
    until([&] { return answers.size() == 2; });
    EXPECT_GT(answers[1], answers[0]);
    stop();
}

TEST_F(fleet_life, a_request_that_no_event_told_of_is_found_by_the_sweep) {
    create();
    settings.sweep_interval = 100ms;
    start();
    until([&] { return count(what::attached) == 1; });
    // Under another directory's name its events are lost: a watch goes with the directory.
    fs::rename(dir.file("state/requests"), dir.file("state/elsewhere"));
    fs::create_directory(dir.file("state/requests"));
    std::optional<io::result<engine::request_box::reply>> answer;
    const auto ask_from_outside = [&]() -> io::task<void> {
        answer = co_await engine::ask(world.env, dir.file("state"), engine::request_box::kind::sync, "app.db", 60s);
    };
    boost::asio::co_spawn(world.loop(), ask_from_outside(), boost::asio::detached);
    until([&] { return answer.has_value(); });
    EXPECT_TRUE(answer->has_value()) << answer->error().context;
    stop();
}

TEST_F(fleet_life, a_snapshot_asked_of_a_stream_that_ends_is_answered) {
    create_at(watch_directory() + "/app.db");
    // Its file is gone when it is opened; meanwhile it is asked.
    std::promise<void> asked;
    std::atomic<bool> once = false;
    files.spoil = [&, answer = asked.get_future().share()](const std::string& call, const std::string& path) {
        if (call != "status" || !path.ends_with("/app.db-wal") || once.exchange(true)) return 0;
        answer.wait();
        return ENOENT;
    };
    start();
    until([&] { return count(what::watching) == 1; });
    ask("app.db");
    asked.set_value();
    until([&] { return made.has_value(); });
    EXPECT_FALSE(made->has_value());
    until([&] { return count(what::attached) == 1; });  // it was there all the same
    stop();
}

TEST_F(fleet_life, a_snapshot_asked_of_a_stream_that_waits_is_answered_and_a_file_that_goes_meanwhile_is_forgotten) {
    const std::string data = watch_directory();
    create_at(data + "/app.db");
    store->on_list = [](const std::string&) { return io::error{io::errc::timed_out, io::subject::store, "no answer"}; };
    start();
    until([&] { return count(what::detached) >= 1; });
    for (const char* tail : {"", "-wal", "-shm"}) fs::remove(data + "/app.db" + tail);
    ask("app.db");
    until([&] { return made.has_value(); });
    EXPECT_FALSE(made->has_value());
    until([&] { return running->status().empty(); });
    stop();
}

TEST_F(fleet_life, a_stop_at_any_time_ends_it) {
    const std::string data = watch_directory();
    for (int i = 0; i < 5; ++i) create_at(data + "/" + std::to_string(i) + ".db");
    for (int steps = 0; steps < 60; steps += 3) {
        start();
        world.loop().restart();
        for (int i = 0; i < steps && !ended; ++i) world.loop().run_one();
        create_at(data + "/late" + std::to_string(steps) + ".db");
        stop();
    }
    start();
    until([&] { return running->status().size() == 25 && count(what::attached) >= 25; });
    stop();
    expect_sound("0.db");
}

}  // namespace
