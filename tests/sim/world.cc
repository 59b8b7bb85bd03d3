#include "tests/sim/world.h"

#include <boost/asio/co_spawn.hpp>

#include "tests/sim/vfs.h"

namespace sim {

namespace {

constexpr std::size_t pool_workers = 4;

}  // namespace

process::process(world& in, host& on, process_id number, std::string what)
    : id(number), machine(on), name(std::move(what)), born(in.loop.now()), files(on.disk, number), time(in.loop, number, on.clocks),
      random(in.stream(fmt::format("process {}", number))), pool(in.loop, in.bodies, number, pool_workers, in.stream(fmt::format("pool {}", number))),
      log(in.loop, in.history, name),
      env{in.loop.executor_of(number), time, random, files, pool, log, [this, &in]() -> io::result<std::unique_ptr<io::watcher>> {
              auto made = std::make_unique<watcher>(machine.disk, id, time, env.on, machine.events, in.stream(fmt::format("watcher {}", id)));
              return std::unique_ptr<io::watcher>(std::move(made));
          }} {}

world::world(std::uint64_t its_seed) : seed(its_seed), loop(seed, history), bodies(loop) { enter_world(*this); }

world::~world() { leave_world(); }

host& world::add_host(const std::string& name) {
    const std::uint64_t device = hosts_.size() + 1;
    hosts_.push_back(std::unique_ptr<host>(new host{name, disk(device, bodies, history, stream("disk " + name)), {}, {}, false, {}}));
    host& made = *hosts_.back();
    made.disk.wall_ms = [this, &made] { return made.clocks.wall_ms(loop.now()); };
    return made;
}

process& world::start(host& on, const std::string& name) {
    const process_id id = loop.add_process();
    processes_.push_back(std::make_unique<process>(*this, on, id, name));
    note("{} starts as process {} on {}", name, id, on.name);
    if (on.asleep) loop.freeze(id);
    return *processes_.back();
}

void world::kill(process& one) { end(one, false); }

void world::end(process& one, bool power_lost) {
    if (!loop.is_alive(one.id)) return;
    note("{}, process {}, is killed", one.name, one.id);
    loop.kill(one.id);
    one.machine.disk.forget(one.id);
    for (const auto& told : when_killed) told(one, power_lost);
}

void world::put_to_sleep(host& one) {
    if (one.asleep) return;
    one.asleep = one.clocks.monotonic(loop.now());
    for (auto& each : processes_) if (&each->machine == &one) loop.freeze(each->id);
}

void world::wake_up(host& one) {
    if (!one.asleep) return;
    one.clocks.slept += one.clocks.monotonic(loop.now()) - *one.asleep;
    one.asleep.reset();
    for (auto& each : processes_) if (&each->machine == &one) loop.thaw(each->id);
}

void world::lose_power(host& one) {
    note("{} loses power", one.name);
    for (auto& each : processes_) {
        if (&each->machine == &one) end(*each, true);
    }
    one.disk.lose_power();
}

void world::fail(std::string why) {
    note("FAILED: {}", why);
    if (!broken_) broken_ = why;
    throw failure(why);
}

void world::fail_soon(std::string why) {
    loop.post(the_world, [this, why = std::move(why)] { fail(why); });
}

void world::run(const std::function<bool()>& over, io::duration limit) {
    const io::instant until = loop.now() + limit;
    while (!over()) {
        if (!loop.step()) fail("deadlock: nothing is ready and nobody waits for a time to come");
        if (broken_) throw failure(*broken_);  // thrown beneath somebody's coroutine, it may not have come through
        if (loop.now() > until) fail(fmt::format("not over after {} s of virtual time", limit.count() / 1'000'000'000));
    }
}

void world::run(process& who, io::task<void> work, io::duration limit) {
    bool ended = false;
    std::exception_ptr thrown;
    boost::asio::co_spawn(who.env.on, std::move(work), [&](std::exception_ptr what) {
        thrown = what;
        ended = true;
    });
    run([&] { return ended; }, limit);
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace sim
