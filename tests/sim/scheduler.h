// The event loop of a simulated world: one thread, virtual time, and of everything that is ready a seeded choice. Coroutines of several
// processes run on it; a process can be frozen and thawed, and killed, which is what SIGKILL does: nothing of it runs any more, no destructor
// either. What a killed process leaves (coroutines, buffers, SQLite's connections) stays in memory until the program ends: nobody may run it,
// so nobody may destroy it.
//
// Asio's rules that this rests on (Boost 1.81): blocking.possibly runs inline inside the loop, as io_context does, because co_spawn's
// cancellation handler relies on it; a timer or socket of Asio's own must never be made on it, for it would start a real reactor.
#pragma once

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "io/clock.h"
#include "io/task.h"
#include "tests/sim/prng.h"
#include "tests/sim/trace.h"

namespace sim {

// 0 is the world itself: networks, stores and disks go on when a process dies.
using process_id = std::uint32_t;
inline constexpr process_id the_world = 0;

class scheduler final : public boost::asio::execution_context {
public:
    class executor_type;
    // Where a timer is kept; unique for ever.
    using timer_key = std::pair<io::instant, std::uint64_t>;

    scheduler(std::uint64_t seed, trace& history);
    ~scheduler();

    process_id add_process();
    io::executor executor_of(process_id who);
    void kill(process_id who);
    bool is_alive(process_id who) const { return processes_[who].alive; }
    bool is_frozen(process_id who) const { return processes_[who].frozen; }
    // Operations of its that wait: for their turn, for a time, to be thawed.
    std::size_t pending(process_id who) const;
    // Operations that become ready while a process is frozen run when it is thawed.
    void freeze(process_id who) { processes_[who].frozen = true; }
    void thaw(process_id who);
    // Whose operation runs now; the_world between operations.
    process_id running() const { return running_; }

    io::instant now() const { return now_; }
    std::uint64_t steps() const { return steps_; }

    // Runs `f` as `who` in some later step of this instant.
    template <class F>
    void post(process_id who, F&& f) { ready(make_op(who, std::forward<F>(f))); }
    // Runs `f` as `who` when `when` has come; instant::max() is never.
    template <class F>
    timer_key at(io::instant when, process_id who, F&& f) {
        const timer_key key{std::max(when, now_), sequence_++};
        timers_.emplace(key, make_op(who, std::forward<F>(f)));
        return key;
    }
    // Makes a timer's operation ready now; nothing if it is ready or has run already.
    void hurry(const timer_key& key);
    // Calls `then` once when everything that this instant brings has run, before time passes. No operation: it shifts no choice.
    void when_still(std::function<void()> then) { still_.push_back(std::move(then)); }

    // One operation. False: nothing is ready and no timer will ever be, so whoever still waits waits for ever.
    bool step();
    // So many steps without any time passing are a loop that never ends: step() throws std::runtime_error.
    std::uint64_t most_steps_an_instant = 2'000'000;

private:
    struct op {
        explicit op(process_id whose) : who(whose) {}
        virtual ~op() = default;
        virtual void run() = 0;
        process_id who;
    };
    template <class F>
    struct op_of final : op {
        template <class G>
        op_of(process_id whose, G&& g) : op(whose), f(std::forward<G>(g)) {}
        void run() override { std::move(f)(); }
        F f;
    };
    template <class F>
    static std::unique_ptr<op> make_op(process_id who, F&& f) { return std::make_unique<op_of<std::decay_t<F>>>(who, std::forward<F>(f)); }

    struct process_state {
        bool alive = true;
        bool frozen = false;
        std::vector<std::unique_ptr<op>> held;  // while frozen
    };

    void ready(std::unique_ptr<op> one) { ready_.push_back(std::move(one)); }
    bool advance();
    void tell_still();
    static void bury(std::unique_ptr<op> one);

    prng dice_;
    trace& history_;
    std::vector<process_state> processes_;
    std::vector<std::unique_ptr<op>> ready_;
    std::map<timer_key, std::unique_ptr<op>> timers_;
    std::vector<std::function<void()>> still_;
    io::instant now_{};
    std::uint64_t sequence_ = 0;
    std::uint64_t steps_ = 0;
    std::uint64_t steps_this_instant_ = 0;
    process_id running_ = the_world;
    bool inside_ = false;
    int depth_ = 0;
};

class scheduler::executor_type {
public:
    executor_type(scheduler& on, process_id who, bool never = false) noexcept : on_(&on), who_(who), never_(never) {}

    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept { return *on_; }
    boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) const noexcept {
        if (never_) return boost::asio::execution::blocking.never;
        return boost::asio::execution::blocking.possibly;
    }
    executor_type require(boost::asio::execution::blocking_t::never_t) const noexcept { return {*on_, who_, true}; }
    executor_type require(boost::asio::execution::blocking_t::possibly_t) const noexcept { return {*on_, who_, false}; }

    template <class F>
    void execute(F&& f) const {
        constexpr int most_depth = 16;
        if (never_ || !on_->inside_ || on_->running_ != who_ || on_->depth_ == most_depth) return on_->post(who_, std::forward<F>(f));
        ++on_->depth_;
        std::decay_t<F> now(std::forward<F>(f));
        std::move(now)();
        --on_->depth_;
    }

    friend bool operator==(const executor_type& a, const executor_type& b) noexcept {
        return a.on_ == b.on_ && a.who_ == b.who_ && a.never_ == b.never_;
    }

private:
    scheduler* on_;
    process_id who_;
    bool never_;
};

}  // namespace sim
