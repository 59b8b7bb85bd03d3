// When a store that was away answers one stream, the others that wait for it to come into step do not sit out their own pauses. On virtual time, for
// this is about when something happens.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <map>

#include "engine/engine.h"
#include "tests/sim/sqlite.h"
#include "tests/sim/store.h"

namespace {

using namespace std::chrono_literals;

constexpr int databases = 6;

TEST(attach_pause, ends_for_all_when_the_store_answers_one) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        sim::world all(seed);
        sim::host& machine = all.add_host("a");
        sim::process& application = all.start(machine, "application");
        engine::options settings;
        settings.state_directory = "/state";
        settings.lock_directory = "/locks";
        for (int i = 0; i < databases; ++i) settings.targets.push_back({engine::target::what::file, fmt::format("db{}", i), fmt::format("/db{}", i), {}});
        bool made = false;
        all.bodies.start(application.id, [&] {
            for (const auto& each : settings.targets) sim::sqlite(each.path).run("PRAGMA journal_mode=WAL; CREATE TABLE t(x)");
            made = true;
        });
        all.run([&] { return made; }, 1min);

        sim::store_server server(all);
        server.habits.down = true;
        sim::process& who = all.start(machine, "engine");
        sim::store store(server, who);
        engine::engine* running = nullptr;
        std::map<std::string, io::instant> attached;
        bool over = false;
        const auto run = [&]() -> io::task<void> {  // made and ended as its process
            engine::engine one(who.env, store, settings);
            one.on_event([&](const engine::event& e) {
                if (e.kind == engine::event::what::attached) attached[e.stream] = all.loop.now();
            });
            running = &one;
            EXPECT_TRUE((co_await one.run()).has_value());
            over = true;
        };
        boost::asio::co_spawn(who.env.on, run(), [](std::exception_ptr thrown) { if (thrown) std::rethrow_exception(thrown); });
        const io::instant back = all.loop.now() + 10min;  // by then the pauses are up to half a minute
        all.run([&] { return all.loop.now() >= back; }, 1h);
        EXPECT_TRUE(attached.empty());
        server.habits.down = false;
        all.run([&] { return attached.size() == databases; }, 1h);
        io::instant first = io::instant::max();
        io::instant last = io::instant::min();
        for (const auto& [stream, at] : attached) {
            first = std::min(first, at);
            last = std::max(last, at);
        }
        EXPECT_LT(last - first, 1s) << "seed " << seed;
        running->stop();
        all.run([&] { return over; }, 1h);
    }
}

}  // namespace
