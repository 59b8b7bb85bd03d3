// Two engines and one stream: on copies of one database, on copies of one state directory, alive, dead, frozen and late. Whatever they do, the
// store restores to one history. "Frozen" is an engine whose requests do not come through; "late" is a put that arrives after everything else.
#include <fstream>

#include "engine/identity.h"
#include "engine/key.h"
#include "engine/owner_record.h"
#include "tests/engine/engine_world.h"
#include "tests/support/chain_builder.h"

namespace {

using namespace std::chrono_literals;
using tests::what;

class owner_test : public tests::engine_world {
protected:
    // Another host: its own copy of the database, its own state and locks, its own way to the same store.
    struct host {
        engine::options settings;
        std::string path;
        std::unique_ptr<tests::broken_store> store;
        std::vector<engine::event> events;
        std::unique_ptr<engine::engine> running;
        std::optional<io::result<void>> ended;

        std::size_t count(what kind) const {
            return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [&](const auto& e) { return e.kind == kind; }));
        }
        const engine::event& last(what kind) const {
            return *std::find_if(events.rbegin(), events.rend(), [&](const auto& e) { return e.kind == kind; });
        }
    };
    host second;

    owner_test() {
        settings.lease = 900ms;
        settings.host = "host-a";
        settings.who = "flotilla watch (pid 17)";
    }

    // A copy of the database as it is now becomes the second host's.
    void make_second() {
        second.path = dir.file("second.db");
        std::filesystem::remove(second.path);
        tests::app(db_path).run("VACUUM INTO '" + second.path + "'");
        tests::app(second.path).run("PRAGMA journal_mode=WAL");
        second.settings = settings;
        second.settings.host = "host-b";
        second.settings.state_directory = dir.file("second-state");
        second.settings.lock_directory = dir.file("second-locks");
        second.settings.targets[0].path = second.path;
        second.store = std::make_unique<tests::broken_store>(*behind);
    }
    void start_second() {
        second.ended.reset();
        second.running = std::make_unique<engine::engine>(world.env, *second.store, second.settings);
        second.running->on_event([this](const engine::event& e) { second.events.push_back(e); });
        boost::asio::co_spawn(world.loop(), run_second(), boost::asio::detached);
    }
    io::task<void> run_second() { second.ended = co_await second.running->run(); }
    void stop_second() {
        second.running->stop();
        until([&] { return second.ended.has_value(); });
        second.running.reset();
    }
    io::error second_refusal() {
        until([&] { return second.ended.has_value(); });
        second.running.reset();
        return second.ended->has_value() ? io::error{io::errc::invalid, io::subject::general, "it ended well"} : second.ended->error();
    }
    // Ends the first engine, which ends as overtaken.
    void expect_first_overtaken() {
        until([&] { return count(what::stopped) == 1; });
        EXPECT_EQ(count(what::overtaken), 1U);
        running->stop();
        EXPECT_EQ(refusal().code, io::errc::overtaken);
        ended.reset();
    }

    // No request of the first engine comes through any more: what is asked fails, what is on its way waits.
    void freeze_first() {
        const auto fail = [](const std::string&) -> io::result<void> { return io::error{io::errc::io_failure, io::subject::store, "frozen"}; };
        store->on_get = fail;
        store->on_list = fail;
        store->on_put = [](const std::string&) { return tests::write_fate::refused(); };
        store->on_replace = [](const std::string&) { return tests::write_fate::refused(); };
    }
    void thaw_first() {
        store->on_get = {};
        store->on_list = {};
        store->on_put = {};
        store->on_replace = {};
    }

    void commit(const std::string& path, const std::string& text) { tests::app(path).run("INSERT INTO t(x) VALUES('" + text + "')"); }
    void commit_first(const std::string& text) {
        const std::size_t before = count(what::confirmed);
        commit(db_path, text);
        until([&] { return count(what::confirmed) > before; });
    }
    void commit_second(const std::string& text) {
        const std::size_t before = second.count(what::confirmed);
        commit(second.path, text);
        until([&] { return second.count(what::confirmed) > before; });
    }
    std::size_t records() const { return tests::names_in(dir.file("store/app.db/owner")).size(); }

    // The first one's next object stays on its way until let_go; a second is made that will take over.
    bool on_its_way = false;
    bool let_go = false;
    void hold_a_put_of_the_first() {
        create();
        start();
        until([&] { return count(what::attached) == 1; });
        commit_first("shared");
        make_second();
        second.settings.take_over = true;
        store->before_put = [this](const std::string& key) -> io::task<void> {
            if (!key.ends_with(".ltx")) co_return;
            on_its_way = true;
            while (!let_go) co_await io::sleep_for(world.env.time, 1ms);
        };
    }

    void run_for(io::duration how_long) {
        world.loop().restart();
        world.loop().run_for(how_long);
        world.loop().restart();
    }
};

