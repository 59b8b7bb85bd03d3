// One TCP connection of the simulated world. What one end writes arrives at the other in pieces, in order, each at an instant later than the
// one before; or the connection breaks, or it goes silent and nobody is told. The client's end belongs to a process; the server's to the world.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "io/network.h"
#include "io/wakeup.h"
#include "tests/sim/prng.h"
#include "tests/sim/scheduler.h"

namespace sim {

// How the wires behave; may be changed while the world runs. Rates are in 1,000,000.
struct network_habits {
    io::duration least_latency = std::chrono::microseconds(200);  // one way
    io::duration most_latency = std::chrono::milliseconds(5);
    std::uint64_t bytes_per_ms = 50'000;                          // of each direction of a connection
    std::uint64_t most_piece = 64U << 10U;                        // bytes that arrive at once; few: many partial reads
    std::uint64_t window = 256U << 10U;                           // bytes that a sender may be ahead of its reader
    // Of names that are resolved and of connects:
    std::uint64_t unresolved = 0;    // no such host, for this once
    std::uint64_t refused = 0;
    std::uint64_t unanswered = 0;    // until the caller gives up
    // Of writes. Somewhere in it,
    std::uint64_t reset = 0;         // the connection breaks: both ends hear of it, and some of what was on its way is lost
    std::uint64_t silent = 0;        // the wire is cut: nothing arrives any more, in neither direction, and nobody hears of it
    std::uint64_t stalled = 0;       // the rest comes after a pause of up to
    io::duration longest_stall = std::chrono::seconds(20);
    // Of connections whose process was killed:
    std::uint64_t unheard = 100'000;  // the peer never hears of it
};

class connection : public std::enable_shared_from_this<connection> {
public:
    // Who has an end, and the clock that it waits by. The clock outlives the connection.
    struct owner {
        process_id who;
        io::clock& time;
    };
    // `cut` tells whether nothing gets through between the two hosts now: what is on its way is sent again until it does.
    connection(scheduler& on, std::shared_ptr<const network_habits> habits, prng dice, owner client, owner server, std::function<bool()> cut);

    // The two ends, once each. They hold the connection.
    std::unique_ptr<io::byte_stream> client_end();
    std::unique_ptr<io::byte_stream> server_end();

    process_id client() const { return ends_[0].who; }
    // The client's process was killed. What its host had of it still arrives, and then the end; or, if the host lost power, nothing any more.
    void client_dies(bool power_lost);
    bool client_closed() const { return ends_[0].closed; }
    bool over() const { return ends_[0].closed && ends_[1].closed; }

private:
    class stream;
    enum class news { bytes, end, reset };
    enum class accident { none, reset, silent, stalled };
    struct piece {
        io::instant at;
        news what;
        io::bytes data;
    };
    // One of both sides, and what is on its way to it.
    struct end {
        end(scheduler& on, const owner& by);
        process_id who;
        io::wakeup readable;
        io::wakeup writable;
        std::deque<piece> coming;
        io::instant wire_free{};      // when the last byte has left the other side
        io::bytes arrived;            // from `taken` on it waits to be read
        std::size_t taken = 0;
        std::uint64_t ahead = 0;      // bytes sent to it and not read by it
        bool ended = false;           // in order
        bool broken = false;
        bool closed = false;          // by its owner
    };

    io::task<io::result<std::size_t>> read(int side, io::byte_span into, io::patience limit);
    io::task<io::result<void>> write(int side, io::byte_view first, io::byte_view second, io::patience limit);
    void close(int side);

    accident draw();
    void happen(accident what, int side);
    void pause(int side, io::duration longest);
    // What is sent to that side.
    void send(int side, news what, io::byte_view data = {});
    void deliver(int side);
    void await_delivery(int side);
    void arrive(int side, piece one);
    void wake(end& one);

    scheduler& on_;
    std::shared_ptr<const network_habits> habits_;
    prng dice_;
    std::function<bool()> cut_;
    io::duration latency_;
    end ends_[2];
    bool silent_ = false;
};

}  // namespace sim
