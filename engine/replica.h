// What a store holds of one stream, found by listing it (F6): there is no manifest that could disagree with the objects.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/key.h"
#include "io/object_store.h"
#include "io/task.h"
#include "ltx/format.h"

namespace engine {

struct stored_file {
    unsigned level = 0;
    txid_range range;
    std::uint64_t size = 0;         // bytes
    std::int64_t timestamp_ms = 0;  // the store's word (mtime or metadata); the header's word is final
    std::string key;
};

struct listing {
    std::vector<stored_file> files;      // by level, then min, then max: the order in which a store lists names of 16 digits
    std::vector<std::string> strangers;  // keys in a level's folder that are not names of LTX files
};

class replica {
public:
    // `store` must outlive this. `stream` has passed check_stream_name.
    replica(io::object_store& store, std::string stream);

    const std::string& stream() const { return stream_; }
    io::object_store& store() const { return store_; }

    // One level, or all ten. Complete or an error (E10).
    io::task<io::result<listing>> list(unsigned level) const;
    io::task<io::result<listing>> list_all() const;

    // The header of an object, by a ranged get of its first bytes. errc::corrupt (subject::integrity) if it is no LTX header or
    // its interval is not the one in the key (B13, B14); not_found if the object vanished meanwhile.
    io::task<io::result<ltx::header>> header(stored_file file) const;

    std::string key(unsigned level, txid_range range) const;

    // The names of all streams in a store, sorted: every prefix that has a level folder.
    static io::task<io::result<std::vector<std::string>>> streams(io::object_store& store);

private:
    io::object_store& store_;
    std::string stream_;
};

}  // namespace engine
