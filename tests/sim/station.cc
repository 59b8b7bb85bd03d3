#include "tests/sim/station.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "tests/sim/ending.h"

namespace sim {

using namespace std::chrono_literals;

std::string_view name(engine::event::what kind) {
    constexpr std::string_view names[] = {"watching", "attached", "confirmed", "snapshot", "handed_off", "reanchored", "detached", "failing", "stopped", "spilled",
                                          "wal_over_limit", "disk_low", "upload_failed", "halted", "overtaken", "corruption", "recovered", "took_over"};
    return names[static_cast<int>(kind)];
}

void station::start() {
    restart_planned_ = false;
    ++lives_;
    life_ = std::make_shared<life>(all_.start(machine_, "engine"), std::exchange(insists_, false));
    boost::asio::co_spawn(life_->who.env.on, live(life_), [](std::exception_ptr thrown) { if (thrown) std::rethrow_exception(thrown); });
}

io::task<void> station::live(std::shared_ptr<life> one) {
    auto client = co_await around_.open_store(one->who);
    if (client) {
        engine::engine running(one->who.env, **client, around_.settings(*this));
        one->engine = &running;
        running.on_event([this, one](const engine::event& e) {
            if (!all_.loop.is_alive(one->who.id)) return;  // it is dying: what it says nobody hears
            if (e.kind == engine::event::what::watching) one->watching = true;
            around_.on_event(*this, e);
        });
        auto end = co_await running.run();
        one->engine = nullptr;
        while (one->calls != 0) co_await io::sleep_for(one->who.time, 1ms);
        one->ended = end;
    } else {
        one->ended = client.error();
    }
    if (client) client->reset();
    all_.note("engine, process {}: ended, {}", one->who.id, one->ended->has_value() ? std::string_view("well") : io::name(one->ended->error().code));
    refused_ = !one->ended->has_value() && one->ended->error().code == io::errc::held;
    if (!one->ended->has_value()) all_.history.remark(all_.loop.now(), one->ended->error().context);
    judge(*one);
    around_.on_end();
    all_.loop.post(the_world, [this] { supervise(); });
}

// It has ended in order: what only a killed process may leave is not there.
void station::judge(const life& one) {
    if (const std::size_t open = around_.connections(one.who.id); open != 0) all_.fail_soon(fmt::format("the engine ended and left {} connections open", open));
    when_ended(all_, one.who, [this](const std::string& left) { if (!left.empty()) all_.fail("the engine ended and left " + left); });
}

void station::supervise() {
    if (!life_ || retired_ || restart_planned_ || (is_alive() && !life_->ended)) return;
    restart_planned_ = true;
    all_.loop.at(all_.loop.now() + std::chrono::milliseconds(dice_.below(3000)), the_world, [this] { if (!retired_) start(); });
}

bool station::kill() {
    const bool alive = is_alive();
    if (alive) all_.kill(life_->who);
    supervise();
    return alive;
}

void station::stop() {
    if (!is_alive() || life_->engine == nullptr) return;
    all_.loop.post(life_->who.id, [one = life_] { if (one->engine != nullptr) one->engine->stop(); });
}

void station::freeze() {
    if (!is_alive()) return;
    all_.loop.freeze(life_->who.id);
    frozen_.push_back(life_);
}

void station::thaw() {
    if (machine_.asleep) return;  // everything is, when that wakes up
    for (const auto& one : std::exchange(frozen_, {})) all_.loop.thaw(one->who.id);
}

void station::ask(work what) {
    if (is_alive() && life_->engine != nullptr) boost::asio::co_spawn(life_->who.env.on, carry_out(life_, std::move(what)), boost::asio::detached);
}

io::task<void> station::carry_out(std::shared_ptr<life> one, work what) {
    if (one->engine == nullptr) co_return;
    ++one->calls;
    co_await what(*one->engine);
    --one->calls;
}

}  // namespace sim
