// Other processes of a host that ask its engine for something through the request box, as the commands of the program do: each asks once, waits as
// long as it likes, and may be killed meanwhile. Every answer is held against the applications' books and the store's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/live_compare.h"
#include "engine/request_box.h"
#include "tests/sim/chain.h"
#include "tests/sim/inert.h"
#include "tests/sim/scenario.h"
#include "tests/sim/station.h"

namespace sim {

class petitioners {
public:
    struct books {
        std::function<const application&(const std::string& stream)> writer_of;
        // What the store has of a stream now.
        std::function<chain(const std::string& stream)> chain_of;
        // An answer named this TXID: the transaction of that order, and all before, must be in it.
        std::function<void(const std::string& stream, std::uint64_t txid, std::uint64_t order)> promised;
    };
    // All by reference must outlive this.
    petitioners(world& in, station& of, const scenario& what, std::vector<std::string> streams, books held);

    // Until stop(): now and then somebody asks for something.
    void begin();
    void stop() { asking_ = false; }
    void on_event(const engine::event& e);
    // When nothing fails and nobody writes any more, and the engine runs: everything that is asked is answered, nobody's files are left, and a page that
    // goes bad on the disk is found (scenario::flip).
    void judge();

private:
    using kind = engine::request_box::kind;
    using answered = io::result<engine::request_box::reply>;
    struct petition {
        kind what = kind::sync;
        std::string stream;
        std::uint64_t order = 0;  // of the newest transaction that was certainly committed when it was made
        bool heard = false;       // nothing fails, and the engine ran: it must be answered
        std::optional<answered> answer;
    };

    void somebody_asks();
    std::shared_ptr<petition> send(kind what, const std::string& stream, io::duration patience, bool heard, process& who);
    io::task<void> wait(process& who, std::shared_ptr<petition> one, io::duration patience);
    void judge_answer(const petition& one);
    void judge_comparison(const petition& one, const chain& stored);
    // Asks when nothing fails, and returns the answer.
    answered ask(kind what, const std::string& stream);
    engine::request_box::reply must_get(kind what, const std::string& stream);
    engine::live_comparison compare(const std::string& stream);
    void judge_box();
    void judge_flip();
    void judge_snapshot_of(const std::string& stream, const engine::live_comparison& damaged);
    void restart();
    void checkpoint(const std::string& stream);

    world& all_;
    station& of_;
    const scenario& what_;
    const std::vector<std::string> streams_;
    const books held_;
    prng dice_;
    bool asking_ = false;
    std::string flipped_;                              // the stream of which a page went bad
    std::map<std::string, std::uint64_t> corruptions_;  // events, by stream
    std::map<std::string, std::uint64_t> reanchored_;
};

}  // namespace sim
