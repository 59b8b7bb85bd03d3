#include "engine/heartbeat.h"

#include <fmt/format.h>

#include "engine/key.h"

namespace engine {

namespace {

constexpr int most_sessions = 8;  // tries to find a free number, each of them after another process took one

}  // namespace

heartbeat::heartbeat(const io::environment& env, io::object_store& store, const options& settings, std::function<void(const io::error&)> on_copied)
    : env_(env), store_(store), settings_(settings), on_copied_(std::move(on_copied)), nonce_(env.dice.next() | 1U), lease_(settings.lease),
      turn_(env.time, env.on, 1), wake_(env.time, env.on), hurry_(env.time, env.on) {}

io::task<io::result<void>> heartbeat::open() {
    const std::uint64_t fresh = env_.dice.next() | 1U;
    const std::int64_t now_ms = env_.time.wall_ms();
    io::result<io::file_identity> place;
    const auto read_it = [&]() -> io::result<writer_identity> {
        auto known = open_identity(env_.files, env_.journal, settings_.state_directory, fresh, now_ms);
        place = place_of(env_.files, settings_.state_directory);
        return known;
    };
    auto known = co_await env_.elsewhere(read_it);
    if (!known) co_return known.error();
    if (!place) co_return place.error();
    self_ = *known;
    moved_ = self_.place != *place;
    self_.place = *place;
    co_return io::result<void>();
}

host_beat heartbeat::document() const {
    return {self_.writer, self_.session, nonce_, beats_, false, 0, settings_.host, settings_.who, env_.time.wall_ms()};
}

// What stands there; a document that cannot be understood is none, for it is overwritten by the next beat.
io::task<io::result<std::optional<host_beat>>> heartbeat::read(std::string key) {
    auto text = co_await store_.get(key, 0, most_owner_document);
    if (!text && text.error().code == io::errc::not_found) co_return std::optional<host_beat>();
    if (!text) co_return text.error();
    auto parsed = decode_host_beat(*text);
    if (!parsed) env_.journal.warning("{}: {}", key, parsed.error().context);
    co_return parsed ? std::optional(*parsed) : std::nullopt;
}

io::error heartbeat::copy_error(const host_beat& other) const {
    return {io::errc::held, io::subject::store,
            fmt::format("another process has run with a copy of the state directory {}, or this host was set back to an earlier time: {} ({}), at {}. If "
                        "that one goes on, remove this copy; to go on here, whatever it has shipped, start with --take-over",
                        settings_.state_directory, other.host, other.who, io::format_time(other.written_ms))};
}

io::task<io::result<void>> heartbeat::begin() {
    if (begun_ || copied_) co_return copied_ ? io::result<void>(*copied_) : io::result<void>();
    const auto mine = co_await turn_.acquire();
    if (begun_ || copied_) co_return copied_ ? io::result<void>(*copied_) : io::result<void>();
    auto begun = co_await begin_session();
    if (!begun && begun.error().code == io::errc::held && !copied_) {
        copied_ = begun.error();
        on_copied_(*copied_);
    }
    if (!begun) co_return begun;
    begun_ = true;
    wake_.notify();
    co_return begun;
}

// A number of our own, higher than all before. Of two processes that go on from the same number (copies), one gets the next.
io::task<io::result<void>> heartbeat::begin_session() {
    auto last = co_await read(host_key(self_.writer));
    if (!last) co_return last.error();
    std::optional<host_beat> other;
    // A number that we wanted and another process got is his, though we wrote it down.
    const bool same = *last && (*last)->session == self_.session && (*last)->nonce == self_.nonce;
    if (*last && (*last)->session >= self_.session && !same) other = **last;
    if (*last && !other && moved_ && !(*last)->ended) {
        auto lives = co_await another_lives(**last);
        if (!lives) co_return lives.error();
        if (*lives) other = **last;
    }
    if (!other) {
        auto taken = co_await take_session();
        if (!taken) co_return taken.error();
        if (*taken) co_return co_await beat();
        auto there = co_await read(session_key(self_.writer, self_.session));
        if (!there) co_return there.error();
        other = there->value_or(host_beat{});
    }
    if (!settings_.take_over) co_return copy_error(*other);
    env_.journal.warning("{}; --take-over: a new identity is drawn", copy_error(*other).context);
    self_ = {env_.dice.next() | 1U, 0, self_.place, 0};
    auto taken = co_await take_session();
    if (!taken) co_return taken.error();
    if (!*taken) co_return io::error{io::errc::busy, io::subject::store, "a new identity is not new"};
    co_return co_await beat();
}

// We may be a copy of a directory whose process runs, or one that was moved after its process had been killed.
io::task<io::result<bool>> heartbeat::another_lives(host_beat last) {
    env_.journal.info("{} has been moved or copied: whether its process still lives takes up to {} s to find out", settings_.state_directory,
                      std::chrono::ceil<std::chrono::seconds>(settings_.lease).count());
    neighbour other;
    while (true) {
        const io::instant begun = env_.time.now();
        auto seen = co_await read(host_key(last.writer));
        if (!seen) co_return seen.error();
        other.on_seen(begun, env_.time.now(), *seen);
        const auto life = other.judge(settings_.lease);
        if (life != neighbour::life::unknown) co_return life == neighbour::life::alive;
        const io::instant again = env_.time.now() + settings_.lease / 12;
        while (!waiting_over_ && env_.time.now() < again) co_await hurry_.wait(again);
        if (waiting_over_) co_return io::error{io::errc::canceled, io::subject::general, "stopped before it was known whether this state directory is a copy"};
    }
}

// The next number is written down, then claimed in the store. False: another process has it.
io::task<io::result<bool>> heartbeat::take_session() {
    for (int i = 0; i < most_sessions; ++i) {
        const writer_identity before = self_;
        ++self_.session;
        self_.nonce = nonce_;
        auto saved = co_await env_.elsewhere([this] { return save_identity(env_.files, settings_.state_directory, self_); });
        if (!saved) co_return saved.error();
        const std::string key = session_key(self_.writer, self_.session);
        auto put = co_await store_.put_if_absent(key, encode(document()), {env_.time.wall_ms()});
        if (!put && put.error().code != io::errc::already_exists && put.error().code != io::errc::outcome_unknown) {
            self_ = before;  // the next try wants the same number: who skips one does not learn that another has it
            co_return put.error();
        }
        std::optional<host_beat> winner = document();
        if (!put) {
            auto there = co_await read(key);
            if (!there) {
                self_ = before;
                co_return there.error();
            }
            winner = *there;
        }
        if (!winner && put.error().code == io::errc::outcome_unknown) continue;  // it never arrived, and may still: that number is not used
        if (!winner || winner->nonce != nonce_) co_return false;
        if (self_.session > 1) (void)co_await store_.remove(session_key(self_.writer, self_.session - 1));
        co_return true;
    }
    co_return io::error{io::errc::io_failure, io::subject::store, "the store's answers are lost again and again"};
}

io::task<io::result<void>> heartbeat::beat() {
    const moment begun = now();
    auto last = co_await read(host_key(self_.writer));
    if (!last) co_return last.error();
    if (*last && (*last)->nonce != nonce_ && (*last)->session >= self_.session) {
        copied_ = copy_error(**last);
        on_copied_(*copied_);
        co_return *copied_;
    }
    if (*last && (*last)->look != 0) lease_.on_told(env_.time.now());
    ++beats_;
    auto put = co_await store_.put(host_key(self_.writer), encode(document()), {env_.time.wall_ms()});
    if (!put) co_return put;
    lease_.on_beat(begun, now());
    co_return put;
}

io::task<void> heartbeat::run() {
    while (!stopping_ && !begun_) co_await wake_.wait();
    io::instant next = env_.time.now() + settings_.lease / 3;
    while (!stopping_) {
        if (env_.time.now() < next) {
            co_await wake_.wait(next);
            continue;
        }
        const auto mine = co_await turn_.acquire();
        if (copied_) co_return;
        auto done = co_await beat();
        if (copied_) co_return;
        if (!done && !failing_) {
            env_.journal.warning("this host cannot show itself in the store, and each stream looks for its owner before it ships: {}", done.error().context);
        }
        failing_ = !done;
        next = env_.time.now() + settings_.lease / 3;
    }
}

void heartbeat::stop_waiting() {
    waiting_over_ = true;
    hurry_.notify();
}

io::task<io::result<void>> heartbeat::reappear() {
    const auto mine = co_await turn_.acquire();
    if (copied_) co_return *copied_;
    if (!lease_.has_lapsed(now())) co_return io::result<void>();  // another stream has done it
    co_return co_await beat();
}

io::task<void> heartbeat::refresh() {
    const auto mine = co_await turn_.acquire();
    if (begun_ && !copied_) (void)co_await beat();
}

void heartbeat::stop() {
    stopping_ = true;
    wake_.notify();
}

// One try: whoever waits for us to be dead then waits a lease.
io::task<void> heartbeat::end() {
    if (!begun_ || copied_ || failing_) co_return;
    host_beat last = document();
    last.beat = ++beats_;
    last.ended = true;
    (void)co_await store_.put(host_key(self_.writer), encode(last), {env_.time.wall_ms()});
}

}  // namespace engine
