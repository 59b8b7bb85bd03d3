// Makes LTX files for tests: give it the database at each TXID, and ask for the file of any range.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/bytes.h"
#include "io/object_store.h"
#include "tests/support/real_environment.h"

namespace tests {

class chain_builder {
public:
    explicit chain_builder(std::uint32_t page_size = 4096) : page_size_(page_size) {}

    bool with_sums = true;                          // our database checksums in the headers; false: as Litestream writes
    std::int64_t first_ms = 1'700'000'000'000;      // time of TXID 1; each TXID is a second later

    // TXIDs whose database checksum is claimed to be another than it is.
    std::map<std::uint64_t, std::uint64_t> claimed;

    // The database as the next TXID leaves it, a whole number of pages. Returns the TXID.
    std::uint64_t commit(io::bytes image);
    // The last image with this page filled with bytes that depend on `seed`; grows if needed.
    std::uint64_t commit_page(std::uint32_t pgno, std::uint8_t seed);
    // The last image cut or grown (with made-up pages) to so many pages.
    std::uint64_t commit_size(std::uint32_t pages);

    const io::bytes& image(std::uint64_t txid) const { return images_.at(txid - 1); }
    std::uint64_t newest() const { return images_.size(); }
    std::int64_t time_of(std::uint64_t txid) const { return first_ms + static_cast<std::int64_t>(txid - 1) * 1000; }
    // Of the database, as computed; 0 for TXID 0.
    std::uint64_t checksum(std::uint64_t txid) const { return txid == 0 ? 0 : checksums_.at(txid - 1); }

    // The file that carries TXIDs min to max; min == 1 makes a snapshot.
    io::bytes file(std::uint64_t min, std::uint64_t max) const;

    // Puts that file under its name and returns the key. Fails the test if the store refuses.
    std::string put(real_environment& real, io::object_store& store, const std::string& stream, unsigned level, std::uint64_t min,
                    std::uint64_t max) const;

private:
    io::byte_view page(std::uint64_t txid, std::uint32_t pgno) const;     // empty beyond the end
    std::uint64_t claim(std::uint64_t txid) const;
    bool touched(std::uint64_t min, std::uint64_t max, std::uint32_t pgno) const;

    std::uint32_t page_size_;
    std::vector<io::bytes> images_;            // by TXID, from 1
    std::vector<std::uint64_t> checksums_;
};

// A database in WAL mode made by SQLite in `directory`, as its file is after each of `commits` transactions (page size 4096): tables,
// an index, updates, deletes and a table dropped and vacuumed away, so that it shrinks, too.
std::vector<io::bytes> sqlite_images(const std::string& directory, unsigned commits);

// A file as it is on disk; empty if there is none.
io::bytes slurp(const std::string& path);
void spill(const std::string& path, io::byte_view data);
// The names in a directory, sorted.
std::vector<std::string> names_in(const std::string& directory);

}  // namespace tests