TEST_F(owner_test, E5_E6_a_copy_on_another_host_is_refused_while_the_owner_lives_and_told_who_that_is) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    commit_first("shared");
    make_second();
    const std::size_t before = objects(0);
    start_second();
    const auto refused = second_refusal();
    EXPECT_EQ(refused.code, io::errc::held);
    EXPECT_EQ(refused.about, io::subject::store) << "exit code 4";
    for (const char* part : {"app.db", "host-a (flotilla watch (pid 17))", "Stop that one first", "--take-over", "another stream name"}) {
        EXPECT_NE(refused.context.find(part), std::string::npos) << part << " is not in: " << refused.context;
    }
    EXPECT_EQ(objects(0), before) << "nothing was written";
    EXPECT_EQ(records(), 1U);
    commit_first("the owner is not disturbed");
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(owner_test, E6_A10_with_take_over_the_second_goes_on_and_the_first_stops) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    commit_first("shared");
    make_second();
    second.settings.take_over = true;
    start_second();
    until([&] { return second.count(what::attached) == 1; });
    ASSERT_EQ(second.count(what::took_over), 1U);
    EXPECT_NE(second.last(what::took_over).text.find("host-a"), std::string::npos) << second.last(what::took_over).text;
    commit(db_path, "never shipped");
    commit_second("goes on");
    expect_first_overtaken();
    EXPECT_NE(last(what::overtaken).text.find("Stop "), std::string::npos) << last(what::overtaken).text;
    commit_second("and on");
    stop_second();
    EXPECT_EQ(tests::dump(restore()), tests::dump(second.path));
    expect_sound();
}

TEST_F(owner_test, A10_the_first_that_comes_back_does_not_take_back_what_is_another_ones_now) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    commit_first("shared");
    make_second();
    stop();
    start_second();
    until([&] { return second.count(what::attached) == 1; });
    EXPECT_EQ(second.count(what::took_over), 1U) << "the first has ended: nothing to wait for";
    commit_second("goes on");
    start();
    auto refused = refusal();
    EXPECT_EQ(refused.code, io::errc::held) << refused.context;
    EXPECT_NE(refused.context.find("host-b"), std::string::npos) << refused.context;
    ended.reset();
    stop_second();
    start();  // the second one is gone, but what it wrote is newer than the first one's copy
    until([&] { return count(what::stopped) == 1; });
    EXPECT_NE(last(what::overtaken).text.find("--take-over"), std::string::npos) << last(what::overtaken).text;
    running->stop();
    EXPECT_EQ(refusal().code, io::errc::overtaken);
    ended.reset();
    EXPECT_EQ(tests::dump(restore()), tests::dump(second.path));
    settings.take_over = true;
    start();
    until([&] { return count(what::attached) == 2; });
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    EXPECT_EQ(records(), 3U);
    expect_sound();
}

