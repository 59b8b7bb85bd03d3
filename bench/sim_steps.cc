// Steps of the simulator's event loop, with nothing to do in them, beside Asio's own. Usage: bench_sim_steps
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>
#include <functional>

#include "bench/timing.h"
#include "tests/sim/world.h"

namespace {

namespace asio = boost::asio;

constexpr int at_once = 100;
constexpr int turns = 3000;  // of each

io::task<void> go_round(io::executor on, int& left) {
    for (int i = 0; i < turns; ++i) co_await asio::post(on, asio::use_awaitable);
    --left;
}

io::task<void> wait(io::clock& time, std::uint64_t seed, int& left) {
    sim::prng dice(seed);
    for (int i = 0; i < turns; ++i) co_await io::sleep_for(time, std::chrono::microseconds(1 + dice.below(1000)));
    --left;
}

// Of this process, so that it does not matter who else is on the machine.
double cpu() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Steps a second; the best of several worlds.
double simulated(const std::function<void(sim::world&, sim::process&, std::uint64_t number, int& left)>& start) {
    double best = 0;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        sim::world all(seed);
        sim::process& who = all.start(all.add_host("machine"), "program");
        int left = at_once;
        for (std::uint64_t i = 0; i < at_once; ++i) start(all, who, i, left);
        const double begun = cpu();
        all.run([&left] { return left == 0; }, std::chrono::hours(1));
        best = std::max(best, static_cast<double>(all.loop.steps()) / (cpu() - begun));
        if (all.loop.steps() < std::uint64_t{at_once} * turns) bench::refuse("steps are missing");
    }
    return best;
}

double real_posts() {
    double best = 0;
    for (int round = 0; round < 5; ++round) {
        asio::io_context loop(1);
        int left = at_once;
        for (int i = 0; i < at_once; ++i) asio::co_spawn(loop, go_round(loop.get_executor(), left), asio::detached);
        const double begun = cpu();
        const auto steps = loop.run();
        best = std::max(best, static_cast<double>(steps) / (cpu() - begun));
        if (left != 0) bench::refuse("coroutines did not end");
    }
    return best;
}

}  // namespace

int main() {
    const double real = real_posts();
    const auto print = [real](const char* what, double speed) {
        std::printf("simulator, %s: %5.2f million steps a second on one core, %.2f of io_context's posts (%.2f million)\n", what, speed / 1e6, speed / real, real / 1e6);
    };
    print("coroutines that post     ", simulated([](sim::world&, sim::process& who, std::uint64_t, int& left) {
        asio::co_spawn(who.env.on, go_round(who.env.on, left), asio::detached);
    }));
    print("coroutines that sleep    ", simulated([](sim::world&, sim::process& who, std::uint64_t number, int& left) {
        asio::co_spawn(who.env.on, wait(who.time, number, left), asio::detached);
    }));
    print("blocking code that sleeps", simulated([](sim::world& all, sim::process& who, std::uint64_t number, int& left) {
        all.bodies.start(who.id, [&all, &left, number] {
            sim::prng dice(number);
            for (int i = 0; i < turns; ++i) all.bodies.sleep(std::chrono::microseconds(1 + dice.below(1000)));
            --left;
        });
    }));
    return 0;
}
