// An application and its database: real SQLite in processes of its own, writing, rolling back, checkpointing, opening and closing, until it
// is told to stop or is killed. Everything it may have committed is in the model.
#pragma once

#include <memory>
#include <string>

#include "tests/sim/model.h"
#include "tests/sim/world.h"

namespace sim {

// Drawn from the seed. Rates are in 1,000.
struct application_habits {
    std::uint64_t page_size = 4096;
    std::uint64_t most_rows = 60;
    std::uint64_t most_bytes = 1500;       // of a row
    std::uint64_t most_changes = 6;        // of a transaction
    io::duration most_pause = std::chrono::milliseconds(800);
    bool full = false;                     // synchronous=FULL, else NORMAL
    std::uint64_t autocheckpoint = 1000;   // pages
    std::uint64_t cache_pages = 100;       // few: a transaction's pages are in the log before it commits
    std::uint64_t rollback_rate = 50;
    std::uint64_t checkpoint_rate = 30;
    std::uint64_t reopen_rate = 20;        // 1,000: a connection for every transaction
    std::uint64_t vacuum_rate = 5;
    io::duration checkpointer_pause{};     // of another process that does nothing else: checkpointer.cc; 0: there is none
    std::uint64_t reshape_rate = 0;        // leaves WAL mode: reshape.cc

    std::string words() const;
    static application_habits draw(prng& dice);
};

class application {
public:
    // `truth`: what is known of the database so far, if it is a copy.
    application(world& in, host& on, std::string path, application_habits habits, prng dice, std::shared_ptr<model> truth = std::make_shared<model>())
        : all_(in), on_(on), path_(std::move(path)), habits_(habits), dice_(dice), truth_(std::move(truth)) {}

    const std::string& path() const { return path_; }
    const model& truth() const { return *truth_; }
    const std::shared_ptr<model>& shared_truth() const { return truth_; }
    const application_habits& habits() const { return habits_; }

    // From blocking code: makes the database, without a loss of power in mind.
    void create();
    // Another process that writes.
    void start();
    // The host has lost power; all of them are dead.
    void power_was_lost() { if (!habits_.full) truth_->doubt_the_newest(); }
    // All of them end in order; running() is 0 then.
    void stop() { stopping_ = true; }
    void go_on() { stopping_ = false; }
    std::size_t running() const;
    void kill();
    // One that is alive, or null.
    process* one_of_them(prng& dice);
    std::uint64_t committed() const { return committed_; }

private:
    struct writer {
        process* who;
        bool ended = false;
    };
    void write(prng dice, bool& ended);
    void configure(sqlite& db) const;
    void change(sqlite& db, prng& dice) const;
    void transaction(sqlite& db, prng& dice);
    void housekeeping(sqlite& db, prng& dice) const;
    void start_checkpointer();
    void checkpoint(prng dice, bool& ended) const;
    void reshape(sqlite& db, prng& dice) const;
    void come_back(sqlite& db) const;
    void end_in_wal() const;

    world& all_;
    host& on_;
    std::string path_;
    application_habits habits_;
    prng dice_;
    std::shared_ptr<model> truth_;
    std::vector<std::unique_ptr<writer>> writers_;
    std::unique_ptr<writer> checkpointer_;
    bool stopping_ = false;
    std::uint64_t committed_ = 0;
};

}  // namespace sim
