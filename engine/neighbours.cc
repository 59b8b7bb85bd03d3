#include "engine/neighbours.h"

#include "engine/key.h"

namespace engine {

namespace {

// A beat that is no document still is a sign of life when it changes: its bytes stand for it.
host_beat stand_in(io::byte_view text) {
    host_beat out;
    out.who = std::string(io::text_of(text));
    return out;
}

}  // namespace

neighbours::neighbours(const io::environment& env, io::object_store& store) : env_(env), store_(store), turn_(env.time, env.on, 1) {}

io::task<io::result<neighbour::life>> neighbours::judge(std::uint64_t identity, io::duration lease) {
    const auto mine = co_await turn_.acquire();
    neighbour& host = known_[identity];
    const io::instant begun = env_.time.now();
    if (host.seen() && begun - *host.seen() < pause(lease)) co_return host.judge(lease);
    auto text = co_await store_.get(host_key(identity), 0, most_owner_document);
    if (!text && text.error().code != io::errc::not_found) co_return text.error().within("is the stream's owner alive?");
    std::optional<host_beat> beat;
    if (text) {
        auto read = decode_host_beat(*text);
        beat = read ? *read : stand_in(*text);
    }
    host.on_seen(begun, env_.time.now(), beat);
    co_return host.judge(lease);
}

io::task<void> neighbours::ask_to_look(std::uint64_t identity) {
    auto text = co_await store_.get(host_key(identity), 0, most_owner_document);
    if (!text) co_return;
    auto beat = decode_host_beat(*text);
    if (!beat || beat->ended) co_return;
    beat->look = env_.dice.next() | 1U;
    (void)co_await store_.put(host_key(identity), encode(*beat), {env_.time.wall_ms()});
}

}  // namespace engine
