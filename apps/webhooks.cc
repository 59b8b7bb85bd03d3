#include "apps/webhooks.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/task_group.h"
#include "ltx/file_name.h"
#include "s3/http_connection.h"

namespace apps {

namespace {

constexpr io::duration longest_pause_at_exit = std::chrono::milliseconds(500);
constexpr std::uint64_t most_answer = 64U << 10U;  // bytes; nobody reads them

}  // namespace

// One webhook and what waits for it.
struct webhooks::line {
    line(const io::environment& env, webhook to) : target(std::move(to)), wake(env.time, env.on) {}

    struct waiting_event {
        happening what;
        io::instant since;
    };
    webhook target;
    std::deque<waiting_event> waiting;
    io::wakeup wake;
    std::uint64_t dropped = 0;  // since the last delivery
    bool failing = false;
};

struct webhooks::delivery {
    std::string id;
    std::vector<happening> some;
    io::instant since;
};

webhooks::webhooks(const io::environment& env, io::network& net, std::vector<webhook> to, std::string host, webhook_limits limits)
    : env_(env), net_(net), host_(std::move(host)), limits_(limits) {
    for (auto& one : to) lines_.push_back(std::make_unique<line>(env, std::move(one)));
}

webhooks::~webhooks() = default;

void webhooks::tell(const engine::event& one) {
    happening what{env_.time.wall_ms(), one};
    if (what.what.text.size() > limits_.text) what.what.text = what.what.text.substr(0, limits_.text) + "...";
    for (const auto& to : lines_) {
        if (!to->target.events.contains(one.kind)) continue;
        if (to->waiting.size() == limits_.queue) {
            to->waiting.pop_front();
            drop(*to, 1, "too many wait");
        }
        to->waiting.push_back({what, env_.time.now()});
        to->wake.notify();
    }
}

void webhooks::stop() {
    if (stopping_) return;
    stopping_ = true;
    stop_by_ = env_.time.now() + limits_.at_exit;
    for (const auto& to : lines_) to->wake.notify();
}

io::task<void> webhooks::run() {
    io::task_group all(env_.time, env_.on);
    for (const auto& to : lines_) all.spawn(serve(*to));
    co_await all.join();
}

io::task<void> webhooks::serve(line& to) {
    while (true) {
        if (!to.waiting.empty()) {
            co_await deliver(to, take(to));
        } else if (stopping_) {
            break;
        } else {
            co_await to.wake.wait();
        }
    }
    if (to.dropped > 0) env_.journal.error("{}: {} events were not delivered", to.target.name(), to.dropped);
}

// What came of one kind in a row: order holds, and a storm is few requests.
webhooks::delivery webhooks::take(line& from) {
    delivery out{ltx::hex16(env_.dice.next()), {}, from.waiting.front().since};
    const auto kind = from.waiting.front().what.what.kind;
    while (!from.waiting.empty() && from.waiting.front().what.what.kind == kind && out.some.size() < limits_.at_once) {
        out.some.push_back(std::move(from.waiting.front().what));
        from.waiting.pop_front();
    }
    return out;
}

// Told when it begins, and in numbers when something is delivered again, or at the end.
void webhooks::drop(line& from, std::size_t number, const std::string& why) {
    if (from.dropped == 0) env_.journal.warning("{}: events are dropped: {}", from.target.name(), why);
    from.dropped += number;
}

io::task<void> webhooks::deliver(line& to, delivery what) {
    io::backoff ceiling(limits_.retry);
    std::string why = "too old";
    while (true) {
        const io::instant until = stopping_ ? std::min(what.since + limits_.patience, stop_by_) : what.since + limits_.patience;
        if (env_.time.now() >= until) break;
        const std::string body = webhook_body(what.id, host_, what.some, to.dropped);
        const webhook_verdict got = co_await attempt(to.target, body, until);
        if (got.what == webhook_verdict::kind::delivered) {
            if (to.dropped > 0) env_.journal.warning("{}: {} events were not delivered", to.target.name(), to.dropped);
            if (to.failing) env_.journal.info("{}: delivers again", to.target.name());
            to.dropped = 0;
            to.failing = false;
            co_return;
        }
        why = got.why;
        if (got.what == webhook_verdict::kind::refused) break;
        if (!to.failing) env_.journal.warning("{}: {}; trying again", to.target.name(), why);
        to.failing = true;
        co_await pause(to, std::max(ceiling.next(env_.dice), got.at_least.value_or(io::duration::zero())));
    }
    drop(to, what.some.size(), why);
}

// stop() ends it, and makes further ones short.
io::task<void> webhooks::pause(line& to, io::duration wait) {
    const bool was_stopping = stopping_;
    const io::instant again = env_.time.now() + (was_stopping ? std::min(wait, longest_pause_at_exit) : std::min(wait, limits_.patience));
    while (env_.time.now() < again && stopping_ == was_stopping) co_await to.wake.wait(again);
}

io::task<webhook_verdict> webhooks::attempt(const webhook& to, const std::string& body, io::instant until) {
    const io::instant end = std::min(until, env_.time.now() + limits_.attempt);
    io::peer server{to.server.host, to.server.port, std::nullopt};
    if (to.server.tls) server.tls = io::tls_options{to.ca_file, true};
    s3::http_response answer;
    auto stream = co_await net_.connect(std::move(server), end);
    if (!stream) co_return judge_webhook(answer.head, stream.error(), env_.time.wall_ms());
    s3::http_connection connection(std::move(*stream));
    const s3::http_request request = webhook_request(to, body, env_.time.wall_ms());
    auto ended = co_await connection.exchange(request, answer, {{limits_.attempt, end}, most_answer});
    co_return judge_webhook(answer.head, ended, env_.time.wall_ms());
}

}  // namespace apps