TEST_F(owner_test, A10_a_dead_owner_is_followed_after_a_lease_and_a_frozen_one_that_thaws_stops) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    commit_first("shared");
    make_second();
    freeze_first();
    start_second();
    until([&] { return second.count(what::attached) == 1; });
    EXPECT_EQ(second.count(what::took_over), 1U);
    EXPECT_NE(second.last(what::took_over).text.find("not been seen"), std::string::npos);
    commit_second("goes on");
    // The objects that would collide are out of the way, as after a compaction: only the lease is left to stop the first one.
    const auto fence = dir.file("store/app.db/ltx/0");
    std::filesystem::rename(fence, dir.file("aside"));
    std::filesystem::create_directories(fence);
    const std::size_t confirmed = count(what::confirmed);
    commit(db_path, "frozen");
    thaw_first();
    expect_first_overtaken();
    EXPECT_EQ(count(what::confirmed), confirmed);
    EXPECT_NE(last(what::overtaken).text.find("taken over"), std::string::npos) << last(what::overtaken).text;
    EXPECT_NE(last(what::overtaken).text.find("host-b"), std::string::npos) << last(what::overtaken).text;
    EXPECT_EQ(objects(0), 0U) << "nothing of the first one arrived";
    std::filesystem::remove_all(fence);
    std::filesystem::rename(dir.file("aside"), fence);
    stop_second();
    EXPECT_EQ(tests::dump(restore()), tests::dump(second.path));
    expect_sound();
}

// The first one's put is on its way while the second claims: it lands before the fence, and the second goes on after it.
TEST_F(owner_test, A10_a_put_that_lands_between_claim_and_fence_becomes_history_and_the_fence_follows_it) {
    hold_a_put_of_the_first();
    bool held_once = false;
    second.store->before_put = [&](const std::string& key) -> io::task<void> {
        if (held_once || key.find("/ltx/0/") == std::string::npos) co_return;
        held_once = true;
        const std::size_t before = count(what::confirmed);
        let_go = true;
        while (count(what::confirmed) == before) co_await io::sleep_for(world.env.time, 1ms);
    };
    commit(db_path, "on its way");
    until([&] { return on_its_way; });
    start_second();
    until([&] { return second.count(what::attached) == 1; });
    EXPECT_TRUE(held_once);
    commit(db_path, "too late");
    expect_first_overtaken();
    commit_second("goes on");
    stop_second();
    EXPECT_EQ(tests::dump(restore()), tests::dump(second.path));
    expect_sound();
}

// The other order: the fence is there, then the put arrives.
TEST_F(owner_test, A10_a_put_that_lands_after_the_fence_collides_and_its_writer_stops) {
    hold_a_put_of_the_first();
    const std::size_t confirmed = count(what::confirmed);
    commit(db_path, "on its way");
    until([&] { return on_its_way; });
    start_second();
    until([&] { return second.count(what::attached) == 1; });
    let_go = true;
    expect_first_overtaken();
    EXPECT_EQ(count(what::confirmed), confirmed) << "what is not in the store is not called durable";
    commit_second("goes on");
    stop_second();
    EXPECT_EQ(tests::dump(restore()), tests::dump(second.path));
    expect_sound();
}

// Without the fence nothing would keep the first one's next put out: the second has nothing to say of its own.
TEST_F(owner_test, A10_the_fence_is_shipped_although_nothing_differs) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    commit_first("shared");
    stop();
    std::filesystem::remove(dir.file("state/identity"));  // another identity, the same memo and page sums
    const std::size_t before = objects(0);
    start();
    until([&] { return count(what::attached) == 2; });
    EXPECT_EQ(count(what::took_over), 1U);
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(objects(0), before + 1);
    stop();
    start();
    until([&] { return count(what::attached) == 3; });
    stop();
    EXPECT_EQ(objects(0), before + 1) << "once";
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(owner_test, B10_of_two_that_claim_at_once_one_gets_the_stream_and_the_other_is_told) {
    create();
    make_second();
    // Both have seen that there is no owner before either claims.
    int claiming = 0;
    const auto together = [&](const std::string& key) -> io::task<void> {
        if (key.find("/owner/") == std::string::npos) co_return;
        ++claiming;
        while (claiming < 2) co_await io::sleep_for(world.env.time, 1ms);
    };
    store->before_put = together;
    second.store->before_put = together;
    start();
    start_second();
    const auto run_until = [&](auto met) {
        for (int i = 0; i < 3000 && !met(); ++i) run_for(10ms);
        ASSERT_TRUE(met());
    };
    run_until([&] { return (count(what::attached) == 1 && second.ended) || (second.count(what::attached) == 1 && ended); });
    const bool first_won = count(what::attached) == 1;
    const io::result<void> refused = first_won ? *second.ended : *ended;
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, io::errc::held) << refused.error().context;
    EXPECT_EQ(records(), 1U);
    (first_won ? running : second.running)->stop();
    run_until([&] { return ended && second.ended; });
    running.reset();
    second.running.reset();
    EXPECT_EQ(tests::dump(restore()), tests::dump(first_won ? db_path : second.path));
    expect_sound();
}

