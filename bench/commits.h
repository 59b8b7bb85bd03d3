// An application's commits, followed by the engine: how long each takes to be durable in a store.
#pragma once

#include <boost/asio/post.hpp>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "bench/application.h"
#include "bench/timing.h"
#include "engine/engine.h"
#include "engine/restorer.h"
#include "tests/support/real_environment.h"
#include "tests/support/sqlite.h"

namespace bench {

constexpr int warm_up_commits = 50;

// What the engine's thread tells the application's.
class confirmations {
public:
    void add(const engine::event& e) {
        const std::lock_guard guard(lock_);
        if (e.kind == engine::event::what::attached) attached_ = true;
        if (e.kind == engine::event::what::confirmed) ++count_;
        changed_.notify_all();
    }
    void wait_attached() { wait([this] { return attached_; }); }
    std::uint64_t count() {
        const std::lock_guard guard(lock_);
        return count_;
    }
    void wait_above(std::uint64_t before) { wait([&] { return count_ > before; }); }

private:
    template <class Condition>
    void wait(const Condition& met) {
        std::unique_lock guard(lock_);
        if (!changed_.wait_for(guard, std::chrono::seconds(30), met)) refuse("nothing was confirmed for 30 s");
    }
    std::mutex lock_;
    std::condition_variable changed_;
    bool attached_ = false;
    std::uint64_t count_ = 0;
};

// The seconds from each of `rounds` commits to its object being durable in the store, min_interval 0, one after another. After each one,
// and after each of the commits that warm up, `other` runs on the application's thread: whatever the commits are compared with; its
// argument tells whether that counts. At the end the database is restored and compared. `directory` is empty.
inline std::vector<double> commits_to_durable(tests::real_environment& world, io::object_store& store, const std::string& directory, int rounds,
                                              const std::function<void(bool counts)>& other) {
    {
        application app(directory + "/app.db");
        make_orders(app, 1000);
    }
    engine::options settings;
    settings.state_directory = directory + "/state";
    settings.lock_directory = directory + "/locks";
    settings.who = "bench";
    settings.targets.push_back({engine::target::what::file, "app.db", directory + "/app.db", {}});
    settings.targets[0].settings.min_interval = io::duration::zero();
    engine::engine fleet(world.env, store, settings);
    confirmations seen;
    fleet.on_event([&](const engine::event& e) { seen.add(e); });

    std::vector<double> out;
    std::thread of_application([&] {
        {
            application app(directory + "/app.db");
            seen.wait_attached();
            for (int i = 0; i < warm_up_commits + rounds; ++i) {
                const std::uint64_t before = seen.count();
                app.run("INSERT INTO orders(who, what, token, n) VALUES('a customer', 'an item', randomblob(40), 1)");
                const double taken = time([&] { seen.wait_above(before); });
                if (i >= warm_up_commits) out.push_back(taken);
                other(i >= warm_up_commits);
            }
        }
        boost::asio::post(world.loop(), [&] { fleet.stop(); });
    });
    auto end = world.run(fleet.run());
    of_application.join();
    need_ok(end);

    engine::restore_request request;
    request.stream = "app.db";
    request.output = directory + "/restored.db";
    auto restored = world.run(engine::restore(world.env, store, request));
    need(restored);
    if (tests::dump(request.output) != tests::dump(directory + "/app.db")) refuse("the restored database differs");
    return out;
}

inline void print_times(const char* what, const std::vector<double>& of, const std::vector<double>& ours) {
    std::printf("  %-40s p50 %7.3f ms   p99 %7.3f ms   flotilla is %.2f times its p50\n", what, percentile(of, 0.5) * 1e3, percentile(of, 0.99) * 1e3,
                percentile(ours, 0.5) / percentile(of, 0.5));
}

}  // namespace bench
