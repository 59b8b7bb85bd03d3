// Who may write a stream, from the store's own books: what each host has sent, when it arrived, and what that says. Knows nothing of the engine but
// the names and the form of what it stores. Each rule that is broken ends the run.
//
// - Objects of one epoch are written by the host that created its record, or by one that goes on as it (a session); never by it again after that.
// - Along TXIDs epochs never go down; and once a host has said that it is in step, nobody ships under an older epoch.
// - Without take_over nobody claims a stream whose owner has shown itself within the lease for all the time that he watched; nor one that
//   somebody else has written after him. Nor does anybody go on as a host that has shown itself so (a copied state directory).
// - Who could not show itself for a lease lists a stream's owners before it puts, and does not put if there is a newer one.
#pragma once

#include <map>
#include <set>
#include <string>

#include "tests/sim/store.h"

namespace sim {

class ownership final : public store_server::witness {
public:
    // `takes_over`: whether the engines of that host are started so.
    ownership(world& in, io::duration lease, std::function<bool(const host&)> takes_over) : all_(in), lease_(lease), takes_over_(std::move(takes_over)) {}

    // An engine says that it is in step with the stream.
    void on_attached(const process& by, const std::string& stream);
    // Whose object is the newest; null: there is none.
    const host* newest_writer(const std::string& stream) const;
    // 0: that host has written none.
    std::uint64_t newest_of(const std::string& stream, const host& by) const;

    // Whether that host has sent an object with those bytes (hash_bytes) under that TXID. Two with one disk may: then it is durable whoever came first.
    bool has_sent(const std::string& stream, std::uint64_t txid, const host& by, std::uint64_t hash) const;

    void on_put(const process& by, const std::string& key, const io::bytes& data) override;
    void on_heard(const process& by, const std::string& key, io::instant sent) override;
    void on_written(const std::string& key, const store_server::object& what) override;
    void on_listed(const process& by, const std::string& prefix) override;

private:
    struct object {
        std::uint64_t epoch = 0;
        const host* by = nullptr;
    };
    struct record {
        std::string writer;
        const host* by = nullptr;
    };
    struct stream {
        std::map<std::uint64_t, object> objects;  // by TXID
        std::map<std::uint64_t, record> records;  // by epoch
        std::map<std::uint64_t, std::vector<const host*>> writers;  // of an epoch's objects, in the order of their first
        std::uint64_t in_step = 0;                // the newest epoch of an engine that was in step
    };
    // Of a state directory.
    struct writer {
        // It was not seen between these; `ended`: it had said that it ends.
        struct silence {
            io::instant from, to;
            bool ended = false;
        };
        std::vector<silence> silences;
        std::set<const host*> hosts;  // on which it began sessions
        const host* newest = nullptr; // on which it began the newest
        io::instant shown{};          // its newest beat
        bool ended = false;
    };

    void on_object(const std::string& name, std::uint64_t txid, const store_server::object& what);
    void on_record(const std::string& name, std::uint64_t epoch, const store_server::object& what);
    void on_session(const std::string& who, const process& by);
    void on_beat(const std::string& who, const store_server::object& what);
    bool may_claim(const writer& from, const process& by) const;
    io::duration lease(int percent) const { return lease_ / 100 * percent; }
    void broken(const std::string& stream, const std::string& why) { all_.fail_soon(stream + ": " + why); }

    world& all_;
    io::duration lease_;
    std::function<bool(const host&)> takes_over_;
    std::map<std::string, stream> streams_;
    std::map<std::string, writer> writers_;            // by identity
    std::map<process_id, io::instant> shown_;          // when the newest beat that a process knows of was sent
    std::map<std::pair<process_id, std::string>, io::instant> listed_;  // when it last saw a stream's owners
    std::map<process_id, std::string> identities_;
    std::map<std::string, std::set<std::pair<std::string, std::uint64_t>>> sent_;  // by key: host and hash
};

}  // namespace sim
