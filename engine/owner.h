// The owner of one stream: finds out who it is, claims it, and looks again before a put whenever that could have changed. What follows from
// what it sees is decided in owner_plan. All calls on the event loop's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/heartbeat.h"
#include "engine/neighbours.h"
#include "engine/owner_plan.h"

namespace engine {

class owner {
public:
    // All by reference must outlive this.
    owner(const io::environment& env, io::object_store& store, const options& settings, heartbeat& host, neighbours& others, std::string stream);

    // One listing, and one get if the record is new to us; another one if it is another's. Errors: the store's; corrupt if the newest record cannot
    // be read (not with take_over: it is anybody's then); overtaken if the stream was ours in this process and is not any more.
    io::task<io::result<owner_view>> look();
    // Judges the owner of that view again, after pause().
    io::task<io::result<owner_view>> watch(owner_view last);
    io::duration pause(const owner_view& view) const { return neighbours::pause(view.newest.lease); }

    // Creates the record of `epoch`. busy if another did: decide anew. A lost reply is resolved by reading; if that fails, or nothing is there, the
    // error is one to try again.
    io::task<io::result<void>> claim(std::uint64_t epoch, std::uint64_t txid, const owner_view& from);
    // It is ours under this epoch, as look() has found.
    void keep(std::uint64_t epoch);

    // Before each put of the stream, and before it is said to be ours: at once while the host's beats were confirmed within its lease ever since we
    // looked; else a beat, of one stream for all, and one listing. Errors: overtaken (who has it); the store's, and then nothing may be put.
    io::task<io::result<void>> check();

private:
    io::task<io::result<std::uint64_t>> newest_epoch();
    io::task<io::result<owner_record>> read(std::uint64_t epoch);
    io::error overtaken_by(std::uint64_t epoch, const io::result<owner_record>& record) const;

    const io::environment& env_;
    io::object_store& store_;
    const options& settings_;
    heartbeat& host_;
    neighbours& others_;
    std::string stream_;
    std::uint64_t epoch_ = 0;  // ours; 0: it was never ours in this process
    io::instant looked_ = io::instant::min();
};

}  // namespace engine