// Who waited for an owner to be dead finds the stream in the hands of one that lives: that is not one whose records were removed.
TEST_F(owner_test, A10_who_waited_does_not_take_the_stream_from_one_that_came_first) {
    settings.lease = 9s;
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    commit_first("shared");
    make_second();
    store->on_replace = [](const std::string&) { return tests::write_fate::refused(); };  // killed: no last beat
    stop();
    store->on_replace = {};
    std::string beat;
    for (const auto& name : tests::names_in(dir.file("store/.flotilla/hosts"))) {
        if (name.find('-') == std::string::npos) beat = dir.file("store/.flotilla/hosts/" + name);
    }
    auto last = engine::decode_host_beat(tests::slurp(beat));
    ASSERT_TRUE(last.has_value());
    bool waits = false;
    second.store->on_get = [&](const std::string& key) -> io::result<void> {
        waits |= beat.ends_with(key);
        return {};
    };
    start_second();
    until([&] { return waits; });
    std::filesystem::remove_all(dir.file("state"));  // another identity
    settings.take_over = true;
    start();
    until([&] { return count(what::attached) == 2; });
    last->ended = true;
    const io::bytes now = engine::encode(*last);
    std::ofstream(beat, std::ios::binary).write(reinterpret_cast<const char*>(now.data()), static_cast<std::streamsize>(now.size()));
    until([&] { return second.ended || second.count(what::attached) == 1; });
    EXPECT_EQ(second.count(what::took_over), 0U);
    const auto refused = second_refusal();
    EXPECT_EQ(refused.code, io::errc::held) << refused.context;
    EXPECT_EQ(records(), 2U);
    commit_first("goes on");
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(owner_test, A10_who_saw_the_stream_before_its_owner_went_on_and_ended_does_not_take_it_back) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    commit_first("shared");
    stop();
    make_second();
    store->before_put = [this](const std::string& key) -> io::task<void> {
        on_its_way |= key.find(".flotilla/hosts") != std::string::npos;
        while (on_its_way && !let_go) co_await io::sleep_for(world.env.time, 1ms);
    };
    start();
    until([&] { return on_its_way; });
    start_second();
    until([&] { return second.count(what::attached) == 1; });
    commit_second("theirs");
    stop_second();
    let_go = true;
    until([&] { return count(what::stopped) == 1 || count(what::attached) == 2; });
    EXPECT_EQ(count(what::took_over), 0U);
    running->stop();
    EXPECT_EQ(refusal().code, io::errc::overtaken);
    ended.reset();
    EXPECT_EQ(records(), 2U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(second.path));
    expect_sound();
}

TEST_F(owner_test, A10_a_claim_whose_reply_was_lost_is_found_to_be_our_own) {
    create();
    store->on_put = [](const std::string& key) {
        return key.find("/owner/") == std::string::npos ? tests::write_fate{} : tests::write_fate::reply_lost();
    };
    start();
    until([&] { return count(what::attached) == 1; });
    commit_first("one");
    EXPECT_EQ(records(), 1U);
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
}

TEST_F(owner_test, without_state_db_the_stream_goes_on_from_the_store_without_an_upload) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('one')");
    stop();
    for (const char* name : {"state/state.db", "state/state.db-wal", "state/state.db-shm"}) std::filesystem::remove(dir.file(name));
    const std::size_t before = objects(0);
    start();
    until([&] { return count(what::attached) == 2; });
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(count(what::took_over), 0U);
    EXPECT_EQ(objects(0), before);
    EXPECT_EQ(objects(9), 1U);
    db.run("INSERT INTO t(x) VALUES('two')");
    stop();
    EXPECT_EQ(objects(0), before + 1);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(owner_test, a_host_whose_state_directory_is_lost_goes_on_by_itself_after_a_lease) {
    create();
    {
        start();
        until([&] { return count(what::attached) == 1; });
        commit_first("one");
        store->on_replace = [](const std::string&) { return tests::write_fate::refused(); };  // killed: no last beat
        stop();
        store->on_replace = {};
    }
    std::filesystem::remove_all(dir.file("state"));
    start();
    until([&] { return count(what::attached) == 2; });
    EXPECT_EQ(count(what::took_over), 1U);
    commit_first("two");
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(owner_test, A10_a_copy_of_the_state_directory_is_refused_and_the_other_goes_on) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    commit_first("one");
    make_second();
    std::filesystem::copy(dir.file("state"), dir.file("second-state"), std::filesystem::copy_options::recursive);
    start_second();
    const auto refused = second_refusal();
    commit_first("two");
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
    // The copy has taken the next session number, so the original has to be told which one is to go on.
    EXPECT_EQ(refused.code, io::errc::held) << refused.context;
    EXPECT_EQ(refused.about, io::subject::store);
    EXPECT_NE(refused.context.find("copy of the state directory"), std::string::npos) << refused.context;
}

