// The wires of the simulated world: who listens where, who is connected, and what is cut off. io::network for each process.
//
//   network wires(world);
//   wires.listen("s3.sim", 9000, {.up = [] { return true; }, .serve = [](auto stream) -> io::task<void> { ... }});
//   wires.of(process).connect({"s3.sim", 9000, std::nullopt}, deadline)
//
// TLS is not simulated: who asks for it is refused (invalid).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "io/network.h"
#include "tests/sim/connection.h"
#include "tests/sim/world.h"

namespace sim {

struct listener {
    // Whether it accepts connections now: else they are refused, or get no answer.
    std::function<bool()> up;
    // Runs in the world, once for each connection, until it returns.
    std::function<io::task<void>(std::unique_ptr<io::byte_stream>)> serve;
};

class network {
public:
    explicit network(world& in);
    ~network();
    network(const network&) = delete;
    network& operator=(const network&) = delete;

    network_habits& habits();
    void listen(const std::string& host, std::uint16_t port, listener who);
    // Nothing gets through between that host and any listener until it is healed; what was sent meanwhile arrives then.
    void cut(const host& from);
    void heal(const host& from);
    // No accident happens any more, everything is healed and carries whatever applications write; what broke stays so.
    void calm();
    // A process's view of it, which lives as long as the network. It must not be used after the network's end.
    io::network& of(process& who);
    // Connections of which an end is open.
    std::size_t open() const;
    // Those of which a process has its end open.
    std::size_t open_by(process_id who) const;
    std::uint64_t connects() const;

private:
    struct state;
    class client;
    // Connections outlive the network where a killed process holds them.
    std::shared_ptr<state> state_;
    std::map<process_id, std::unique_ptr<client>> clients_;
};

}  // namespace sim
