#include "tests/sim/connection.h"

#include <algorithm>

namespace sim {

namespace {

// How long a sender waits before it sends again what did not get through.
constexpr io::duration send_again = std::chrono::milliseconds(200);
// How long a host takes at the most to be back.
constexpr io::duration reboot = std::chrono::seconds(30);

io::error trouble(io::errc code, std::string_view what) { return {code, io::subject::general, std::string(what)}; }

io::duration nanoseconds(std::uint64_t count) { return io::duration(static_cast<io::duration::rep>(count)); }

// A moment `limit` away from `since`, or never.
io::instant ends_at(io::instant since, io::patience limit) {
    return limit.stall >= io::instant::max() - since ? limit.until : std::min(limit.until, since + limit.stall);
}

}  // namespace

class connection::stream final : public io::byte_stream {
public:
    stream(std::shared_ptr<connection> of, int side) : of_(std::move(of)), side_(side) {}
    ~stream() override { of_->close(side_); }

    io::task<io::result<std::size_t>> read_some(io::byte_span into, io::patience limit) override { return of_->read(side_, into, limit); }
    io::task<io::result<void>> write(io::byte_view first, io::byte_view second, io::patience limit) override {
        return of_->write(side_, first, second, limit);
    }
    void close() override { of_->close(side_); }

private:
    std::shared_ptr<connection> of_;
    int side_;
};

connection::end::end(scheduler& on, const owner& by)
    : who(by.who), readable(by.time, on.executor_of(by.who)), writable(by.time, on.executor_of(by.who)) {}

connection::connection(scheduler& on, std::shared_ptr<const network_habits> habits, prng dice, owner client, owner server, std::function<bool()> cut)
    : on_(on), habits_(std::move(habits)), dice_(dice), cut_(std::move(cut)), ends_{end(on, client), end(on, server)} {
    const auto least = static_cast<std::uint64_t>(habits_->least_latency.count());
    latency_ = nanoseconds(dice_.between(least, std::max(least, static_cast<std::uint64_t>(habits_->most_latency.count()))));
}

std::unique_ptr<io::byte_stream> connection::client_end() { return std::make_unique<stream>(shared_from_this(), 0); }
std::unique_ptr<io::byte_stream> connection::server_end() { return std::make_unique<stream>(shared_from_this(), 1); }

void connection::wake(end& one) {
    one.readable.notify();
    one.writable.notify();
}

io::task<io::result<std::size_t>> connection::read(int side, io::byte_span into, io::patience limit) {
    const auto self = shared_from_this();
    end& mine = ends_[side];
    const io::instant until = ends_at(on_.now(), limit);
    while (true) {
        if (mine.closed) co_return trouble(io::errc::canceled, "closed");
        const std::size_t there = mine.arrived.size() - mine.taken;
        if (there != 0) {
            const std::size_t count = std::min(there, into.size());
            std::copy_n(mine.arrived.begin() + static_cast<std::ptrdiff_t>(mine.taken), count, into.begin());
            mine.taken += count;
            if (mine.taken == mine.arrived.size()) mine.arrived.clear(), mine.taken = 0;
            mine.ahead -= count;
            ends_[1 - side].writable.notify();
            co_return count;
        }
        if (mine.broken) co_return trouble(io::errc::io_failure, "connection reset by peer");
        if (mine.ended) co_return std::size_t{0};
        if (on_.now() >= until) co_return trouble(io::errc::timed_out, "nothing came in time");
        (void)co_await mine.readable.wait(until);
    }
}

io::task<io::result<void>> connection::write(int side, io::byte_view first, io::byte_view second, io::patience limit) {
    const auto self = shared_from_this();
    end& mine = ends_[side];
    end& other = ends_[1 - side];
    accident fate = draw();
    std::size_t until_it = fate == accident::none ? 0 : dice_.below(first.size() + second.size() + 1);
    io::instant moved = on_.now();
    while (true) {
        if (mine.closed) co_return trouble(io::errc::canceled, "closed");
        if (mine.broken) co_return trouble(io::errc::io_failure, "connection reset by peer");
        if (until_it == 0) happen(std::exchange(fate, accident::none), side);
        if (first.empty()) first = std::exchange(second, {});
        if (first.empty()) co_return io::result<void>();
        const std::size_t room = other.ahead < habits_->window ? habits_->window - other.ahead : 0;
        std::size_t count = std::min({first.size(), room, static_cast<std::size_t>(habits_->most_piece)});
        if (fate != accident::none) count = std::min(count, until_it), until_it -= count;
        if (count != 0) {
            send(1 - side, news::bytes, first.first(count));
            first = first.subspan(count);
            moved = on_.now();
            continue;
        }
        const io::instant until = ends_at(moved, limit);
        if (on_.now() >= until) co_return trouble(io::errc::timed_out, "the peer does not take what is written");
        (void)co_await mine.writable.wait(until);
    }
}

connection::accident connection::draw() {
    const auto happens = [this](std::uint64_t rate) { return rate != 0 && dice_.below(1'000'000) < rate; };
    if (happens(habits_->reset)) return accident::reset;
    if (happens(habits_->silent)) return accident::silent;
    return happens(habits_->stalled) ? accident::stalled : accident::none;
}

// To a connection, while that side writes.
void connection::happen(accident what, int side) {
    switch (what) {
        case accident::none: break;
        case accident::reset:
            send(1 - side, news::reset);
            send(side, news::reset);
            break;
        case accident::silent: silent_ = true; break;
        case accident::stalled: pause(1 - side, habits_->longest_stall); break;
    }
}

// What is sent to that side from now on leaves later.
void connection::pause(int side, io::duration longest) {
    end& to = ends_[side];
    to.wire_free = std::max(to.wire_free, on_.now()) + nanoseconds(dice_.below(static_cast<std::uint64_t>(longest.count()) + 1));
}

// As the kernel does it: what the owner has not read is lost, and the peer is told that it was.
void connection::close(int side) {
    end& mine = ends_[side];
    if (std::exchange(mine.closed, true)) return;
    wake(mine);
    send(1 - side, mine.arrived.size() == mine.taken ? news::end : news::reset);
}

void connection::client_dies(bool power_lost) {
    end& dead = ends_[0];
    if (dead.closed) return;
    if (power_lost) {
        ends_[1].coming.clear();
        silent_ = silent_ || dice_.below(2) == 0;
        dead.closed = true;
        pause(1, reboot);
        send(1, news::reset);  // the host is up again, and does not know of it
    } else {
        silent_ = silent_ || dice_.below(1'000'000) < habits_->unheard;
        close(0);
    }
}

void connection::send(int side, news what, io::byte_view data) {
    end& to = ends_[side];
    to.ahead += data.size();
    if (silent_) return;
    const auto on_the_wire = nanoseconds(data.size() * 1'000'000 / std::max<std::uint64_t>(habits_->bytes_per_ms, 1));
    to.wire_free = std::max(to.wire_free, on_.now()) + on_the_wire;
    to.coming.push_back({to.wire_free + latency_ + nanoseconds(dice_.below(static_cast<std::uint64_t>(latency_.count()) + 1)), what, {data.begin(), data.end()}});
    if (to.coming.size() == 1) await_delivery(side);
}

// One piece is awaited at a time, so that none can overtake another.
void connection::await_delivery(int side) {
    const io::instant at = std::max(ends_[side].coming.front().at, on_.now() + nanoseconds(1));
    on_.at(at, the_world, [self = shared_from_this(), side] { self->deliver(side); });
}

void connection::deliver(int side) {
    end& to = ends_[side];
    if (silent_) to.coming.clear();
    if (to.coming.empty()) return;
    if (cut_()) {
        to.coming.front().at = on_.now() + send_again;
    } else {
        piece one = std::move(to.coming.front());
        to.coming.pop_front();
        arrive(side, std::move(one));
    }
    if (!to.coming.empty()) await_delivery(side);
}

void connection::arrive(int side, piece one) {
    end& to = ends_[side];
    if (to.broken) return;
    switch (one.what) {
        case news::bytes:
            // Nobody is there to take it: the sender is told so.
            if (to.closed) return send(1 - side, news::reset);
            io::append(to.arrived, one.data);
            break;
        case news::end: to.ended = true; break;
        case news::reset:
            to.broken = true;
            if (dice_.below(2) == 0) to.arrived.clear(), to.taken = 0;
            break;
    }
    wake(to);
}

}  // namespace sim
