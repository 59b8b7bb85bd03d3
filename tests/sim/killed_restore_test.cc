// A restore over an existing file whose process is killed at any moment: the old file is there, untouched, or the new one, whole.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "tests/sim/field.h"
#include "tests/sim/store.h"

namespace {

using namespace std::chrono_literals;

constexpr const char* output = "/out.db";

class killed_restore : public testing::Test {
protected:
    sim::field f{1};

    killed_restore() {
        f.desk.disk.habits.pause_rate = 1'000'000;  // so that there is a moment between any two calls
        f.desk.disk.habits.most_pause = 1ms;
        f.commits(8);
        f.watch();
        before = f.flush();
        restore(before, 1h);
        old = read();
        f.commits(8);
        after = f.flush();
    }

    // In a process of its own, which is killed after `patience` if it has not ended by then. Whether it had.
    bool restore(std::uint64_t txid, io::duration patience) {
        sim::process& who = f.all.start(f.desk, "restorer");
        sim::store client(f.server, who);
        std::optional<io::result<engine::restore_report>> report;
        const auto work = [&]() -> io::task<void> {
            engine::restore_request request;
            request.stream = sim::field::stream;
            request.target = engine::restore_target::at_txid(txid);
            request.output = output;
            request.force = true;
            report = co_await engine::restore(who.env, client, request);
        };
        boost::asio::co_spawn(who.env.on, work(), [](std::exception_ptr thrown) { if (thrown) std::rethrow_exception(thrown); });
        const io::instant until = f.all.loop.now() + patience;
        f.all.loop.at(until, sim::the_world, [] {});
        f.all.run([&] { return report || f.all.loop.now() >= until; }, 2h);
        f.all.kill(who);
        if (report) EXPECT_TRUE(report->has_value()) << report->error().context;
        return report.has_value();
    }

    sim::state read() {
        sim::process& reader = f.all.start(f.desk, "reader");
        std::optional<sim::state> out;
        std::string broken;
        bool closed = false;
        f.all.bodies.start(reader.id, [&] {
            {
                sim::sqlite db(output);
                out = sim::read_state(db, true, broken);
            }
            closed = true;
        });
        f.all.run([&] { return closed; }, 1min);
        EXPECT_EQ(broken, "");
        return *out;
    }

    std::size_t temporaries() {
        int problem = 0;
        std::size_t out = 0;
        for (const auto& [name, node] : f.desk.disk.find("/", problem)->entries) out += name.ends_with(".restoring");
        return out;
    }

    std::uint64_t before = 0, after = 0;
    sim::state old;
};

TEST_F(killed_restore, leaves_the_old_file_or_the_new_one_whole) {
    const sim::state live = f.live();
    ASSERT_NE(old, live);
    bool ended = false;
    std::size_t killed = 0, untouched = 0;
    for (io::duration patience = 1ms; !ended; patience += 400us) {
        ended = restore(after, patience);
        killed += !ended;
        const sim::state now = read();
        untouched += now == old;
        EXPECT_TRUE(now == old || now == live) << "after " << patience.count() << " ns it is neither";
        EXPECT_LE(temporaries(), killed);
        if (now == live && !ended) ASSERT_TRUE(restore(before, 1h));  // once more from the old one
    }
    EXPECT_EQ(read(), live);
    EXPECT_GE(untouched, 3U);
    EXPECT_LE(untouched, killed);
}

}  // namespace
