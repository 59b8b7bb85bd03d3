// The store: named objects, which never change once they are there, but for those few that are written with put(). Keys are UTF-8 text with '/' between parts, never beginning or ending with '/', without
// empty, "." or ".." parts and without NUL; other keys are errc::invalid.
//
// The primitive that everything relies on is create-if-absent: of several writers of one key exactly one succeeds, an object is
// seen whole or not at all, and once put() says so it survives a crash of the store's host. No call repeats a write by itself.
//
// Errors of every call: subject::store; io_failure, timed_out (try again), access_denied, read_only, no_space; others below.
// Cancellation: calls run to their end. All calls on the event loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/bytes.h"
#include "io/error.h"
#include "io/task.h"

namespace io {

struct object_info {
    std::string key;
    std::uint64_t size = 0;          // bytes
    std::int64_t timestamp_ms = 0;   // what the writer gave as the object's time, ms since 1970; from list() it may be the store's own
};

// What a writer says of an object beside its bytes. Litestream reads the time from the file's mtime or from user metadata.
struct object_attributes {
    std::int64_t timestamp_ms = 0;
    // What an open writer of it may hold in memory, bytes: obeyed as far as the size of its parts allows. 0: writer_bytes().
    std::uint64_t memory_bytes = 0;
};

// How keys of a Litestream replica are spelt in this store.
enum class key_layout {
    directory,  // <path>/ltx/<level in decimal>/<min>-<max>.ltx
    bucket,     // <path>/<level as %04x>/<min>-<max>.ltx
};

// An object being written in pieces. Nothing is visible before commit(). Destroying it earlier leaves nothing that a reader
// could see; what is left behind of it (a temporary) is cleared by the store's next opening.
class object_writer {
public:
    virtual ~object_writer() = default;
    // Appends. After an error only destruction is allowed.
    virtual task<result<void>> write(bytes part) = 0;
    // Publishes the object under its key. already_exists if the key is taken, by then or before; outcome_unknown if the reply was
    // lost: read the object back to learn whose it is.
    virtual task<result<void>> commit() = 0;
};

class object_store {
public:
    virtual ~object_store() = default;

    // For messages: "file:///backup".
    virtual std::string url() const = 0;
    virtual key_layout layout() const = 0;
    // The most that an open writer holds in memory beside the part that write() brings, bytes.
    virtual std::uint64_t writer_bytes() const { return 0; }

    // Creates the object durably if the key is free. Errors as object_writer::commit.
    virtual task<result<void>> put_if_absent(std::string key, bytes data, object_attributes attributes) = 0;
    // Creates the object or replaces it, whole and durably. For the few small objects that change: what a reader sees while it happens is one
    // of both. After an error, outcome_unknown included, either may be there; doing it again is safe.
    virtual task<result<void>> put(std::string key, bytes data, object_attributes attributes) = 0;
    virtual task<result<std::unique_ptr<object_writer>>> open_writer(std::string key, object_attributes attributes) = 0;

    // not_found if there is none.
    virtual task<result<object_info>> head(std::string key) = 0;
    // The bytes [offset, offset + length), fewer if the object ends before; length is at most 64 MiB, else invalid. not_found.
    virtual task<result<bytes>> get(std::string key, std::uint64_t offset, std::uint64_t length) = 0;
    // Every object whose key begins with `prefix` + "/" and has one more part, sorted by key; empty if there is none. Complete, or
    // an error: never a part of the truth. At most 10,000,000, else too_large.
    virtual task<result<std::vector<object_info>>> list(std::string prefix) = 0;
    // The distinct next parts of the keys that go on below `prefix` + "/" by at least two parts ("" is the root), sorted.
    virtual task<result<std::vector<std::string>>> children(std::string prefix) = 0;
    // Removes it; no error if there is none.
    virtual task<result<void>> remove(std::string key) = 0;
};

// errc::invalid unless `key` is a proper key as described above and at most 1,024 bytes.
result<void> check_key(const std::string& key);

}  // namespace io
