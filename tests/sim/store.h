// An object store of the simulated world: linearizable, as S3 is, and as unreliable on the way there. It belongs to no host and goes on when
// processes die: what a killed process sent may still arrive.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "io/object_store.h"
#include "tests/sim/store_faults.h"
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
    std::vector<fault_rate> faults;       // further ones, in the order in which they are drawn
    std::uint64_t most_per_second = 0;    // requests that are served; the others are told to slow down. 0: no limit
    std::uint64_t listing_lag = 0;        // a listing may lack what was created within so many requests before it. S3's never does
};

class store_server {
public:
    struct object {
        io::bytes data;
        std::int64_t timestamp_ms = 0;                           // what its writer gave
        std::vector<std::pair<std::string, std::string>> about;  // user metadata, as it came by HTTP
        std::int64_t modified_ms = 0;                            // by the store's clock
        std::uint64_t version = 0;                               // of all that was ever written, the number of this
        std::uint64_t parts = 0;                                 // that it was uploaded in; 0: at once
        std::uint64_t born = 0;                                  // the number of requests by then
        const process* by = nullptr;                             // whose it is, if that one did not come by HTTP
    };
    // Sees what reaches the store, in that order, and what is sent.
    struct witness {
        virtual ~witness() = default;
        // Is sent in one piece, under a name that must not be taken, and may arrive later.
        virtual void on_put(const process& by, const std::string& key, const io::bytes& data) = 0;
        // Its writer knows that it was done.
        virtual void on_heard(const process& by, const std::string& key, io::instant sent) = 0;
        virtual void on_written(const std::string& key, const object& what) = 0;
        virtual void on_listed(const process& by, const std::string& prefix) = 0;
    };

    explicit store_server(world& in) : all(in), dice(in.stream("store")) {}

    bool has(const std::string& key) const { return objects.contains(key); }
    // Flips one bit of what is stored: a damage that the store does not know of.
    void corrupt(const std::string& key);
    // Creates or replaces.
    void write(const std::string& key, object what);
    // The object of a stream that ends at a TXID, of whichever level; null: there is none.
    const object* find_end(const std::string& stream, std::uint64_t txid) const;
    // Whether a listing that is made now shows an object; `lag` is drawn once a listing.
    bool is_listed(const object& what, std::uint64_t lag) const { return what.born + lag <= calls; }
    std::uint64_t draw_lag() { return habits.listing_lag == 0 ? 0 : dice.below(habits.listing_lag + 1); }
    // What becomes of a request of that kind by habits.faults and habits.most_per_second.
    store_fault draw(request_kind kind);
    // The next object of a stream that a process of that host sends arrives so much later than others; its sender waits no longer than he always does.
    void hold_up(const host& whose, io::duration by) { held_up_ = {&whose, by}; }
    // Nothing that is sent from now on is.
    void hold_up_nothing() { held_up_ = {}; }
    // Whether that is this one; only once.
    io::duration take_held_up(const host& whose, const std::string& key);
    // By the store's own clock.
    std::int64_t wall_ms() const { return wall.wall_ms(all.loop.now()); }

    world& all;
    store_habits habits;
    prng dice;
    std::map<std::string, object> objects;
    std::uint64_t calls = 0;
    std::uint64_t failed = 0;
    host_clocks wall;
    witness* watching = nullptr;

private:
    struct {
        const host* whose = nullptr;
        io::duration by{};
    } held_up_;
    std::uint64_t versions_ = 0;
    std::int64_t second_ = 0;
    std::uint64_t this_second_ = 0;
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
    io::task<io::result<T>> exchange(std::string what, request_kind kind, std::function<io::result<T>()> serve, io::duration held_up = {});
    fate draw(const std::string& what, request_kind kind, io::duration held_up);
    void draw_more(fate& out, const std::string& what, request_kind kind, io::instant there);
    io::task<io::result<void>> publish(std::string key, io::bytes data, io::object_attributes attributes, request_kind kind);

    store_server& server_;
    process& who_;
};

}  // namespace sim
