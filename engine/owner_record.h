// What a store holds of ownership: who owns a stream, and that a host is alive. Small JSON documents, written and read only here;
// README.md describes them. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "io/bytes.h"
#include "io/clock.h"
#include "io/error.h"

namespace engine {

// A longer document is refused unread: bytes.
inline constexpr std::size_t most_owner_document = 16U << 10U;

// Created once, never changed: the owner of a stream from `epoch` on, until there is a record of a higher one.
struct owner_record {
    std::uint64_t epoch = 0;      // 1 and up; the node id of every object that this owner writes
    std::uint64_t writer = 0;     // the identity of its state directory
    std::uint64_t nonce = 0;      // of the process that claimed
    std::string host;             // for people
    std::string who;              // for people: the program and its pid
    std::int64_t claimed_ms = 0;  // for people: ms since 1970, by the claimer's clock
    io::duration lease{};         // how long it may go unseen before another takes over; cut to options.lease's range when read
    std::uint64_t txid = 0;       // for people: where the stream ended then

    friend bool operator==(const owner_record&, const owner_record&) = default;
};

// Replaced by its host each third of a lease. Its content is compared, never its time: that no two hosts agree on.
struct host_beat {
    std::uint64_t writer = 0;   // as above
    std::uint64_t session = 0;  // processes of one state directory count up
    std::uint64_t nonce = 0;    // of the process
    std::uint64_t beat = 0;     // counts up
    bool ended = false;         // nothing will be written by this process any more
    std::uint64_t look = 0;     // not 0: somebody has taken one of this host's streams over, and asks it to look
    std::string host;           // for people, as above
    std::string who;
    std::int64_t written_ms = 0;

    friend bool operator==(const host_beat&, const host_beat&) = default;
};

io::bytes encode(const owner_record& record);
io::bytes encode(const host_beat& beat);

// corrupt (subject::integrity) for what is no such document: no JSON, a field missing or of another type. Unknown fields are left alone.
io::result<owner_record> decode_owner_record(io::byte_view text);
io::result<host_beat> decode_host_beat(io::byte_view text);

// "host-a (flotilla watch, pid 17), since 2026-11-23T08:00:00.123Z".
std::string describe(const owner_record& record);

}  // namespace engine
