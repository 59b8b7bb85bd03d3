// A host that runs an engine, as whoever looks after it sees it: the engine has one life after another, each a process of its own; it is stopped,
// killed and frozen, started again when it has ended or died, and asked for things while it runs.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "engine/engine.h"
#include "tests/sim/world.h"

namespace sim {

// For people, and for marks.
std::string_view name(engine::event::what kind);

class station {
public:
    // What a station needs to know of the world around it.
    struct surroundings {
        std::function<io::task<io::result<std::unique_ptr<io::object_store>>>(process& who)> open_store;
        std::function<engine::options(const station& of)> settings;
        std::function<void(station& from, const engine::event& what)> on_event;
        // Connections of a process that are open.
        std::function<std::size_t(process_id who)> connections = [](process_id) { return std::size_t{0}; };
        std::function<void()> on_end = [] {};  // of a life, by itself
    };
    using work = std::function<io::task<void>(engine::engine&)>;

    // All by reference must outlive this; `dice`: how long a restart takes. `takes_over`: each of its engines is started so.
    station(world& in, host& on, const surroundings& around, prng& dice, bool takes_over = false)
        : all_(in), machine_(on), around_(around), dice_(dice), takes_over_(takes_over) {}

    host& machine() const { return machine_; }
    bool takes_over() const { return takes_over_ || (life_ && life_->takes_over); }
    // The next life is started so.
    void insist() { insists_ = true; }
    void start();
    // Starts it again, a while after it has ended or died.
    void supervise();
    // SIGKILL. False: there was nothing to kill.
    bool kill();
    // In order: it drains first.
    void stop();
    // Nothing is started any more.
    void retire() { retired_ = true; }
    void freeze();
    // Whichever life it was that was frozen.
    void thaw();

    bool is_retired() const { return retired_; }
    // How many there were, the newest included.
    std::size_t lives() const { return lives_; }
    // The newest life's process; null before the first.
    const process* who() const { return life_ ? &life_->who : nullptr; }
    bool is_alive() const { return life_ && all_.loop.is_alive(life_->who.id); }
    // Null if it is dead.
    const process* running() const { return is_alive() ? &life_->who : nullptr; }
    bool is_watching() const { return life_ && life_->watching; }
    // How the newest life ended, if it has.
    const std::optional<io::result<void>>& ended() const { return life_->ended; }
    // The newest life that has ended did so because others have its streams.
    bool was_refused() const { return refused_; }
    // Nothing of it runs any more.
    bool is_over() const { return !is_alive() || life_->ended; }
    // Null while none runs.
    engine::engine* engine() const { return life_ ? life_->engine : nullptr; }
    // Does something with the engine as its own process, if it runs; the engine ends after that.
    void ask(work what);

private:
    struct life {
        life(process& its, bool insists) : who(its), takes_over(insists) {}
        process& who;
        bool takes_over;
        engine::engine* engine = nullptr;  // while it runs
        std::size_t calls = 0;             // of others into it: they end before it does
        bool watching = false;
        std::optional<io::result<void>> ended;
    };
    io::task<void> live(std::shared_ptr<life> one);
    void judge(const life& one);
    static io::task<void> carry_out(std::shared_ptr<life> one, work what);

    world& all_;
    host& machine_;
    const surroundings& around_;
    prng& dice_;
    std::shared_ptr<life> life_;
    std::vector<std::shared_ptr<life>> frozen_;
    bool takes_over_;
    bool insists_ = false;
    std::size_t lives_ = 0;
    bool refused_ = false;
    bool retired_ = false;
    bool restart_planned_ = false;
};

}  // namespace sim
