// One run of the scenario directories: an engine watches whole directories for forty days, and applications make, write, remove, replace and
// rename databases in them.
//
// Held: every database that lives is in step within a sweep or two after the last trouble, under the name of its place; what was confirmed of one
// that is gone restores for ever; along a stream's TXIDs the databases that had its place follow each other, and each state is wholly one of
// them; of two that want one name the later is not followed while the first is there; what is remembered of one that is gone stays for
// thirty days and goes then, unless something of it waits for the store; nothing else in the directories is touched.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/sim/points.h"
#include "tests/sim/restoring.h"
#include "tests/sim/simulation.h"

namespace sim {

class folders {
public:
    folders(scenario what, std::uint64_t seed);

    // Never throws: whatever goes wrong is in the outcome.
    outcome run();
    trace& history() { return all_.history; }

private:
    // A stream's name, and the databases that had it, one after the other.
    struct place {
        std::string name;
        std::deque<std::unique_ptr<application>> lives;
        bool there = false;
        io::instant gone{};          // if there was one
        bool remembered = false;     // it was known to the engine when it went
        bool waited = false;         // something of it waited for the store after that
        std::optional<state> last;   // what it held then, if the engine had had the time for it
        std::map<std::uint64_t, std::uint64_t> confirmed;  // TXIDs, and a hash of each's object
    };
    struct moment_of_stream {
        std::size_t life = 0;
        std::uint64_t order = 0;
        friend auto operator<=>(const moment_of_stream&, const moment_of_stream&) = default;
    };

    void set_up();
    void trouble();
    void calm();
    void judge();

    engine::options settings() const;
    void on_event(const engine::event& e);
    void happen(const mishap& what);
    void perform(const folder_act& what);
    void plant(place& at, std::shared_ptr<model> truth, const std::string& moved_from);
    void write(application& by);
    void remove(place& from);
    void move(place& from);
    void clash(place& with);
    void remove_folder();
    void abandon(place& one);
    void by_hand(const std::function<void(process&)>& work);
    void wait(io::duration so_long);
    bool is_quiet() const;
    state live_state(const application& of);

    void check_up();
    void judge_departed(place& of);
    io::task<void> judge_newest(place& of, state wanted);
    io::task<void> judge_history(place& of);
    void judge_rest();
    io::task<restored> restore(place& of, engine::restore_target at);
    std::string path(const place& of) const { return "/data/" + of.name; }

    scenario what_;
    world all_;
    points points_;
    prng dice_;
    host& machine_;
    process& checker_;
    store_server server_;
    store reader_;
    station::surroundings around_;
    station station_;
    std::deque<place> places_;
    std::deque<std::unique_ptr<application>> rivals_;  // never followed
    std::map<std::string, io::bytes> bystanders_;      // files that are no databases, by path
    bool checking_ = false;  // nothing happens meanwhile
    io::instant begun_{};
    io::instant last_act_{};
    outcome out_;
};

}  // namespace sim
