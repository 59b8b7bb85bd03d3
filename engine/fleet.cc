#include "engine/fleet.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/buggify.h"

namespace engine {

namespace {

constexpr io::duration state_tick = std::chrono::milliseconds(100);
constexpr io::duration state_retry = std::chrono::seconds(1);
constexpr io::duration state_late = std::chrono::seconds(8);  // of a simulation
constexpr io::duration attached_pause = std::chrono::seconds(1);
constexpr io::duration discovery_pause = std::chrono::milliseconds(200);  // a burst of new files is looked at once
constexpr int discovery_share = 10;  // and looking around takes at most one part of so many of the time
constexpr io::duration missing_directory_retry = std::chrono::seconds(5);
constexpr std::uint64_t least_checkpoint = 64U << 10U;
constexpr std::uint64_t least_memory = 32U << 20U;

}  // namespace

engine::fleet::fleet(const io::environment& env, io::object_store& store, options settings)
    : env_(env), store_(store), settings_(std::move(settings)), requests_(settings_.state_directory), budgets_(env, settings_, store.writer_bytes()),
      drivers_(env.time, env.on),
      helpers_(env.time, env.on), stopped_(env.time, env.on), state_changed_(env.time, env.on), requested_(env.time, env.on),
      look_around_(env.time, env.on), hurry_(env.time, env.on) {
    settings_.excluded.push_back(settings_.state_directory);
}

io::result<void> engine::fleet::check_settings() const {
    const auto check = [](const std::string& name, const stream_options& one) -> io::result<void> {
        const bool sound = one.min_interval.count() >= 0 && one.snapshot_interval.count() >= 0 && one.checkpoint_bytes >= least_checkpoint &&
                           one.batch_bytes > 0 && one.wal_limit > 0;
        if (sound) return {};
        return io::error{io::errc::invalid, io::subject::usage,
                         fmt::format("{}: intervals must not be negative, checkpoint_bytes at least {}, batch_bytes and wal_limit not 0", name,
                                     least_checkpoint)};
    };
    if (settings_.lease < least_lease || settings_.lease > most_lease) {
        return io::error{io::errc::invalid, io::subject::usage, "lease: from 100 ms to one hour"};
    }
    if (settings_.memory_bytes < least_memory || settings_.objects_in_flight == 0) {
        return io::error{io::errc::invalid, io::subject::usage, fmt::format("memory_bytes must be at least {}, objects_in_flight not 0", least_memory)};
    }
    for (const target& one : settings_.targets) {
        if (auto ok = check(one.path, one.settings); !ok) return ok;
    }
    for (const auto& [name, changes] : settings_.overrides) {
        if (auto ok = check(name, changes.over({})); !ok) return ok;
    }
    return {};
}

io::task<io::result<void>> engine::fleet::run() {
    if (auto ok = check_settings(); !ok) co_return ok;
    auto state = co_await state_store::open(env_, settings_.state_directory, store_.url(), settings_.who);
    if (!state) co_return state.error();
    state_ = std::move(*state);
    auto on_copied = [this](const io::error& why) {
        env_.journal.error("{}", why.context);
        if (first_failure_) first_failure_ = why;
        stop();
    };
    heart_ = std::make_unique<heartbeat>(env_, store_, settings_, on_copied);
    others_ = std::make_unique<neighbours>(env_, store_);
    if (auto known = co_await heart_->open(); !known) co_return known;
    auto tell = [this](const event& e) {
        // What waits for the store need not do so until its own pauses are over; of many that come into step one is enough.
        const bool first = e.kind == event::what::attached && env_.time.now() >= told_to_try_ + attached_pause;
        if (first || e.kind == event::what::recovered) try_now();
        if (listener) listener(e);
    };
    if (!state_->damage().empty()) tell({event::what::corruption, {}, 0, state_->damage()});
    shelf_ = std::make_unique<cache_shelf>(env_, *state_, settings_, budgets_);
    departed_ = std::make_unique<departed>(env_, *state_, *shelf_, settings_, store_.url());
    around_.reset(new surroundings{env_, store_, *state_, settings_, tell, [this] { state_changed_.notify(); }, budgets_, *shelf_, *heart_, *others_});
    auto made = env_.make_watcher();
    if (!made) co_return made.error();
    watcher_ = std::move(*made);
    auto prepared = co_await env_.elsewhere([this] { return requests_.prepare(env_.files); });
    if (!prepared) co_return prepared.error();
    watch_directory(requests_.directory());

    auto found = co_await discover_all(true);
    if (!found || stopping_) {
        stop();
        co_await drivers_.join();
        for (auto& [name, one] : by_stream_) one->abandon(found ? io::error{io::errc::canceled, io::subject::general, "the engine stopped"} : found.error());
        co_return found;
    }
    const std::size_t count = by_stream_.size();
    tell({event::what::watching, {}, 0, count == 0 ? "no database yet; waiting for one to appear" : fmt::format("{} database{}", count, count == 1 ? "" : "s")});
    started_ = true;
    for (const auto& [name, one] : by_stream_) begin(one);
    helpers_.spawn(listen());
    helpers_.spawn(sweep());
    helpers_.spawn(keep_state());
    helpers_.spawn(heart_->run());
    helpers_.spawn(answer_requests());
    requested_.notify();
    while (!stopping_) co_await stopped_.wait();
    co_return co_await end();
}

io::task<io::result<void>> engine::fleet::end() {
    for (auto& [name, one] : by_stream_) one->stop();
    co_await drivers_.join();
    watcher_->close();
    requested_.notify();
    look_around_.notify();
    hurry_.notify();
    state_changed_.notify();
    heart_->stop();
    co_await helpers_.join();
    co_await heart_->end();
    auto written = co_await state_->flush();
    if (!first_failure_) co_return first_failure_;
    co_return written;
}

void engine::fleet::stop() {
    stopping_ = true;
    if (heart_) heart_->stop_waiting();
    stopped_.notify();
    for (auto& [name, one] : by_stream_) one->stop();
}

// What let one stream go on may let the others, too: they need not wait until their own pauses are over.
void engine::fleet::try_now() {
    told_to_try_ = env_.time.now();
    for (auto& [name, one] : by_stream_) one->try_now();
}

void engine::fleet::watch_directory(const std::string& directory) {
    auto ok = watcher_->add(directory);
    if (ok) return;
    if (ok.error().code == io::errc::not_found) {
        directory_missing_ = true;
    } else {
        env_.journal.warning("{}: changes here are only seen by the sweep: {}", directory, ok.error().context);
    }
}

void engine::fleet::begin(std::shared_ptr<database> one) { drivers_.spawn(follow(std::move(one))); }

io::task<io::result<void>> engine::fleet::discover_all(bool strict) {
    directory_missing_ = false;
    std::set<std::string> seen;
    bool complete = true;
    for (const target& one : settings_.targets) {
        if (!strict && one.kind == target::what::file) continue;
        auto found = co_await env_.elsewhere([&] { return discover(env_.files, one, settings_.excluded); });
        if (!found) {
            if (strict) co_return found.error();
            env_.journal.warning("{}", found.error().context);
            directory_missing_ = true;
            complete = false;
            continue;
        }
        if (one.kind == target::what::file) file_directories_.insert(found->directories.begin(), found->directories.end());
        for (const auto& directory : found->directories) watch_directory(directory);
        for (auto& each : found->found) {
            if (stopping_) co_return io::result<void>();
            seen.insert(each.path);
            if (auto ok = co_await adopt(std::move(each), strict); !ok) co_return ok;
        }
    }
    // Again and again: one that was removed and made anew is another directory, and needs another watch.
    for (const auto& directory : file_directories_) watch_directory(directory);
    if (complete) std::erase_if(tried_, [&](const auto& one) { return !seen.contains(one.first); });
    co_return io::result<void>();
}

// Two files want one name. True if the candidate gets it: at the start, when nothing is followed yet, if both were found in directories
// and the other one only looks like a database.
io::task<io::result<bool>> engine::fleet::settle_clash(const candidate& found, bool strict) {
    const std::shared_ptr<database> known = by_stream_.at(found.name);
    const io::error clash{io::errc::invalid, io::subject::usage,
                          fmt::format("{} and {} would both be the stream \"{}\"; name one of them with NAME=PATH", known->path(), found.path,
                                      found.name)};
    if (strict && found.named) co_return clash;
    if (strict) {
        database other(*around_, found);
        auto opened = co_await other.open();
        if (!opened && opened.error().code == io::errc::not_a_database) co_return false;
        opened = co_await known->open();
        if (opened || opened.error().code != io::errc::not_a_database) co_return clash;
        known->abandon(opened.error());
        by_path_.erase(known->path());
        by_stream_.erase(found.name);
        co_return true;
    }
    std::string& told = tried_[found.path];
    if (told != clash.context) env_.journal.error("{}; {} is not followed", clash.context, found.path);
    told = clash.context;
    co_return false;
}

io::task<io::result<void>> engine::fleet::adopt(candidate found, bool strict) {
    const auto same_path = by_path_.find(found.path);
    if (same_path != by_path_.end() && !same_path->second.expired()) {
        const auto known = same_path->second.lock();
        if (strict && found.named && known->stream() != found.name) {
            co_return io::error{io::errc::invalid, io::subject::usage,
                                fmt::format("{} is named twice, as \"{}\" and as \"{}\"", found.path, known->stream(), found.name)};
        }
        co_return io::result<void>();
    }
    if (by_stream_.contains(found.name)) {
        auto settled = co_await settle_clash(found, strict);
        if (!settled) co_return settled.error();
        if (!*settled) co_return io::result<void>();
    }
    if (const auto own = settings_.overrides.find(found.name); own != settings_.overrides.end()) {
        found.settings = own->second.over(found.settings);
    }
    if (!found.named) {
        auto size = co_await env_.elsewhere([&] { return env_.files.status(found.path); });
        if (!size || stopping_) co_return io::result<void>();
        std::string looks = fmt::format("{} bytes at {}", size->size, size->modified_ms);
        std::string& looked_at = tried_[found.path];
        if (looked_at == looks) co_return io::result<void>();
        looked_at = std::move(looks);
    }
    const bool must_open = found.named;
    auto one = std::make_shared<database>(*around_, std::move(found));
    if (must_open) {
        if (auto ok = co_await one->open(); !ok) co_return ok;
    }
    by_stream_[one->stream()] = one;
    by_path_[one->path()] = one;
    if (started_) begin(one);
    co_return io::result<void>();
}

io::task<void> engine::fleet::follow(std::shared_ptr<database> one) {
    auto end = co_await one->run();
    if (end) co_return;
    const bool refused = end.error().code == io::errc::held && end.error().about == io::subject::store;
    const bool stopped = stopping_ || refused;
    if (!stopped) {  // a file in a watched directory that only looked like a database, or is there no more
        by_stream_.erase(one->stream());
        by_path_.erase(one->path());
        if (end.error().code != io::errc::not_found) co_return;
        tried_.erase(one->path());
        look_around_.notify();  // in case it came back meanwhile
        co_return;
    }
    env_.journal.error("{}: {}", one->stream(), end.error().context);
    if (first_failure_) first_failure_ = end.error().within(one->stream());
    if (refused) stop();
}

void engine::fleet::on_events(const std::vector<io::watch_event>& events) {
    for (const auto& e : events) {
        if (e.kind == io::watch_event::what::overflow) {
            env_.journal.warning("inotify's queue overflowed: looking at everything");
            for (auto& [name, one] : by_stream_) one->on_change();
            look_around_.notify();
            requested_.notify();
            continue;
        }
        if (e.directory == requests_.directory()) {
            requested_.notify();
            continue;
        }
        if (e.kind == io::watch_event::what::lost) {
            for (auto& [path, one] : by_path_) {
                if (const auto here = one.lock(); here && io::parent_of(path) == e.directory) here->on_change();
            }
            look_around_.notify();
            continue;
        }
        const auto at = by_path_.find(io::join(e.directory, database_of(e.name)));
        const auto one = at == by_path_.end() ? nullptr : at->second.lock();
        if (one) {
            one->on_change();
        } else {
            look_around_.notify();
        }
    }
}

io::task<void> engine::fleet::listen() {
    while (!stopping_) {
        const auto events = co_await watcher_->next();
        if (events.empty()) break;
        on_events(events);
    }
    if (!stopping_) env_.journal.error("the kernel's file events have ended: changes are only seen by the sweep from now on");
}

io::task<void> engine::fleet::sweep() {
    io::instant next_sweep = env_.time.now() + settings_.sweep_interval;
    while (!stopping_) {
        const io::instant sooner = env_.time.now() + missing_directory_retry;
        const bool asked = co_await look_around_.wait(directory_missing_ ? std::min(next_sweep, sooner) : next_sweep);
        if (stopping_) co_return;
        const io::instant begun = env_.time.now();
        if (!asked && begun >= next_sweep) {
            next_sweep = begun + settings_.sweep_interval;
            for (auto& [name, one] : by_stream_) one->on_change();
            requested_.notify();
        }
        const bool was_missing = directory_missing_;
        (void)co_await discover_all(false);
        const auto is_followed = [this](const std::string& stream) { return by_stream_.contains(stream); };
        if (!asked && co_await departed_->look(is_followed)) state_changed_.notify();
        if (was_missing && !directory_missing_) {
            for (auto& [name, one] : by_stream_) one->on_change();
        }
        const io::duration pause = std::max(discovery_pause, (env_.time.now() - begun) * discovery_share);
        while (!stopping_ && env_.time.now() < begun + pause) co_await hurry_.wait(begun + pause);
    }
}

io::task<void> engine::fleet::keep_state() {
    bool failing = false;
    while (!stopping_) {
        co_await state_changed_.wait();
        auto ok = co_await state_->flush();
        if (!ok && !failing) {
            around_->tell({event::what::disk_low, {}, 0,
                           fmt::format("state.db cannot be written: {}; shipping goes on, and a restart would catch up from the store; trying "
                                       "again", ok.error().context)});
        }
        if (ok && failing) around_->tell({event::what::recovered, {}, 0, "state.db is written again"});
        failing = !ok;
        if (failing) state_changed_.notify();  // the rows are still marked
        const io::duration pause = io::buggify("state.late") ? state_late : failing ? state_retry : state_tick;
        if (!stopping_) co_await io::sleep_for(env_.time, pause);
    }
}

io::task<void> engine::fleet::answer_requests() {
    while (!stopping_) {
        co_await requested_.wait();
        auto asked = co_await env_.elsewhere([this, now = env_.time.now()] { return requests_.pending(env_.files, now); });
        if (!asked) {
            env_.journal.warning("{}: {}", requests_.directory(), asked.error().context);
            continue;
        }
        for (auto& one : *asked) {
            if (!stopping_ && answering_.insert(one.id).second) helpers_.spawn(answer(std::move(one)));
        }
    }
}

// On its own, so that a stream whose store hangs does not keep the others' requests waiting.
io::task<void> engine::fleet::answer(request_box::request one) {
    auto outcome = co_await carry_out(one);
    auto answered = co_await env_.elsewhere([&] { return requests_.answer(env_.files, one, outcome); });
    if (!answered) env_.journal.warning("{}: {}", requests_.directory(), answered.error().context);
    answering_.erase(one.id);
}

io::task<io::result<request_box::reply>> engine::fleet::carry_out(request_box::request one) {
    using kind = request_box::kind;
    if (one.what == kind::compare) {
        auto compared = co_await compare(one.stream);
        if (!compared) co_return compared.error();
        co_return request_box::reply{compared->txid, compared->text()};
    }
    io::result<std::uint64_t> txid =
        io::error{io::errc::unsupported, io::subject::usage, "the watch does not know this request; it runs another version of flotilla"};
    if (one.what == kind::snapshot) txid = co_await snapshot(one.stream);
    if (one.what == kind::sync) txid = co_await flush(one.stream);
    if (one.what == kind::retry) txid = co_await retry(one.stream);
    if (!txid) co_return txid.error();
    co_return request_box::reply{*txid, ""};
}

io::result<std::shared_ptr<database>> engine::fleet::find(const std::string& stream) const {
    const auto at = by_stream_.find(stream);
    if (at != by_stream_.end()) return at->second;
    return io::error{io::errc::not_found, io::subject::usage, fmt::format("no stream \"{}\" is followed here", stream)};
}

io::task<io::result<std::uint64_t>> engine::fleet::snapshot(std::string stream) {
    const auto one = find(stream);
    if (!one) co_return one.error();
    co_return co_await (*one)->snapshot();
}

io::task<io::result<std::uint64_t>> engine::fleet::flush(std::string stream) {
    const auto one = find(stream);
    if (!one) co_return one.error();
    co_return co_await (*one)->flush();
}

io::task<io::result<std::uint64_t>> engine::fleet::retry(std::string stream) {
    const auto one = find(stream);
    if (!one) co_return one.error();
    co_return co_await (*one)->retry();
}

io::task<io::result<live_comparison>> engine::fleet::compare(std::string stream) {
    const auto one = find(stream);
    if (!one) co_return one.error();
    co_return co_await (*one)->compare();
}

std::vector<memo> engine::fleet::status() const {
    std::vector<memo> out;
    for (const auto& [name, one] : by_stream_) out.push_back(one->status());
    return out;
}

}  // namespace engine
