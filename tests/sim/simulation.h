// One run: the production engine follows databases that real SQLite writes, everything breaks as the scenario says, then all faults end, and
// what the engine promised is checked against the applications' own books.
//
// Safety, during the run and after it: a TXID that was confirmed restores to a state that its application committed, for ever the same;
// what is restored later is not older; the store has what was confirmed; what a flush acknowledged is in the TXID that it named. Liveness, when the faults are over: every stream catches up in bounded
// virtual time, its newest state is what the database holds, the engine ends when it is asked to, and leaves no file open behind.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/restore_plan.h"
#include "io/directory_store.h"
#include "tests/sim/application.h"
#include "tests/sim/chain.h"
#include "tests/sim/losses.h"
#include "tests/sim/ownership.h"
#include "tests/sim/petitioners.h"
#include "tests/sim/points.h"
#include "tests/sim/s3_keys.h"
#include "tests/sim/s3_server.h"
#include "tests/sim/scenario.h"
#include "tests/sim/station.h"
#include "tests/sim/store.h"

namespace sim {

// Plain bytes: they travel from process to process.
struct counts {
    std::uint64_t hash = 0;
    std::uint64_t steps = 0;
    std::uint64_t virtual_ms = 0;
    std::uint64_t commits = 0;
    std::uint64_t confirmed = 0;
    std::uint64_t restored = 0;
    std::uint64_t deaths = 0;  // processes killed
};

struct outcome : counts {
    std::string failed;           // empty: nothing was found
    std::set<std::string> marks;  // what was reached (points.h)
};

class simulation {
public:
    simulation(scenario what, std::uint64_t seed);

    // Never throws: whatever goes wrong is in the outcome.
    outcome run();
    trace& history() { return all_.history; }

private:
    // What became of one database, on whichever host it was; a copy that is written to beside it goes its own way.
    struct line {
        std::map<std::uint64_t, state> restored;         // what each TXID was found to be
        std::map<std::uint64_t, std::uint64_t> flushed;  // by TXID: the order of a transaction that a flush said is in it
        bool went_back = false;                          // by a loss of power
    };
    // A database on a host.
    struct copy {
        station& at;
        std::unique_ptr<application> app;
        std::shared_ptr<line> its;
        const process* in_step = nullptr;  // which engine has said so last, and nothing else since
        const process* spilled = nullptr;  // which has told that it copies its log away, and of nothing durable since
    };
    // What is known of a stream, beside its applications' models.
    struct stream {
        std::string name;
        std::deque<copy> copies;                           // never removed
        std::map<std::uint64_t, std::uint64_t> confirmed;  // TXIDs, and what the store held of each at that moment
        std::uint64_t reanchored = 0;                      // events
    };
    struct written {
        std::uint64_t hash;
        const host* by;
    };

    void set_up();
    void trouble();
    void calm();
    void judge();

    io::task<io::result<std::unique_ptr<io::object_store>>> open_store(const io::environment& env, process& who, io::directory_store::access how);
    io::task<io::result<std::unique_ptr<io::object_store>>> open_metered(process& who);
    io::task<io::result<std::unique_ptr<io::object_store>>> open_s3(const io::environment& env, process& who, io::directory_store::access how);
    std::string stored(const std::string& key) const;
    void flush_sometimes();
    io::task<void> flush(engine::engine& by, stream& of, copy& its);
    void retry(station& at, std::string name);
    petitioners::books books();
    stream& any_stream() { return streams_[dice_.below(streams_.size())]; }
    copy& any_copy(stream& of) { return of.copies[of.copies.size() == 1 ? 0 : dice_.below(of.copies.size())]; }
    copy* copy_on(stream& of, const host& machine);
    std::optional<written> find_written(const std::string& name, std::uint64_t txid);
    void judge_store();
    chain chain_of(const std::string& name);
    bool have_clocks_of_their_own() const;
    void judge_chains();
    io::task<void> judge_times(stream& of);
    void on_event(station& from, const engine::event& e);
    void on_event_of(stream& of, station& from, const engine::event& e);
    void lose_power(station& at);
    void happen(const mishap& what);
    void over(const mishap& what);

    void expect(std::size_t newcomer);
    void make_room(std::size_t newcomer);
    void arrive(std::size_t newcomer, bool instead);
    void set_up(const newcomer& one, station& here);
    void start_writers(station& here);
    engine::options settings(const station& of) const;

    io::task<void> probe(stream& of, engine::restore_target at);
    io::task<std::optional<io::error>> restore(stream& of, engine::restore_target at, std::uint64_t& txid, state& found);
    void judge_state(stream& of, std::uint64_t txid, const state& found, const std::string& broken);
    void judge_line(line& its, const model& truth, std::uint64_t txid, const state& found, const std::function<void(const std::string&)>& wrong);
    state live_state(copy& of);
    io::task<void> judge_stream(stream& of, state live);
    bool has_lost_one(station& of);
    copy* winner(stream& of);
    void judge_other(stream& of, copy& one);
    void judge_memo(const std::string& who, const engine::memo& one);
    void judge_memory(const host& machine);
    void judge_memory(station& at);
    void judge_end_of(const host& machine, const std::vector<std::string>& in_step);
    void judge_end(station& one);
    void judge_files(const host& machine);
    io::task<void> judge_rot(stream& of);
    io::task<void> judge_times_beside_a_hole(stream& of);
    void judge_segments(const station& at);
    void judge_leftovers();
    void describe(station& one);

    scenario what_;
    world all_;
    points points_;
    prng dice_;
    host& machine_;
    host& desk_;        // where restores are made
    process& checker_;
    file_system shared_;          // the machine's disk, as the desk sees it
    io::environment shared_env_;
    store_server server_;
    network wires_;
    s3_server s3_;
    s3_keys keys_;
    std::deque<stream> streams_;
    station::surroundings around_;
    std::vector<std::unique_ptr<station>> stations_;
    ownership owners_;
    std::optional<losses> losses_;  // of the first host's engine
    std::unique_ptr<petitioners> petitioners_;
    std::set<const host*> clones_;  // have the state directory of another one, and go on as it
    std::map<const host*, io::instant> looked_;  // looked up only: what its engine remembers
    std::size_t expected_ = 0;  // newcomers that are not there yet
    bool faults_ = true;
    io::instant last_news_{};
    bool probing_ = false;
    std::set<std::string> let_go_;  // streams that said that they cannot hold their log
    outcome out_;
};

}  // namespace sim
