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

void store_server::corrupt(const std::string& key) {
    io::bytes& data = objects.at(key).data;
    const std::uint64_t bit = dice.below(data.size() * 8);
    data[bit / 8] = static_cast<std::uint8_t>(data[bit / 8] ^ (1U << (bit % 8)));
    all.note("store: bit {} of {} flips", bit, key);
}

// What becomes of a request.
struct store::fate {
    std::optional<io::instant> served;  // none: never
    io::instant replied;
    std::optional<io::error> instead;   // of the server's answer
};

store::fate store::draw(const std::string& what, bool writes) {
    const store_habits& h = server_.habits;
    prng& dice = server_.dice;
    const io::instant now = server_.all.loop.now();
    const auto latency = [&] {
        const auto least = static_cast<std::uint64_t>(h.least_latency.count());
        return io::duration(static_cast<io::duration::rep>(least + dice.below(static_cast<std::uint64_t>(h.most_latency.count()) - least + 1)));
    };
    const auto happens = [&dice](std::uint64_t rate) { return dice.below(1'000'000) < rate; };
    const io::errc unheard = writes ? io::errc::outcome_unknown : io::errc::timed_out;
    ++server_.calls;
    fate out;
    const io::instant there = now + latency();
    out.replied = there + latency();
    if (h.down) {
        out.instead = as_store(io::errc::io_failure, what + ": the store is down");
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
        out.served = there;
    }
    if (out.instead) ++server_.failed;
    return out;
}

template <class T>
io::task<io::result<T>> store::exchange(std::string what, bool writes, std::function<io::result<T>()> serve) {
    // The server's side owns what it needs: the process may be dead by the time its request arrives.
    auto answer = std::make_shared<std::optional<io::result<T>>>();
    const fate drawn = draw(what, writes);
    world& all = server_.all;
    auto send = [&](auto handler) {
        if (drawn.served) {
            all.loop.at(*drawn.served, the_world, [answer, serve = std::move(serve), what, &all, &server = server_, writes] {
                if (server.habits.down) {
                    *answer = as_store(writes ? io::errc::outcome_unknown : io::errc::io_failure, what + ": the connection broke");
                    return;
                }
                *answer = serve();
                if (writes) all.note("store: {}: {}", what, **answer ? "done" : io::name((**answer).error().code));
            });
        }
        all.loop.at(drawn.replied, who_.id, [answer, instead = drawn.instead, handler = std::move(handler)]() mutable {
            if (instead) *answer = *instead;
            std::move(handler)();
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(send, asio::use_awaitable);
    if (drawn.instead && writes) all.note("store: {}: {} hears {}", what, who_.name, io::name(drawn.instead->code));
    co_return std::move(**answer);
}

io::task<io::result<void>> store::put_if_absent(std::string key, io::bytes data, io::object_attributes attributes) {
    if (auto ok = io::check_key(key); !ok) co_return ok;
    auto serve = [&server = server_, key, data = std::make_shared<io::bytes>(std::move(data)), attributes]() -> io::result<void> {
        if (server.objects.contains(key)) return as_store(io::errc::already_exists, key);
        server.all.history.mix(*data);
        server.objects[key] = {*data, attributes.timestamp_ms};
        return {};
    };
    co_return co_await exchange<void>("put " + key, true, std::move(serve));
}

io::task<io::result<void>> store::put(std::string key, io::bytes data, io::object_attributes attributes) {
    if (auto ok = io::check_key(key); !ok) co_return ok;
    auto serve = [&server = server_, key, data = std::make_shared<io::bytes>(std::move(data)), attributes]() -> io::result<void> {
        server.all.history.mix(*data);
        server.objects[key] = {*data, attributes.timestamp_ms};
        return {};
    };
    co_return co_await exchange<void>("overwrite " + key, true, std::move(serve));
}

// Holds the parts; nothing is in the store before commit().
class store::writer final : public io::object_writer {
public:
    writer(store& of, std::string key, io::object_attributes attributes) : of_(of), key_(std::move(key)), attributes_(attributes) {}

    io::task<io::result<void>> write(io::bytes part) override {
        io::append(data_, part);
        co_return co_await of_.exchange<void>("part of " + key_, false, [] { return io::result<void>(); });
    }
    io::task<io::result<void>> commit() override { return of_.put_if_absent(key_, std::move(data_), attributes_); }

private:
    store& of_;
    std::string key_;
    io::object_attributes attributes_;
    io::bytes data_;
};

io::task<io::result<std::unique_ptr<io::object_writer>>> store::open_writer(std::string key, io::object_attributes attributes) {
    if (auto ok = io::check_key(key); !ok) co_return ok.error();
    auto begun = co_await exchange<void>("begin " + key, false, [] { return io::result<void>(); });
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
    co_return co_await exchange<io::object_info>("head " + key, false, std::move(serve));
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
    co_return co_await exchange<io::bytes>("get " + key, false, std::move(serve));
}

io::task<io::result<std::vector<io::object_info>>> store::list(std::string prefix) {
    auto serve = [&server = server_, prefix = prefix + "/"]() -> io::result<std::vector<io::object_info>> {
        std::vector<io::object_info> out;
        for (auto at = server.objects.lower_bound(prefix); at != server.objects.end() && at->first.starts_with(prefix); ++at) {
            if (at->first.find('/', prefix.size()) == std::string::npos) out.push_back({at->first, at->second.data.size(), at->second.timestamp_ms});
        }
        return out;
    };
    co_return co_await exchange<std::vector<io::object_info>>("list " + prefix, false, std::move(serve));
}

io::task<io::result<std::vector<std::string>>> store::children(std::string prefix) {
    auto serve = [&server = server_, prefix = prefix.empty() ? prefix : prefix + "/"]() -> io::result<std::vector<std::string>> {
        std::set<std::string> out;
        for (auto at = server.objects.lower_bound(prefix); at != server.objects.end() && at->first.starts_with(prefix); ++at) {
            const std::size_t slash = at->first.find('/', prefix.size());
            if (slash != std::string::npos) out.insert(at->first.substr(prefix.size(), slash - prefix.size()));
        }
        return std::vector<std::string>(out.begin(), out.end());
    };
    co_return co_await exchange<std::vector<std::string>>("children of " + prefix, false, std::move(serve));
}

io::task<io::result<void>> store::remove(std::string key) {
    auto serve = [&server = server_, key]() -> io::result<void> {
        server.objects.erase(key);
        return {};
    };
    co_return co_await exchange<void>("remove " + key, true, std::move(serve));
}

}  // namespace sim
