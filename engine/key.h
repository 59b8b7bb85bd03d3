// Names of objects: the one key builder, for writers and readers alike (A8), on both kinds of store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/error.h"
#include "io/object_store.h"
#include "ltx/format.h"

namespace engine {

// Level 0 holds one object per capture; level 9 holds snapshots, as in Litestream 0.5.
inline constexpr unsigned level_captures = 0;
inline constexpr unsigned level_snapshots = 9;
inline constexpr unsigned level_count = 10;

// The interval of TXIDs that an object carries, both ends included.
using txid_range = ltx::txid_range;

// A stream's name is a relative path: parts of UTF-8 text between '/', none of them empty, ".", ".." or beginning like a level
// folder ("ltx", four hex digits), so that a stream never hides inside another's objects. errc::invalid, subject::usage.
io::result<void> check_stream_name(const std::string& name);

// "<stream>/ltx/0" in a directory, "<stream>/0000" in a bucket.
std::string level_prefix(io::key_layout layout, const std::string& stream, unsigned level);

// "<level prefix>/<min>-<max>.ltx", 16 hex digits each.
std::string object_key(io::key_layout layout, const std::string& stream, unsigned level, txid_range range);

// A name for a stream's local files: 16 hex digits from the store's URL and the stream's name.
std::string local_id(const std::string& store_url, const std::string& stream);

// Beside the levels, on both kinds of store: "<stream>/owner", and in it one record an epoch, "<16 hex digits>.json".
std::string owner_prefix(const std::string& stream);
std::string owner_key(const std::string& stream, std::uint64_t epoch);
// The epoch in the last part of a key; nullopt if it is not the name of an owner record, or epoch 0.
std::optional<std::uint64_t> parse_owner_key(std::string_view key);

// Below the store's root, where no stream can be: ".flotilla/hosts/<identity>.json" shows that a host is alive,
// ".flotilla/hosts/<identity>-<session>.json" that one process of it began that session.
std::string host_key(std::uint64_t identity);
std::string session_key(std::uint64_t identity, std::uint64_t session);

// The interval in the last part of a key; nullopt if it is not the name of an LTX file.
std::optional<txid_range> parse_object_key(std::string_view key);

}  // namespace engine
