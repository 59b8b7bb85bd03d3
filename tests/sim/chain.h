// What the objects of a stream say of themselves, read by a reader of our own (nothing of ltx/ is used), and whether that fits together.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/bytes.h"

namespace sim {

// An object of a store as it lies there.
struct stored_object {
    unsigned level = 0;
    std::string file;  // <min>-<max>.ltx
    io::byte_view data;
};

// From the first 100 bytes of an LTX file.
struct claim {
    unsigned level = 0;
    std::uint32_t page_size = 0;
    std::uint64_t min = 0, max = 0;
    std::int64_t timestamp_ms = 0;
    std::uint64_t node = 0;
    std::uint64_t pre = 0, post = 0;  // checksums of the database before and after
};

// Nothing if it is no LTX file of ours, or is called something else.
std::optional<claim> read_claim(const stored_object& object);

class chain {
public:
    explicit chain(const std::vector<stored_object>& objects);

    // Empty, or what is wrong: a TXID is missing between the first and the newest; an object does not begin with the state that the one before it
    // ends with; two that end at one TXID end with different states; an owner that was overtaken wrote after its successor; a time before
    // that of an earlier TXID (unless the clock was `set`).
    std::string broken(bool set) const;
    // The TXIDs at which a restore at `wall_ms` may end, by what the objects that know best, of the lowest level, say of their times: the newest, if that
    // was made by then; none, if the first was made later; else those that were made by then when the next one was not. More than one where times go back.
    std::vector<std::uint64_t> points_at(std::int64_t wall_ms) const;
    // The time of one of them; `any`: whatever number. There must be one.
    std::int64_t any_time(std::uint64_t any) const { return std::next(ends_.begin(), static_cast<std::ptrdiff_t>(any % ends_.size()))->second.timestamp_ms; }
    std::optional<std::int64_t> time_of(std::uint64_t txid) const;
    // Of the database after that TXID.
    std::optional<std::uint64_t> checksum_of(std::uint64_t txid) const;
    // The whole database as of that TXID, in one object that was made for it.
    bool has_snapshot(std::uint64_t txid) const;
    bool has(unsigned level, std::uint64_t min, std::uint64_t max) const;
    // How often a TXID has pages of another size than the one before it.
    std::uint64_t reshaped() const;
    std::uint64_t newest() const { return ends_.empty() ? 0 : ends_.rbegin()->first; }

private:
    std::int64_t newest_ms() const { return ends_.rbegin()->second.timestamp_ms; }

    std::string strange_;
    std::vector<claim> all_;
    std::map<std::uint64_t, claim> ends_;  // by TXID, of the lowest level
};

}  // namespace sim