TEST_F(owner_test, A10_a_copy_of_the_state_directory_is_refused_when_the_other_has_run_since_although_it_has_ended) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    commit_first("one");
    stop();
    make_second();
    std::filesystem::copy(dir.file("state"), dir.file("second-state"), std::filesystem::copy_options::recursive);
    start();
    until([&] { return count(what::attached) == 2; });
    commit_first("two");
    stop();
    const std::size_t before = objects(0);
    start_second();
    const auto refused = second_refusal();
    EXPECT_EQ(refused.code, io::errc::held) << refused.context;
    EXPECT_NE(refused.context.find("copy of the state directory"), std::string::npos) << refused.context;
    EXPECT_EQ(objects(0), before);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

// A host cloned with its disk: the directory of the copy lies where it says, so it does not know that it is one.
TEST_F(owner_test, A10_of_two_with_one_identity_the_one_that_began_first_is_told_at_its_next_beat) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    commit_first("one");
    make_second();
    std::filesystem::copy(dir.file("state"), dir.file("second-state"), std::filesystem::copy_options::recursive);
    auto clone = engine::open_identity(files, world.env.journal, dir.file("second-state"), 1, 0);
    clone->place = *engine::place_of(files, dir.file("second-state"));
    ASSERT_TRUE(engine::save_identity(files, dir.file("second-state"), *clone).has_value());
    start_second();
    EXPECT_EQ(refusal().code, io::errc::held);
    ended.reset();
    until([&] { return second.count(what::attached) == 1; });
    commit_second("two");
    stop_second();
    EXPECT_EQ(tests::dump(restore()), tests::dump(second.path));
    expect_sound();
}

// It wanted the session that the copy got, and has written that number down.
TEST_F(owner_test, A10_one_that_was_refused_for_its_copy_is_refused_again_when_it_is_started_anew) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    commit_first("one");
    stop();
    make_second();
    std::filesystem::copy(dir.file("state"), dir.file("second-state"), std::filesystem::copy_options::recursive);
    store->before_put = [this](const std::string& key) -> io::task<void> {
        on_its_way |= key.find(".flotilla/hosts") != std::string::npos;
        while (on_its_way && !let_go) co_await io::sleep_for(world.env.time, 1ms);
    };
    start();
    until([&] { return on_its_way; });
    start_second();
    until([&] { return second.count(what::attached) == 1; });
    let_go = true;
    EXPECT_EQ(refusal().code, io::errc::held);
    ended.reset();
    start();
    EXPECT_EQ(refusal().code, io::errc::held);
    ended.reset();
    commit_second("two");
    EXPECT_EQ(second.count(what::overtaken), 0U);
    stop_second();
    EXPECT_TRUE(second.ended->has_value());
    EXPECT_EQ(tests::dump(restore()), tests::dump(second.path));
    expect_sound();
}

