// An object store of the simulated world: linearizable, as S3 is, and as unreliable on the way there. It belongs to no host and goes on when
// processes die: what a killed process sent may still arrive.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "io/object_store.h"
#include "tests/sim/world.h"

namespace sim {

// How the store behaves; may be changed while the world runs. Rates are in 1,000,000 of all calls.
struct store_habits {
    io::duration least_latency = std::chrono::milliseconds(2);
    io::duration most_latency = std::chrono::milliseconds(40);
    bool down = false;                 // nothing is served
    std::uint64_t rejected = 0;        // refused before anything was done: 500, timed out on the way there, throttled
    std::uint64_t denied = 0;          // refused with access_denied
    std::uint64_t reply_lost = 0;      // done, and nobody hears of it
    std::uint64_t stalled = 0;         // the client gives up; a write may be done later all the same, or never
    io::duration patience = std::chrono::seconds(10);  // of a client
};

class store_server {
public:
    struct object {
        io::bytes data;
        std::int64_t timestamp_ms = 0;
    };

    explicit store_server(world& in) : all(in), dice(in.stream("store")) {}

    bool has(const std::string& key) const { return objects.contains(key); }
    // Flips one bit of what is stored: a damage that the store does not know of.
    void corrupt(const std::string& key);

    world& all;
    store_habits habits;
    prng dice;
    std::map<std::string, object> objects;
    std::uint64_t calls = 0;
    std::uint64_t failed = 0;
};

// One process's client of it. Must not outlive the server.
class store final : public io::object_store {
public:
    store(store_server& server, process& who) : server_(server), who_(who) {}

    std::string url() const override { return "sim://store"; }
    io::key_layout layout() const override { return io::key_layout::bucket; }
    io::task<io::result<void>> put_if_absent(std::string key, io::bytes data, io::object_attributes attributes) override;
    io::task<io::result<void>> put(std::string key, io::bytes data, io::object_attributes attributes) override;
    io::task<io::result<std::unique_ptr<io::object_writer>>> open_writer(std::string key, io::object_attributes attributes) override;
    io::task<io::result<io::object_info>> head(std::string key) override;
    io::task<io::result<io::bytes>> get(std::string key, std::uint64_t offset, std::uint64_t length) override;
    io::task<io::result<std::vector<io::object_info>>> list(std::string prefix) override;
    io::task<io::result<std::vector<std::string>>> children(std::string prefix) override;
    io::task<io::result<void>> remove(std::string key) override;

private:
    class writer;
    struct fate;

    // Sends a request, has it served by the server at one instant between now and the reply, and returns the reply, or what the network
    // and the server made of it.
    template <class T>
    io::task<io::result<T>> exchange(std::string what, bool writes, std::function<io::result<T>()> serve);
    fate draw(const std::string& what, bool writes);

    store_server& server_;
    process& who_;
};

}  // namespace sim
