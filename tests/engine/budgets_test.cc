// What streams share: nobody waits for more than one object of every other, and memory stays in its bound.
#include "engine/budgets.h"

#include "io/wakeup.h"
#include "tests/engine/engine_world.h"

namespace {

using namespace std::chrono_literals;
using tests::what;
using tests::write_fate;

engine::options with_memory(std::uint64_t bytes) {
    engine::options out;
    out.memory_bytes = bytes;
    return out;
}

TEST(budget, its_parts_are_not_more_than_the_whole) {
    tests::real_environment world;
    for (const std::uint64_t bytes : {32U << 20U, 256U << 20U, 1U << 30U}) {
        engine::budgets shares(world.env, with_memory(bytes), 64U << 20U);
        EXPECT_LE(shares.lists.total() + shares.small.total() + shares.large.total() + shares.images.total() * engine::object_encoder::keep_bytes, bytes);
    }
}

TEST(budget, an_object_of_several_parts_does_not_take_from_those_of_one) {
    tests::real_environment world;
    engine::budgets shares(world.env, with_memory(256U << 20U), 64U << 20U);
    const auto small = shares.for_object(100'000);
    EXPECT_EQ(small.from, &shares.small);
    EXPECT_GE(small.bytes, 100'000U);
    EXPECT_EQ(small.writer_bytes, 0U);
    const auto large = shares.for_object(1U << 30U);
    EXPECT_EQ(large.from, &shares.large);
    EXPECT_LE(large.bytes, shares.large.total() / 4) << "a few side by side";
    EXPECT_GE(large.writer_bytes, 8U << 20U);
}

TEST(budget, a_large_object_of_a_small_budget_gets_one_part_of_the_writers) {
    tests::real_environment world;
    engine::budgets shares(world.env, with_memory(32U << 20U), 64U << 20U);
    EXPECT_EQ(shares.for_object(1U << 30U).writer_bytes, 8U << 20U);
    EXPECT_EQ(engine::budgets(world.env, with_memory(32U << 20U), 0).for_object(1U << 30U).writer_bytes, 0U);
}

class budgets : public tests::engine_world {};

// One tenant's store hangs, another's bursts; with two puts at once the third goes on.
TEST_F(budgets, a_tenant_that_hangs_and_one_that_bursts_delay_nobody_beyond_one_object) {
    settings.objects_in_flight = 2;
    const std::string data = watch_directory();
    for (const char* name : {"bursts.db", "hangs.db", "other.db"}) create_at(data + "/" + name);
    start();
    until([&] { return count(what::attached) == 3 && count(what::snapshot) == 3; });
    io::wakeup release(world.env.time, world.env.on);
    bool hanging = false;
    tests::app bursting(data + "/bursts.db");
    store->before_put = [&](const std::string& key) -> io::task<void> {
        if (key.starts_with("bursts.db/")) bursting.run("INSERT INTO t(x) VALUES('and another')");  // it never has nothing to ship
        if (!key.starts_with("hangs.db/")) co_return;
        hanging = true;
        co_await release.wait();
    };
    tests::app(data + "/hangs.db").run("INSERT INTO t(x) VALUES('hangs')");
    until([&] { return hanging; });
    bursting.run("INSERT INTO t(x) VALUES('bursts')");
    tests::app other(data + "/other.db");
    for (int i = 0; i < 5; ++i) {
        const std::size_t before = count(what::confirmed, "other.db");
        const std::size_t puts = store->puts.size();
        other.run("INSERT INTO t(x) VALUES('one')");
        until([&] { return count(what::confirmed, "other.db") > before; });
        EXPECT_GT(store->puts.size(), puts);
    }
    EXPECT_EQ(count(what::confirmed, "hangs.db"), 1U);
    store->before_put = nullptr;
    release.notify();
    stop();
    for (const char* name : {"bursts.db", "hangs.db", "other.db"}) EXPECT_EQ(tests::dump(restore({}, name)), tests::dump(data + "/" + name));
}

// Between two tries nothing is held: a store that refuses one tenant leaves the only permit to the others.
TEST_F(budgets, whoever_waits_between_two_tries_holds_no_permit) {
    settings.objects_in_flight = 1;
    const std::string data = watch_directory();
    for (const char* name : {"a.db", "b.db"}) create_at(data + "/" + name);
    start();
    until([&] { return count(what::attached) == 2 && count(what::snapshot) == 2; });
    store->on_put = [](const std::string& key) { return key.starts_with("a.db/") ? write_fate::refused() : write_fate{}; };
    tests::app(data + "/a.db").run("INSERT INTO t(x) VALUES('refused')");
    until([&] { return count(what::failing, "a.db") == 1; });
    tests::app b(data + "/b.db");
    for (std::size_t i = 0; i < 3; ++i) {
        const std::size_t before = count(what::confirmed, "b.db");
        b.run("INSERT INTO t(x) VALUES('one')");
        until([&] { return count(what::confirmed, "b.db") > before; });
    }
    store->on_put = nullptr;
    stop();
    EXPECT_EQ(tests::dump(restore({}, "a.db")), tests::dump(data + "/a.db"));
}

// A store that holds what it is given. An object takes 0.9 MB of the 4 MiB that such objects share, a large one all of it.
TEST_F(budgets, memory_that_is_full_is_waited_for_in_the_log_in_turn_and_shown_and_nothing_is_lost) {
    settings.memory_bytes = 32U << 20U;
    const std::string data = watch_directory();
    std::vector<std::string> names;
    for (const char letter : std::string("abcdefghij")) names.push_back(std::string(1, letter) + ".db");
    const std::string large = "g.db";
    for (const auto& name : names) create_at(data + "/" + name);
    start();
    until([&] { return count(what::attached) == names.size() && count(what::snapshot) == names.size(); });
    io::semaphore gate(world.env.time, world.env.on, 100);
    auto closed = world.run(gate.acquire(100));
    std::vector<io::semaphore::permit> passed;
    std::vector<std::string> order;
    std::vector<std::string> inside;
    std::size_t most_inside = 0;
    bool alone = true;
    store->before_put = [&](const std::string& key) -> io::task<void> {
        const std::string name = key.substr(0, key.find('/'));
        order.push_back(name);
        inside.push_back(name);
        most_inside = std::max(most_inside, inside.size());
        if (std::ranges::find(inside, large) != inside.end()) alone = alone && inside.size() == 1;
        passed.push_back(co_await gate.acquire());
        std::erase(inside, name);
    };
    const auto shown = [&](const std::string& name) {
        const auto all = running->status();
        return std::ranges::find(all, name, &engine::memo::stream)->pressure;
    };
    for (const auto& name : names) {
        const std::size_t before = order.size();
        tests::app(data + "/" + name).run("INSERT INTO t(x) VALUES(hex(randomblob(" + std::string(name == large ? "1900000" : "300000") + ")))");
        until([&] { return order.size() > before || shown(name) == "waiting for memory"; });
    }
    EXPECT_GE(most_inside, 2U);
    EXPECT_LE(most_inside * 600'000, settings.memory_bytes / 8);
    EXPECT_EQ(shown(names.back()), "waiting for memory");
    closed.shrink(99);
    for (std::size_t n = 1; n <= names.size(); ++n) {
        until([&] { return count(what::confirmed) >= names.size() + n; });  // each was told of once before
        closed.shrink(99 - n);
    }
    EXPECT_LE(most_inside * 600'000, settings.memory_bytes / 8);
    EXPECT_TRUE(alone) << "what takes all of the memory";
    // First come, first served; those that get their share together are encoded side by side.
    const auto turn = std::ranges::find(order, large);
    std::sort(order.begin(), turn);
    std::sort(turn + 1, order.end());
    EXPECT_EQ(order, names);
    for (const auto& name : names) EXPECT_EQ(shown(name), "");
    store->before_put = nullptr;
    stop();
    for (const auto& name : names) EXPECT_EQ(tests::dump(restore({}, name)), tests::dump(data + "/" + name));
}

}  // namespace