// Both ship under one epoch: what the copy put looks like an object of our own whose reply was lost.
TEST_F(owner_test, A10_who_comes_back_does_not_confirm_what_his_copy_has_shipped) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    commit_first("shared");
    make_second();
    std::filesystem::copy(dir.file("state"), dir.file("second-state"), std::filesystem::copy_options::recursive);
    freeze_first();
    start_second();
    until([&] { return second.count(what::attached) == 1; });
    commit_second("theirs");
    thaw_first();
    int asked = 0;
    store->on_get = [&](const std::string& key) -> io::result<void> {
        if (key.find(".flotilla/hosts") == std::string::npos) return {};
        ++asked;
        return io::error{io::errc::io_failure, io::subject::store, "no answer"};
    };
    const std::size_t before = count(what::confirmed);
    commit(db_path, "ours");
    until([&] { return asked >= 4; });
    EXPECT_EQ(count(what::confirmed), before);
    store->on_get = {};
    EXPECT_EQ(refusal().code, io::errc::held);
    ended.reset();
    EXPECT_EQ(count(what::confirmed), before);
    commit_second("and on");
    stop_second();
    EXPECT_EQ(tests::dump(restore()), tests::dump(second.path));
    expect_sound();
}

TEST_F(owner_test, E10_an_owner_that_cannot_be_looked_up_is_not_taken_for_none) {
    create();
    bool down = true;
    store->on_list = [&](const std::string& prefix) -> io::result<void> {
        if (down && prefix.ends_with("/owner")) return io::error{io::errc::io_failure, io::subject::store, "no answer"};
        return {};
    };
    start();
    until([&] { return count(what::detached) == 1; });
    EXPECT_FALSE(std::filesystem::exists(dir.file("store/app.db/owner")));
    EXPECT_EQ(objects(9), 0U);
    down = false;
    until([&] { return count(what::attached) == 1; });
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
}

// While the lease is in doubt, no answer means no put.
TEST_F(owner_test, A10_E10_an_owner_in_doubt_that_cannot_look_does_not_put) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    commit_first("one");
    const auto fail = [](const std::string&) -> io::result<void> { return io::error{io::errc::io_failure, io::subject::store, "no answer"}; };
    store->on_list = fail;
    store->on_replace = [](const std::string&) { return tests::write_fate::refused(); };
    run_for(settings.lease + 300ms);
    store->puts.clear();
    commit(db_path, "two");
    until([&] { return count(what::failing) == 1; });
    EXPECT_TRUE(store->puts.empty()) << store->puts.front();
    store->on_list = {};
    store->on_replace = {};
    until([&] { return !store->puts.empty(); });
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
}

TEST_F(owner_test, an_idle_stream_costs_no_request_and_a_host_two_each_third_of_a_lease) {
    create();
    start();
    until([&] { return count(what::attached) == 1 && count(what::snapshot) == 1; });
    std::size_t lists = 0;
    store->on_list = [&](const std::string&) -> io::result<void> {
        ++lists;
        return {};
    };
    std::size_t beats = 0;
    store->on_replace = [&](const std::string& key) {
        beats += key.starts_with(".flotilla/hosts/") ? 1U : 0U;
        return tests::write_fate{};
    };
    store->puts.clear();
    store->gets.clear();
    until([&] { return beats == 3; });
    EXPECT_EQ(lists, 0U);
    EXPECT_TRUE(store->puts.empty());
    EXPECT_EQ(store->gets.size(), 3U);
    stop();
}

TEST_F(owner_test, A8_what_is_kept_of_hosts_and_owners_is_no_stream) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    stop();
    EXPECT_TRUE(std::filesystem::exists(dir.file("store/.flotilla/hosts")));
    EXPECT_EQ(*world.run(engine::replica::streams(*behind)), std::vector<std::string>{"app.db"});
    EXPECT_FALSE(engine::check_stream_name(".flotilla").has_value());
    EXPECT_FALSE(engine::check_stream_name("a/.flotilla/b").has_value());
}

TEST_F(owner_test, a_damaged_owner_record_stops_the_stream_until_somebody_takes_it_over) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    stop();
    const std::string path = dir.file("store/") + engine::owner_key("app.db", 1);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << "{";
    start();
    until([&] { return count(what::detached) == 1; });
    EXPECT_NE(last(what::detached).text.find(engine::owner_key("app.db", 1)), std::string::npos) << last(what::detached).text;
    running->stop();
    EXPECT_EQ(refusal().code, io::errc::corrupt);
    ended.reset();
    settings.take_over = true;
    start();
    until([&] { return count(what::attached) == 2; });
    stop();
    EXPECT_EQ(records(), 2U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

}  // namespace
