// Whether other hosts live, by their beats in the store. One watch a host, however many of its streams are asked about. All calls on
// the event loop's thread.
#pragma once

#include <cstdint>
#include <map>

#include "engine/lease_state.h"
#include "io/environment.h"
#include "io/object_store.h"
#include "io/semaphore.h"

namespace engine {

class neighbours {
public:
    // Both must outlive this.
    neighbours(const io::environment& env, io::object_store& store);

    // Reads its beat, if that was not done in the last pause(lease), and judges. unknown: ask again after pause(lease); it takes at most a
    // lease until it is one or the other. Errors: the store's; a beat that cannot be read is no sign of death. A beat that makes no
    // sense counts as one that changed whenever its bytes do.
    io::task<io::result<neighbour::life>> judge(std::uint64_t identity, io::duration lease);
    static io::duration pause(io::duration lease) { return lease / 12; }

    // Asks a host to look whether its streams are still its own, before it ships again. Best effort: without it the host learns so from the
    // first put that collides.
    io::task<void> ask_to_look(std::uint64_t identity);

private:
    const io::environment& env_;
    io::object_store& store_;
    io::semaphore turn_;  // one read at a time: who comes second finds it done
    std::map<std::uint64_t, neighbour> known_;  // bound: identities that own a stream of ours
};

}  // namespace engine
