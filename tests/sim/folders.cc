#include "tests/sim/folders.h"

#include <algorithm>

#include "engine/key.h"
#include "tests/sim/folder_draws.h"
#include "tests/sim/hash_bytes.h"

namespace sim {

using namespace std::chrono_literals;

namespace {

constexpr const char* tails[] = {"", "-wal", "-shm"};
constexpr io::duration most_work = std::chrono::hours(1);

}  // namespace

folders::folders(scenario what, std::uint64_t seed)
    : what_(std::move(what)), all_(seed), points_(all_), dice_(all_.stream("folders")), machine_(all_.add_host("machine")),
      checker_(all_.start(all_.add_host("desk"), "checker")), server_(all_), reader_(server_, checker_),
      around_{[this](process& who) -> io::task<io::result<std::unique_ptr<io::object_store>>> { co_return io::result<std::unique_ptr<io::object_store>>(std::make_unique<store>(server_, who)); },
              [this](const station&) { return settings(); }, [this](station&, const engine::event& e) { on_event(e); }},
      station_(all_, machine_, around_, dice_) {}

outcome folders::run() {
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
    for (const auto& one : places_) {
        for (const auto& each : one.lives) out_.commits += each->committed();
        out_.confirmed += one.confirmed.size();
    }
    return out_;
}

engine::options folders::settings() const {
    engine::options out;
    for (const char* each : {"/data", "/other"}) out.targets.push_back({engine::target::what::directory, "", each, what_.stream});
    out.host = machine_.name;
    out.lease = what_.lease;
    out.state_directory = "/state";
    out.lock_directory = "/locks";
    out.who = "the engine of a simulation";
    out.sweep_interval = what_.sweep;
    out.cache_bytes = what_.cache_bytes;
    return out;
}

void folders::set_up() {
    for (const char* each : places) {
        places_.emplace_back();
        places_.back().name = each;
    }
    by_hand([this](process& hand) {
        for (const char* each : {"/data/sub/deep", "/other", "/nursery"}) if (!hand.files.make_directories(each)) all_.fail("no directory");
        // One that cannot be a database by its size, and one that can.
        for (const auto& [path, size] : {std::pair("/data/notes.txt", 700U), std::pair("/data/sub/picture", 1536U)}) {
            const std::string text = content_of(size, 1U << 20U).substr(0, size);
            io::bytes data(text.begin(), text.end());
            data.resize(size, 7);
            if (!io::write_file(hand.files, path, data)) all_.fail("no file");
            bystanders_[path] = data;
        }
    });
    machine_.disk.sync_everything();
    plant(places_[0], std::make_shared<model>(), {});
    machine_.events = what_.events;
    machine_.disk.habits = what_.disk;
    server_.habits = what_.store;
    points_.on_death = [this](const process&) {
        ++out_.deaths;
        station_.supervise();
    };
}

void folders::trouble() {
    begun_ = last_act_ = all_.loop.now();
    station_.start();
    for (const auto& each : what_.mishaps) all_.loop.at(begun_ + each.at, the_world, [this, each] { happen(each); });
    for (const folder_act& each : what_.acts) {
        if (each.at > what_.trouble) break;
        if (begun_ + each.at > all_.loop.now()) wait(begun_ + each.at - all_.loop.now());
        check_up();
        all_.note("{} {}", words(each.kind), places_[each.place].name);
        points_.firing = what_.points;
        perform(each);
        points_.firing = false;  // for weeks they would have it ship its own frames all the time
        last_act_ = all_.loop.now();
    }
    if (begun_ + what_.trouble > all_.loop.now()) wait(begun_ + what_.trouble - all_.loop.now());
}

void folders::calm() {
    all_.note("calm");
    points_.spare();
    server_.habits.down = false;
    server_.habits.rejected = server_.habits.reply_lost = server_.habits.stalled = 0;
    machine_.events.lost_rate = 0;
    what_.mishaps.clear();
    wait(4 * what_.sweep);
}

void folders::on_event(const engine::event& e) {
    using what = engine::event::what;
    all_.note("event {} of {} at TXID {}", static_cast<int>(e.kind), e.stream, e.txid);
    all_.history.remark(all_.loop.now(), e.text);
    points_.reached(fmt::format("event {}", name(e.kind)));
    if (e.kind != what::confirmed) return;
    const auto at = std::ranges::find(places_, e.stream, &place::name);
    if (at == places_.end()) return all_.fail_soon(e.stream + ": nobody has such a database");
    const store_server::object* held = server_.find_end(e.stream, e.txid);
    if (held == nullptr) return all_.fail_soon(fmt::format("TXID {} of {} is confirmed, and no object in the store ends with it", e.txid, e.stream));
    at->confirmed.emplace(e.txid, hash_bytes(held->data));
}

void folders::happen(const mishap& one) {
    using what = mishap::what;
    if (what_.mishaps.empty()) return;  // it is calm
    if (checking_) {
        all_.loop.at(all_.loop.now() + 1min, the_world, [this, one] { happen(one); });
        return;
    }
    all_.note("{}", words(one.kind));
    if (one.kind == what::kill_engine) out_.deaths += station_.kill();
    if (one.kind == what::stop_engine) station_.stop();
    if (one.kind == what::kill_at_point) if (const process* who = station_.running()) points_.doom(who->id);
    if (one.kind != what::store_down) return;
    server_.habits.down = true;
    all_.loop.at(all_.loop.now() + one.lasts, the_world, [this] { server_.habits.down = false; });
}

void folders::perform(const folder_act& act) {
    using what = folder_act::what;
    place& at = places_[act.place];
    switch (act.kind) {
        case what::create:
            if (!at.there) plant(at, std::make_shared<model>(), {});
            write(*at.lives.back());
            break;
        case what::write: if (at.there) write(*at.lives.back()); break;
        case what::remove: if (at.there) remove(at); break;
        case what::replace:
            if (at.there) remove(at);
            plant(at, std::make_shared<model>(), {});
            if (dice_.chance(500)) write(*at.lives.back());
            break;
        case what::rename: if (at.there) move(at); break;
        case what::clash: if (at.there) clash(at); break;
        case what::remove_folder: remove_folder(); break;
        case what::abandon: if (at.there) abandon(at); break;
    }
}

// A new database, or the file of another one, whose history it goes on with.
void folders::plant(place& at, std::shared_ptr<model> truth, const std::string& moved_from) {
    const application_habits& habits = what_.applications[dice_.below(what_.applications.size())];
    const std::size_t number = all_.loop.steps();
    const auto make = [&](const std::string& path) { return std::make_unique<application>(all_, machine_, path, habits, all_.stream(fmt::format("application {} {}", path, number)), truth); };
    at.lives.push_back(make(path(at)));
    application& app = *at.lives.back();
    const bool elsewhere = moved_from.empty() && dice_.chance(600);
    const std::string nursery = "/nursery/new";
    if (elsewhere) {  // made and filled before it gets its name
        const auto first = make(nursery);
        by_hand([&](process&) { first->create(); });
        write(*first);
    }
    by_hand([&](process& hand) {
        if (!hand.files.make_directories(io::parent_of(app.path()))) all_.fail("no directory");
        if (elsewhere || !moved_from.empty()) {
            if (!hand.files.rename(elsewhere ? nursery : moved_from, app.path())) all_.fail("not renamed");
        } else {
            app.create();
        }
    });
    at.there = true;
    at.last.reset();
    at.waited = false;
}

void folders::write(application& by) {
    by.go_on();
    by.start();
    wait(std::chrono::milliseconds(500 + dice_.below(3000)));
    by.stop();
    all_.run([&] { return by.running() == 0; }, most_work);
}

void folders::remove(place& from) {
    if (is_quiet()) from.last = live_state(*from.lives.back());
    by_hand([&](process& hand) { for (const char* tail : tails) (void)hand.files.remove(path(from) + tail); });
    from.there = false;
    from.gone = all_.loop.now();
    int problem = 0;
    from.remembered = machine_.disk.find("/state/sums/" + engine::local_id(reader_.url(), from.name), problem) != nullptr;
}

// The file gets another name in order: everything is in it, and the log stays behind and goes.
void folders::move(place& from) {
    const auto to = std::ranges::find(places_, false, &place::there);
    if (to == places_.end()) return;
    const std::string moved = "/nursery/moved";
    if (is_quiet()) from.last = live_state(*from.lives.back());
    const auto truth = from.lives.back()->shared_truth();
    bool whole = false;
    by_hand([&](process&) {
        sqlite db(path(from));
        whole = db.text("PRAGMA wal_checkpoint(FULL)") == "0";
    });
    if (!whole) return;
    by_hand([&](process& hand) {
        if (!hand.files.rename(path(from), moved)) all_.fail("not renamed");
        for (const char* tail : tails) (void)hand.files.remove(path(from) + tail);
    });
    from.there = false;
    from.gone = all_.loop.now();
    int problem = 0;
    from.remembered = machine_.disk.find("/state/sums/" + engine::local_id(reader_.url(), from.name), problem) != nullptr;
    plant(*to, truth, moved);
}

// Another directory has a database of the same name for a while: too short to be taken for the one that is meant.
void folders::clash(place& with) {
    const std::string there = "/other/" + with.name;
    rivals_.push_back(std::make_unique<application>(all_, machine_, there, what_.applications[0], all_.stream(fmt::format("rival {}", all_.loop.steps()))));
    by_hand([&](process& hand) {
        if (!hand.files.make_directories(io::parent_of(there))) all_.fail("no directory");
        rivals_.back()->create();
    });
    write(*rivals_.back());
    if (dice_.chance(500)) write(*with.lives.back());
    wait(std::chrono::milliseconds(dice_.below(20'000)));
    by_hand([&](process& hand) { for (const char* tail : tails) (void)hand.files.remove(there + tail); });
}

void folders::remove_folder() {
    for (place& each : places_) if (each.there && each.name.starts_with("sub/deep/")) remove(each);
    by_hand([](process& hand) { (void)hand.files.remove("/data/sub/deep"); });
}

// It is removed while commits of it wait for a store that is away.
void folders::abandon(place& one) {
    server_.habits.down = true;
    for (int i = 0; i < 3; ++i) write(*one.lives.back());
    if (dice_.chance(500)) out_.deaths += station_.kill();
    last_act_ = all_.loop.now();  // what it holds is not in the store
    remove(one);
    wait(1min);
    server_.habits.down = false;
}

void folders::by_hand(const std::function<void(process&)>& work) {
    process& hand = all_.start(machine_, "hand");
    bool done = false;
    all_.bodies.start(hand.id, [&] {
        work(hand);
        done = true;
    });
    all_.run([&] { return done; }, most_work);
    all_.kill(hand);
}

void folders::wait(io::duration so_long) {
    const io::instant until = all_.loop.now() + so_long;
    all_.loop.at(until, the_world, [] {});  // if nothing else happens
    all_.run([&] { return all_.loop.now() >= until; }, so_long + most_work);
}

// Nothing has happened for so long that everything must be in step.
bool folders::is_quiet() const {
    const io::instant since = all_.loop.now() - 2 * what_.sweep - 10min;
    const bool hit = std::ranges::any_of(what_.mishaps, [&](const mishap& one) { return begun_ + one.at <= all_.loop.now() && begun_ + one.at + one.lasts >= since; });
    return last_act_ < since && !hit;
}

}  // namespace sim
