#include "tests/sim/simulation.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "s3/store.h"
#include "tests/sim/metered_store.h"

namespace sim {

using namespace std::chrono_literals;

namespace {

constexpr io::duration most_calm = std::chrono::minutes(30);
constexpr io::duration probe_every = std::chrono::seconds(4);

}  // namespace

simulation::simulation(scenario what, std::uint64_t seed)
    : what_(std::move(what)), all_(seed), points_(all_), dice_(all_.stream("simulation")), machine_(all_.add_host("machine")), desk_(all_.add_host("desk")),
      checker_(all_.start(desk_, "checker")), shared_(machine_.disk, checker_.id),
      shared_env_{checker_.env.on, checker_.time, checker_.random, shared_, checker_.pool, checker_.log, checker_.env.make_watcher}, server_(all_), wires_(all_), s3_(server_, wires_),
      around_{[this](process& who) { return open_metered(who); }, [this](const station& of) { return settings(of); },
              [this](station& from, const engine::event& e) { on_event(from, e); }, [this](process_id who) { return wires_.open_by(who); }},
      owners_(all_, what_.lease, [this](const host& of) {
          return std::ranges::any_of(stations_, [&](const auto& one) { return &one->machine() == &of && one->takes_over(); });
      }) {
    server_.watching = &owners_;
    if (!what_.drifts.empty()) machine_.clocks.drift_ppm = what_.drifts[0];
    stations_.push_back(std::make_unique<station>(all_, machine_, around_, dice_));
    losses_.emplace(all_, *stations_[0], all_.stream("losses"), [this](const std::string& key) { return stored(key); });
    around_.on_end = [this] { losses_->on_end(); };
}

outcome simulation::run() {
    try {
        all_.note("{}", what_.words());
        set_up();
        trouble();
        calm();
        judge();
    } catch (const std::exception& e) {
        out_.failed = e.what();
        all_.history.remark(all_.loop.now(), out_.failed);
    }
    out_.hash = all_.history.hash();
    out_.marks = points_.marks();
    out_.steps = all_.loop.steps();
    out_.virtual_ms = static_cast<std::uint64_t>(all_.loop.now().time_since_epoch().count() / 1'000'000);
    for (const auto& one : streams_) {
        for (const auto& each : one.copies) out_.commits += each.app->committed();
        out_.confirmed += one.confirmed.size();
    }
    return out_;
}

void simulation::set_up() {
    std::vector<std::string> names;
    process& founder = all_.start(machine_, "founder");
    for (std::size_t i = 0; i < what_.applications.size(); ++i) {
        const std::string name = fmt::format("db{}", i + 1);
        streams_.push_back({name, {}, {}, 0});
        auto app = std::make_unique<application>(all_, machine_, "/data/" + name, what_.applications[i], all_.stream("application " + name));
        streams_.back().copies.push_back({*stations_[0], std::move(app), std::make_shared<line>()});
    }
    for (const auto& one : streams_) names.push_back(one.name);
    petitioners_ = std::make_unique<petitioners>(all_, *stations_[0], what_, std::move(names), books());
    bool done = false;
    all_.bodies.start(founder.id, [&] {
        if (!founder.files.make_directories("/data")) all_.fail("no directory");
        for (auto& one : streams_) one.copies[0].app->create();
        done = true;
    });
    all_.run([&] { return done; }, 1min);
    all_.kill(founder);
    machine_.disk.sync_everything();
    machine_.disk.habits = what_.disk;
    machine_.events = what_.events;
    server_.habits = what_.store;
    wires_.habits() = what_.wires;
    s3_.habits = what_.http;
    points_.firing = what_.points;
    points_.on_death = [this](const process& one) {
        ++out_.deaths;
        judge_memory(one.machine);
        for (auto& at : stations_) if (&at->machine() == &one.machine) at->supervise();
    };
}

void simulation::trouble() {
    const io::instant begun = all_.loop.now();
    for (auto& one : stations_) one->start();
    for (auto& one : streams_) {
        for (std::uint64_t i = 0; i < what_.writers; ++i) one.copies[0].app->start();
    }
    flush_sometimes();
    petitioners_->begin();
    expected_ = what_.newcomers.size();
    for (std::size_t i = 0; i < expected_; ++i) all_.loop.at(begun + what_.newcomers[i].at, the_world, [this, i] { expect(i); });
    for (const auto& each : what_.mishaps) all_.loop.at(begun + each.at, the_world, [this, each] { happen(each); });
    io::instant next_probe = begun + probe_every;
    while (all_.loop.now() < begun + what_.trouble) {
        all_.run([&] { return all_.loop.now() >= std::min(next_probe, begun + what_.trouble); }, 1h);
        next_probe = all_.loop.now() + probe_every;
        stream& of = any_stream();
        if (probing_ || of.confirmed.empty()) continue;
        const auto any = std::next(of.confirmed.begin(), static_cast<std::ptrdiff_t>(dice_.below(of.confirmed.size())));
        const auto at = dice_.below(2) == 0 ? engine::restore_target::latest() : engine::restore_target::at_txid(any->first);
        probing_ = true;
        boost::asio::co_spawn(checker_.env.on, probe(of, at), [](std::exception_ptr thrown) { if (thrown) std::rethrow_exception(thrown); });
    }
}

// No fault happens any more: everything must come right by itself.
void simulation::calm() {
    all_.note("calm");
    faults_ = false;
    petitioners_->stop();
    points_.firing = false;
    points_.spare();
    for (auto& one : stations_) {
        host& on = one->machine();
        on.disk.habits.capacity = disk_habits().capacity;
        on.disk.habits.write_errors = on.disk.habits.sync_errors = 0;
        on.disk.habits.sync_time = what_.disk.sync_time;
        on.disk.habits.most_pause = what_.disk.most_pause;
        on.events.lost_rate = 0;
        on.cut_off = false;
        one->thaw();
    }
    server_.habits.down = false;
    server_.habits.rejected = server_.habits.denied = server_.habits.reply_lost = server_.habits.stalled = 0;
    server_.habits.most_per_second = server_.habits.listing_lag = 0;
    server_.habits.faults.clear();
    server_.hold_up_nothing();
    wires_.calm();
    s3_.habits.closes = 0;
    // Whoever mended the store's permissions says so.
    for (auto& at : stations_) for (auto& one : streams_) retry(*at, one.name);
    if (!what_.newcomers.empty()) {
        // Every application goes on for a while: who has lost its stream finds out at last.
        all_.run([&] { return expected_ == 0; }, most_calm);
        const io::instant until = all_.loop.now() + 4 * what_.lease;
        all_.run([&] { return all_.loop.now() >= until; }, most_calm);
    }
    const auto each_copy = [this](auto&& visit) { for (auto& one : streams_) for (auto& its : one.copies) visit(its); };
    each_copy([](copy& one) { one.app->stop(); });
    const auto writing = [&] {
        std::size_t running = 0;
        each_copy([&](copy& one) { running += one.app->running(); });
        return running != 0;
    };
    all_.run([&] { return !writing() && !probing_; }, most_calm);
    all_.note("the applications have ended");
    last_news_ = all_.loop.now();
    // Long enough for a missed event to be made good by the sweep, and for every back-off.
    const io::duration quiet = 2 * what_.sweep + 45s;
    const bool several = !what_.newcomers.empty();
    const auto is_settled = [several](const auto& one) { return one->is_watching() || (several && (one->is_retired() || one->was_refused())); };
    const auto settled = [&] { return std::all_of(stations_.begin(), stations_.end(), is_settled); };
    // Each commit may be an object of its own.
    std::uint64_t commits = 0;
    each_copy([&](copy& one) { commits += one.app->committed(); });
    all_.run([&] { return settled() && all_.loop.now() > last_news_ + quiet; }, most_calm + commits * 1s);
}

engine::options simulation::settings(const station& of) const {
    engine::options out;
    for (const auto& one : streams_) {
        for (const auto& its : one.copies) {
            if (&its.at == &of) out.targets.push_back({engine::target::what::file, one.name, its.app->path(), what_.stream});
        }
    }
    out.host = of.machine().name;
    out.lease = what_.lease;
    out.take_over = of.takes_over();
    out.state_directory = "/state";
    out.lock_directory = "/locks";
    out.who = "the engine of a simulation";
    out.sweep_interval = what_.sweep;
    out.cache_bytes = what_.cache_bytes;
    out.disk_limit = what_.disk_limit;
    out.objects_in_flight = what_.objects_in_flight;
    return out;
}

io::task<io::result<std::unique_ptr<io::object_store>>> simulation::open_store(const io::environment& env, process& who, io::directory_store::access how) {
    using opened = io::result<std::unique_ptr<io::object_store>>;
    if (what_.network) co_return co_await open_s3(env, who, how);
    if (!what_.directory) co_return opened(std::make_unique<store>(server_, who));
    auto made = co_await io::directory_store::open(env, "/store", how);
    if (!made) co_return made.error();
    co_return opened(std::move(*made));
}

// For an engine: what it puts at once stays within its options.
io::task<io::result<std::unique_ptr<io::object_store>>> simulation::open_metered(process& who) {
    auto made = co_await open_store(who.env, who, io::directory_store::access::write);
    const auto on_put = [this, &who](std::size_t now) {
        if (now > what_.objects_in_flight) all_.fail_soon(fmt::format("{}, process {}, puts {} objects at once, and may put {}", who.name, who.id, now, what_.objects_in_flight));
    };
    if (made) *made = std::make_unique<metered_store>(std::move(*made), on_put);
    co_return made;
}

io::task<io::result<std::unique_ptr<io::object_store>>> simulation::open_s3(const io::environment& env, process& who, io::directory_store::access how) {
    const bool writes = how == io::directory_store::access::write;
    s3::store_settings settings;
    settings.where = s3_server::where();
    if (writes) settings.requests.deadline = what_.patience;
    auto made = co_await s3::store::open(env, wires_.of(who), keys_, std::move(settings), writes ? s3::store::access::write : s3::store::access::read);
    if (!made) co_return made.error();
    co_return std::unique_ptr<io::object_store>(std::move(*made));
}

std::string simulation::stored(const std::string& key) const {
    int problem = 0;
    if (const auto file = machine_.disk.find("/store/" + key, problem)) return std::string(io::text_of(file->now.all()));
    const auto at = server_.objects.find(key);
    return at == server_.objects.end() ? std::string() : std::string(io::text_of(at->second.data));
}

// Every second somebody may want to know that what was committed is safe.
void simulation::flush_sometimes() {
    all_.loop.at(all_.loop.now() + 1s, the_world, [this] {
        if (!faults_) return;
        for (const auto& one : stations_) judge_segments(*one);
        stream& of = any_stream();
        copy& its = any_copy(of);
        if (dice_.chance(what_.flush_rate) && !its.at.is_retired()) its.at.ask([this, &of, &its](engine::engine& by) { return flush(by, of, its); });
        flush_sometimes();
    });
}

io::task<void> simulation::flush(engine::engine& by, stream& of, copy& its) {
    const std::uint64_t order = its.app->truth().newest_committed();
    auto durable = co_await by.flush(of.name);
    all_.note("flush of {}: {}", of.name, durable ? fmt::format("TXID {}", *durable) : std::string(io::name(durable.error().code)));
    if (durable && !find_written(of.name, *durable)) all_.fail_soon(fmt::format("a flush of {} returns TXID {}, and no object in the store ends with it", of.name, *durable));
    if (durable) its.its->flushed[*durable] = std::max(its.its->flushed[*durable], order);
}

petitioners::books simulation::books() {
    const auto find = [this](const std::string& name) -> stream& { return *std::ranges::find(streams_, name, &stream::name); };
    return {[find](const std::string& name) -> const application& { return *find(name).copies[0].app; }, [this](const std::string& name) { return chain_of(name); },
            [find](const std::string& name, std::uint64_t txid, std::uint64_t order) {
                auto& known = find(name).copies[0].its->flushed[txid];
                known = std::max(known, order);
            }};
}

void simulation::retry(station& at, std::string name) {
    at.ask([name = std::move(name)](engine::engine& by) -> io::task<void> { (void)co_await by.retry(name); });
}

void simulation::on_event(station& from, const engine::event& e) {
    using what = engine::event::what;
    all_.note("event {} of {} at TXID {}{}", static_cast<int>(e.kind), e.stream, e.txid, stations_.size() == 1 ? "" : " from " + from.machine().name);
    all_.history.remark(all_.loop.now(), e.text);
    points_.reached(fmt::format("event {}", name(e.kind)));
    petitioners_->on_event(e);
    judge_segments(from);
    // One of several hosts may be refused and started anew for ever, and says the same each time: only what is stored is news then.
    if (what_.newcomers.empty() || e.kind == what::confirmed) last_news_ = all_.loop.now();
    if (e.kind == what::halted && !faults_) retry(from, e.stream);
    // With little room on disk an image on its way cannot be kept, and its log is let go: that was told as `detached` before.
    if (e.kind == what::detached && what_.disk_limit != 0) let_go_.insert(e.stream);
    if (e.kind == what::reanchored && what_.is_undisturbed() && let_go_.erase(e.stream) == 0) all_.fail_soon(fmt::format("{} lost continuity, and nothing had happened: {}", e.stream, e.text));
    for (auto& one : streams_) if (one.name == e.stream) on_event_of(one, from, e);
    if (&from == stations_[0].get()) losses_->on_event(e);
}

void simulation::on_event_of(stream& of, station& from, const engine::event& e) {
    using what = engine::event::what;
    copy& its = *copy_on(of, from.machine());
    of.reanchored += e.kind == what::reanchored;
    if (e.kind == what::attached) {
        its.in_step = from.who();
        owners_.on_attached(*from.who(), of.name);
    }
    if (e.kind == what::detached || e.kind == what::halted || e.kind == what::overtaken || e.kind == what::stopped) its.in_step = nullptr;
    if (e.kind == what::spilled) {
        // Of one attach: an object of an earlier process that arrives late, or a point, brings a stream to the next one without a word.
        const bool once = what_.is_undisturbed() && what_.store.listing_lag == 0;
        if (once && its.spilled == from.who()) all_.fail_soon(fmt::format("{} tells again that its log is copied away, and nothing has become durable since", of.name));
        its.spilled = from.who();
    } else if (e.kind == what::confirmed || e.kind == what::detached || e.kind == what::attached || e.kind == what::reanchored) {
        its.spilled = nullptr;
    }
    if (e.kind != what::confirmed) return;
    const auto held = find_written(of.name, e.txid);
    if (!held) return all_.fail_soon(fmt::format("TXID {} of {} is confirmed, and no object in the store ends with it", e.txid, of.name));
    const bool ours = held->by == &from.machine() || clones_.contains(&from.machine()) || owners_.has_sent(of.name, e.txid, from.machine(), held->hash);
    if (!ours) return all_.fail_soon(fmt::format("{} confirms TXID {} of {}, which is {}'s", from.machine().name, e.txid, of.name, held->by->name));
    of.confirmed.emplace(e.txid, held->hash);
    judge_memory(from);
}

void simulation::happen(const mishap& one) {
    if (!faults_ || one.on >= stations_.size()) return;
    station& at = *stations_[one.on];
    host& machine = at.machine();
    all_.note("{} of {}", words(one.kind), machine.name);
    using what = mishap::what;
    switch (one.kind) {
        case what::kill_engine:
            out_.deaths += at.kill();
            judge_memory(machine);
            break;
        case what::stop_engine: at.stop(); break;
        case what::freeze_engine: at.freeze(); break;
        case what::kill_writer: {
            application& app = *any_copy(any_stream()).app;
            if (process* victim = app.one_of_them(dice_)) {
                all_.kill(*victim);
                ++out_.deaths;
                app.start();
            }
            break;
        }
        case what::lose_power: lose_power(at); break;
        case what::store_down: server_.habits.down = true; break;
        case what::disk_slow:
            machine.disk.habits.sync_time = 700ms;
            machine.disk.habits.most_pause = 20ms;
            break;
        case what::rot_local:
            out_.deaths += at.kill();
            machine.disk.rot({"/state/state.db", "/state/sums/", "/state/shadow/", "/state/cache/"});
            break;
        case what::kill_at_point:
            if (!one.point.empty()) points_.doom_at(one.point);
            else if (const process* who = at.running()) points_.doom(who->id);
            break;
        case what::clock_step: machine.clocks.offset_ms += one.amount; break;
        case what::partition:
            machine.cut_off = true;
            wires_.cut(machine);
            break;
        case what::disk_full: machine.disk.habits.capacity = machine.disk.used() + dice_.below(40'000); break;
        case what::disk_errors:
            machine.disk.habits.write_errors = machine.disk.habits.sync_errors = 30'000;
            machine.disk.habits.errors_below = "/state";
            break;
        case what::sleep: all_.put_to_sleep(machine); break;
        case what::lose_files: {
            const auto which = static_cast<loss>(one.amount);
            if (which != loss::keep) out_.deaths += at.kill();
            losses_->happen(which);
            break;
        }
    }
    if (one.lasts.count() != 0) all_.loop.at(all_.loop.now() + one.lasts, the_world, [this, one] { over(one); });
}

void simulation::lose_power(station& at) {
    out_.deaths += at.is_alive();
    all_.lose_power(at.machine());
    judge_store();
    judge_memory(at.machine());
    for (auto& one : streams_) {
        copy* const its = copy_on(one, at.machine());
        if (its == nullptr) continue;
        its->its->went_back = true;
        its->app->power_was_lost();
        if (!at.is_retired()) its->app->start();
    }
    at.supervise();
}

void simulation::over(const mishap& one) {
    station& at = *stations_[one.on];
    host& machine = at.machine();
    all_.note("{} of {}: over", words(one.kind), machine.name);
    using what = mishap::what;
    if (one.kind == what::freeze_engine) at.thaw();
    if (one.kind == what::store_down) server_.habits.down = false;
    if (one.kind == what::partition) {
        machine.cut_off = false;
        wires_.heal(machine);
    }
    if (one.kind == what::disk_full) machine.disk.habits.capacity = disk_habits().capacity;
    if (one.kind == what::disk_slow) {
        machine.disk.habits.sync_time = what_.disk.sync_time;
        machine.disk.habits.most_pause = what_.disk.most_pause;
    }
    if (one.kind == what::disk_errors) machine.disk.habits.write_errors = machine.disk.habits.sync_errors = 0;
    if (one.kind == what::sleep) all_.wake_up(machine);
}

}  // namespace sim
