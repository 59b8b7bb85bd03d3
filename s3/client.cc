#include "s3/client.h"

#include <fmt/format.h>

#include <algorithm>

#include "s3/digest.h"

namespace s3 {

struct client::outcome {
    std::optional<http_response> answer;
    attempt failed;
    credentials used;
};

namespace {

io::peer peer_of(const store_url& where) {
    const server_address server = where.at.connect_to();
    io::peer out{server.host, server.port, std::nullopt};
    if (server.tls) out.tls = io::tls_options{where.ca_file, true};
    return out;
}

// Longer bodies are hashed off the event loop, once for all attempts: this many bytes take 40 us.
constexpr std::size_t most_hashed_here = 64U << 10U;

bool is_server_failure(unsigned status) { return status == 500 || status == 502 || status == 504; }

}  // namespace

client::client(const io::environment& env, io::network& net, credentials_source& keys, store_url where, client_settings settings)
    : env_(env), keys_(keys), where_(std::move(where)), settings_(settings), pool_(env, net, peer_of(where_), settings.pool),
      signer_(where_.at.region), breaker_(breaker_policy{}) {}

// False if the breaker stays open beyond the deadline.
io::task<bool> client::admitted(io::instant until) {
    while (true) {
        const io::instant now = env_.time.now();
        const io::duration wait = breaker_.admit(now);
        if (wait == io::duration::zero()) co_return true;
        if (wait >= until - now) co_return false;
        co_await io::sleep_for(env_.time, wait);
    }
}

io::task<client::outcome> client::try_once(call& what, io::instant& until, bool first) {
    outcome out;
    request_facts asked{what.what, what.key, what.condition, {}, 0};
    auto keys = co_await keys_.get();
    if (!keys) {
        breaker_.abandoned();
        out.failed.what.error = keys.error().within(title(where_, asked));
        co_return out;
    }
    out.used = std::move(*keys);
    const bool conditional = what.condition != write_condition::kind::always;
    const io::duration most_idle = !first ? io::duration::zero() : conditional ? settings_.most_idle_for_conditional : io::duration::max();
    // A burst of calls waits its turn before its time begins to run: that others are served says that the server lives.
    const io::instant asked_for = env_.time.now();
    const io::instant wait_until = first ? until + settings_.queue : until;
    auto lease = co_await pool_.acquire(wait_until, most_idle);
    if (first && lease) until += env_.time.now() - asked_for;
    if (!lease) {
        env_.time.now() < until ? breaker_.failed(env_.time.now(), env_.dice) : breaker_.abandoned();
        out.failed.what.error = judge_lost(where_, asked, lease.error(), false);
        co_return out;
    }
    asked.access_key = out.used.access_key;
    asked.signed_ms = skew_.corrected(env_.time.wall_ms());
    signer_.sign(what.request, out.used, asked.signed_ms, where_.signing);

    http_response answer;
    const exchange_limits limits{{settings_.stall, until}, what.most_body};
    auto ended = co_await lease->connection().exchange(what.request, answer, limits);
    out.failed.reused = lease->reused();
    out.failed.answered = lease->connection().answered();
    if (!ended) {
        // A kept connection that died says nothing of the server.
        out.failed.reused && !out.failed.answered ? breaker_.abandoned() : breaker_.failed(env_.time.now(), env_.dice);
        out.failed.what.error = judge_lost(where_, asked, ended.error(), true);
        if (what.on_broken && answer.head.status / 100 == 2) what.on_broken(what.request, answer);
        co_return out;
    }
    is_server_failure(answer.head.status) ? breaker_.failed(env_.time.now(), env_.dice) : breaker_.answered();
    if (answer.head.status / 100 == 2) {
        out.answer = std::move(answer);
    } else {
        out.failed.what = judge(where_, asked, answer.head, answer.body);
    }
    co_return out;
}

// What a refusal teaches for the next attempt.
void client::heed(const outcome& failed, const next_step& next) {
    if (next.renew_credentials) keys_.refused(failed.used);
    if (next.learn_clock) {
        skew_.learn(*failed.failed.what.server_ms, env_.time.wall_ms());
        env_.journal.warning("{}: this host's clock and the server's differ by {} s; requests are signed with the server's time", where_.text(),
                             skew_.ahead_ms() / 1000);
    }
    env_.journal.debug("{}; the next attempt follows in {} ms", failed.failed.what.error.context, next.wait / std::chrono::milliseconds(1));
}

io::task<io::result<http_response>> client::send(call what) {
    const std::uint64_t size = what.request.body.size() + what.expected_body;
    if (where_.signing == payload_signing::hashed && what.request.body.size() > most_hashed_here) {
        const auto hash = [body = what.request.body] { return to_hex(sha256(body.view())); };
        what.request.body_sha256 = co_await env_.elsewhere(hash);
    }
    io::instant until = env_.time.now() + settings_.deadline + std::chrono::seconds(size / settings_.least_rate);
    std::optional<retry_plan> plan;  // from the first attempt on
    io::error last{io::errc::timed_out, io::subject::store, where_.text() + ": the server has not answered for a while and is not asked for now"};
    unsigned attempts = 0;
    while (true) {
        const bool open = co_await admitted(until);
        if (!open) break;
        outcome made = co_await try_once(what, until, attempts == 0);
        ++attempts;
        if (made.answer) co_return std::move(*made.answer);
        last = made.failed.what.error;
        if (!plan) plan.emplace(settings_.retry, until);
        const next_step next = plan->after(made.failed, env_.time.now(), env_.dice);
        if (next.what == next_step::kind::give_up) break;
        heed(made, next);
        if (next.wait > io::duration::zero()) co_await io::sleep_for(env_.time, next.wait);
    }
    if (attempts > 1) last.context += fmt::format(" (attempt {})", attempts);
    co_return last;
}

}  // namespace s3
