#include "tests/sim/store.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <set>

namespace sim {

namespace {

namespace asio = boost::asio;

io::error as_store(io::errc code, std::string context) { return {code, io::subject::store, std::move(context)}; }

}  // namespace

const store_server::object* store_server::find_end(const std::string& stream, std::uint64_t txid) const {
    const std::string ending = fmt::format("-{:016x}.ltx", txid);
    for (unsigned level = 0; level <= 9; ++level) {
        const std::string prefix = fmt::format("{}/{:04x}/", stream, level);
        for (auto at = objects.lower_bound(prefix); at != objects.end() && at->first.starts_with(prefix); ++at) {
            if (at->first.ends_with(ending) && !at->second.data.empty()) return &at->second;
        }
    }
    return nullptr;
}

void store_server::corrupt(const std::string& key) {
    io::bytes& data = objects.at(key).data;
    const std::uint64_t bit = dice.below(data.size() * 8);
    data[bit / 8] = static_cast<std::uint8_t>(data[bit / 8] ^ (1U << (bit % 8)));
    all.note("store: bit {} of {} flips", bit, key);
}

void store_server::write(const std::string& key, object what) {
    all.history.mix(what.data);
    what.modified_ms = wall_ms();
    what.version = ++versions_;
    what.born = calls;
    object& now = objects[key] = std::move(what);
    if (watching != nullptr && now.by != nullptr) watching->on_written(key, now);
}

store_fault store_server::draw(request_kind kind) {
    for (const auto& each : habits.faults) {
        if (each.of.value_or(kind) == kind && can_happen(each.what, kind) && dice.below(1'000'000) < each.rate) return each.what;
    }
    if (habits.most_per_second == 0) return store_fault::none;
    const std::int64_t now = all.loop.now().time_since_epoch() / std::chrono::seconds(1);
    if (std::exchange(second_, now) != now) this_second_ = 0;
    if (++this_second_ <= habits.most_per_second) return store_fault::none;
    return dice.below(2) == 0 ? store_fault::slow_down : store_fault::too_many;
}

io::duration store_server::take_held_up(const host& whose, const std::string& key) {
    if (held_up_.whose != &whose || key.find("/0000/") == std::string::npos) return {};
    all.note("store: {} is held up on its way", key);
    return std::exchange(held_up_, {}).by;
}

// What becomes of a request.
struct store::fate {
    std::optional<io::instant> served;  // none: never
    io::instant replied;
    std::optional<io::error> instead;   // of the server's answer
};

store::fate store::draw(const std::string& what, request_kind kind, io::duration held_up) {
    const store_habits& h = server_.habits;
    prng& dice = server_.dice;
    const io::instant now = server_.all.loop.now();
    const auto latency = [&] {
        const auto least = static_cast<std::uint64_t>(h.least_latency.count());
        return io::duration(static_cast<io::duration::rep>(least + dice.below(static_cast<std::uint64_t>(h.most_latency.count()) - least + 1)));
    };
    const auto happens = [&dice](std::uint64_t rate) { return dice.below(1'000'000) < rate; };
    const io::errc unheard = is_write(kind) ? io::errc::outcome_unknown : io::errc::timed_out;
    ++server_.calls;
    fate out;
    const io::instant there = now + latency();
    out.replied = there + latency();
    if (h.down || who_.machine.cut_off) {
        out.instead = as_store(io::errc::io_failure, what + ": the store is down");
    } else if (held_up.count() != 0) {
        out.served = there + held_up;
        out.replied = std::min(*out.served + latency(), now + h.patience);
        if (out.replied < *out.served) out.instead = as_store(unheard, what + ": no answer");
    } else if (happens(h.denied)) {
        out.instead = as_store(io::errc::access_denied, what + ": 403");
    } else if (happens(h.rejected)) {
        constexpr io::errc codes[] = {io::errc::io_failure, io::errc::timed_out, io::errc::busy};
        out.instead = as_store(codes[dice.below(3)], what + ": refused, try again");
    } else if (happens(h.reply_lost)) {
        out.served = there;
        out.instead = as_store(unheard, what + ": the reply was lost");
    } else if (happens(h.stalled)) {
        out.replied = now + h.patience;
        out.instead = as_store(unheard, what + ": no answer");
        if (dice.below(2) == 0) out.served = now + io::duration(static_cast<io::duration::rep>(dice.below(3 * static_cast<std::uint64_t>(h.patience.count()))));
    } else {
        draw_more(out, what, kind, there);
    }
    if (out.instead) ++server_.failed;
    return out;
}

void store::draw_more(fate& out, const std::string& what, request_kind kind, io::instant there) {
    const bool fragile = kind == request_kind::create || kind == request_kind::complete;
    const io::errc unclear = fragile ? io::errc::outcome_unknown : io::errc::io_failure;
    const auto refused = [&](io::errc code, std::string_view why) { out.instead = as_store(code, fmt::format("{}: {}", what, why)); };
    const auto done = [&](io::errc code, std::string_view why) {
        out.served = there;
        refused(code, why);
    };
    switch (server_.draw(kind)) {
        case store_fault::none: out.served = there; break;
        case store_fault::request_timeout: refused(io::errc::io_failure, "400"); break;
        case store_fault::denied: refused(io::errc::access_denied, "403"); break;
        case store_fault::no_bucket: refused(io::errc::invalid, "404, no bucket"); break;
        case store_fault::web_page: refused(unclear, "404, a web page"); break;
        case store_fault::conflict: refused(io::errc::busy, "409"); break;
        case store_fault::taken: refused(io::errc::already_exists, "412"); break;
        case store_fault::too_many: refused(io::errc::busy, "429"); break;
        case store_fault::slow_down: refused(io::errc::busy, "503"); break;
        case store_fault::internal_error: refused(unclear, "500"); break;
        case store_fault::bad_gateway: refused(unclear, "502"); break;
        case store_fault::not_implemented: refused(io::errc::unsupported, "501"); break;
        case store_fault::reply_lost: done(is_write(kind) ? io::errc::outcome_unknown : io::errc::io_failure, "the reply was lost"); break;
        case store_fault::untrue_error: done(unclear, "500, and it was done"); break;
        case store_fault::error_in_200: server_.dice.below(2) == 0 ? done(unclear, "an error in a 200") : refused(unclear, "an error in a 200"); break;
        case store_fault::stalled: done(is_write(kind) ? io::errc::outcome_unknown : io::errc::timed_out, "no answer in time"); break;
        case store_fault::truncated: done(is_write(kind) ? unclear : io::errc::io_failure, "half of an answer"); break;
    }
}

template <class T>
io::task<io::result<T>> store::exchange(std::string what, request_kind kind, std::function<io::result<T>()> serve, io::duration held_up) {
    // The server's side owns what it needs: the process may be dead by the time its request arrives.
    auto answer = std::make_shared<std::optional<io::result<T>>>();
    const bool writes = is_write(kind);
    const fate drawn = draw(what, kind, held_up);
    world& all = server_.all;
    auto send = [&](auto handler) {
        if (drawn.served && all.loop.is_alive(who_.id)) {  // else it is dying, and goes on only to its next wait
            all.loop.at(*drawn.served, the_world, [answer, serve = std::move(serve), what, &all, &server = server_, &from = who_.machine, writes] {
                if (server.habits.down || from.cut_off) {
                    *answer = as_store(writes ? io::errc::outcome_unknown : io::errc::io_failure, what + ": the connection broke");
                    return;
                }
                *answer = serve();
                if (writes) all.note("store: {}: {}", what, **answer ? "done" : io::name((**answer).error().code));
            });
        }
        all.loop.at(drawn.replied, who_.id, [answer, instead = drawn.instead, what, &from = who_.machine, writes, handler = std::move(handler)]() mutable {
            if (instead) *answer = *instead;
            else if (from.cut_off) *answer = as_store(writes ? io::errc::outcome_unknown : io::errc::io_failure, what + ": the connection broke");
            std::move(handler)();
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(send, asio::use_awaitable);
    if (drawn.instead && writes) all.note("store: {}: {} hears {}", what, who_.name, io::name(drawn.instead->code));
    co_return std::move(**answer);
}

io::task<io::result<void>> store::publish(std::string key, io::bytes data, io::object_attributes attributes, request_kind kind) {
    if (auto ok = io::check_key(key); !ok) co_return ok;
    store_server::witness* const watching = server_.watching;
    const io::instant sent = server_.all.loop.now();
    auto serve = [&server = server_, key, data = std::make_shared<io::bytes>(std::move(data)), attributes, kind, &by = who_]() -> io::result<void> {
        if (kind != request_kind::put && server.objects.contains(key)) return as_store(io::errc::already_exists, key);
        server.write(key, {*data, attributes.timestamp_ms, {}, 0, 0, 0, 0, &by});
        return {};
    };
    const io::duration held_up = kind == request_kind::create ? server_.take_held_up(who_.machine, key) : io::duration{};
    auto done = co_await exchange<void>((kind == request_kind::put ? "overwrite " : "put ") + key, kind, std::move(serve), held_up);
    if (done && watching != nullptr) watching->on_heard(who_, key, sent);
    co_return done;
}

io::task<io::result<void>> store::put_if_absent(std::string key, io::bytes data, io::object_attributes attributes) {
    if (server_.watching != nullptr) server_.watching->on_put(who_, key, data);
    return publish(std::move(key), std::move(data), attributes, request_kind::create);
}

io::task<io::result<void>> store::put(std::string key, io::bytes data, io::object_attributes attributes) {
    return publish(std::move(key), std::move(data), attributes, request_kind::put);
}

// Holds the parts; nothing is in the store before commit().
class store::writer final : public io::object_writer {
public:
    writer(store& of, std::string key, io::object_attributes attributes) : of_(of), key_(std::move(key)), attributes_(attributes) {}

    io::task<io::result<void>> write(io::bytes part) override {
        io::append(data_, part);
        co_return co_await of_.exchange<void>("part of " + key_, request_kind::part, [] { return io::result<void>(); });
    }
    io::task<io::result<void>> commit() override { return of_.publish(key_, std::move(data_), attributes_, request_kind::complete); }

private:
    store& of_;
    std::string key_;
    io::object_attributes attributes_;
    io::bytes data_;
};

io::task<io::result<std::unique_ptr<io::object_writer>>> store::open_writer(std::string key, io::object_attributes attributes) {
    if (auto ok = io::check_key(key); !ok) co_return ok.error();
    auto begun = co_await exchange<void>("begin " + key, request_kind::begin, [] { return io::result<void>(); });
    if (!begun) co_return begun.error();
    std::unique_ptr<io::object_writer> out = std::make_unique<writer>(*this, std::move(key), attributes);
    co_return out;
}

io::task<io::result<io::object_info>> store::head(std::string key) {
    auto serve = [&server = server_, key]() -> io::result<io::object_info> {
        const auto at = server.objects.find(key);
        if (at == server.objects.end()) return as_store(io::errc::not_found, key);
        return io::object_info{key, at->second.data.size(), at->second.timestamp_ms};
    };
    co_return co_await exchange<io::object_info>("head " + key, request_kind::head, std::move(serve));
}

io::task<io::result<io::bytes>> store::get(std::string key, std::uint64_t offset, std::uint64_t length) {
    auto serve = [&server = server_, key, offset, length]() -> io::result<io::bytes> {
        const auto at = server.objects.find(key);
        if (at == server.objects.end()) return as_store(io::errc::not_found, key);
        const io::bytes& all = at->second.data;
        const std::uint64_t begin = std::min<std::uint64_t>(offset, all.size());
        const std::uint64_t end = begin + std::min<std::uint64_t>(length, all.size() - begin);
        return io::bytes(all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end));
    };
    co_return co_await exchange<io::bytes>("get " + key, request_kind::get, std::move(serve));
}

io::task<io::result<std::vector<io::object_info>>> store::list(std::string prefix) {
    auto serve = [&server = server_, prefix = prefix + "/", &by = who_]() -> io::result<std::vector<io::object_info>> {
        if (server.watching != nullptr) server.watching->on_listed(by, prefix);
        std::vector<io::object_info> out;
        const std::uint64_t lag = server.draw_lag();
        for (auto at = server.objects.lower_bound(prefix); at != server.objects.end() && at->first.starts_with(prefix); ++at) {
            if (!server.is_listed(at->second, lag)) continue;
            if (at->first.find('/', prefix.size()) == std::string::npos) out.push_back({at->first, at->second.data.size(), at->second.timestamp_ms});
        }
        return out;
    };
    co_return co_await exchange<std::vector<io::object_info>>("list " + prefix, request_kind::list, std::move(serve));
}

io::task<io::result<std::vector<std::string>>> store::children(std::string prefix) {
    auto serve = [&server = server_, prefix = prefix.empty() ? prefix : prefix + "/"]() -> io::result<std::vector<std::string>> {
        std::set<std::string> out;
        const std::uint64_t lag = server.draw_lag();
        for (auto at = server.objects.lower_bound(prefix); at != server.objects.end() && at->first.starts_with(prefix); ++at) {
            const std::size_t slash = at->first.find('/', prefix.size());
            if (!server.is_listed(at->second, lag)) continue;
            if (slash != std::string::npos) out.insert(at->first.substr(prefix.size(), slash - prefix.size()));
        }
        return std::vector<std::string>(out.begin(), out.end());
    };
    co_return co_await exchange<std::vector<std::string>>("children of " + prefix, request_kind::list, std::move(serve));
}

io::task<io::result<void>> store::remove(std::string key) {
    auto serve = [&server = server_, key]() -> io::result<void> {
        server.objects.erase(key);
        return {};
    };
    co_return co_await exchange<void>("remove " + key, request_kind::remove, std::move(serve));
}

}  // namespace sim
