// The checksum of every page of one database, 8 bytes each, in a file that is mapped. With it the database checksum after a commit
// costs only the changed pages, and a database can be compared with what was shipped without downloading anything.
// Stores through the mapping may be torn by a crash in any way: the contents count only while their exclusive-or is the post
// checksum they claim. A file that is missing or holds anything else is simply not valid(); reset() makes it so.
// On a disk that is full or read-only they live in memory, and the file stays what it was, or is torn.
// Calls block like io::file_system. One thread at a time. The file, in native byte order: magic u64, version u32, page size u32,
// TXID u64, post checksum u64, page count u32, 0 u32, CRC-64 of these u64, then a u64 for each page (0 for the lock page), padded with
// zeros to a multiple of 4096 bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "io/error.h"
#include "io/file_system.h"

namespace ltx {

struct page_sum {
    std::uint32_t pgno = 0;
    std::uint64_t sum = 0;      // ltx::page_checksum
};

class page_sums {
public:
    // Opens `path` and reads it all once; absent, it is not valid() and reset() creates it. Only the file system's own errors; contents that
    // make no sense give an object that is not valid(). `files` must outlive the object.
    [[nodiscard]] static io::result<page_sums> open(io::file_system& files, std::string path);

    // Whether the sums are those of a database with the claimed TXID and post checksum. Constant time.
    [[nodiscard]] bool valid() const;

    // Of the state they claim; 0 unless valid().
    [[nodiscard]] std::uint32_t page_size() const;
    [[nodiscard]] std::uint32_t page_count() const;
    [[nodiscard]] std::uint64_t txid() const;
    [[nodiscard]] std::uint64_t post() const;      // the database checksum

    // The sum of a page; 0 for the lock page, page 0 and pages beyond the count. Precondition: valid().
    [[nodiscard]] std::uint64_t get(std::uint32_t pgno) const;

    // What the database checksum would be after these changes, without making them. Preconditions and errors as apply().
    [[nodiscard]] io::result<std::uint64_t> checksum_after(std::span<const page_sum> changed, std::uint32_t page_count) const;

    // Moves to the state after a file: sets the sums of the changed pages, cuts or grows to `page_count`, and claims `txid` and
    // `post`. If the sums do not agree with `post` afterwards, valid() is false. errc::invalid, and nothing changes, if not valid(),
    // or for a page that is 0, the lock page, beyond page_count, or given twice or out of ascending order; the file system's errors
    // when the file grows or shrinks: not valid() then.
    [[nodiscard]] io::result<void> apply(std::span<const page_sum> changed, std::uint32_t page_count, std::uint64_t txid, std::uint64_t post);

    // A crash may have torn apply(): what its file claims is then the state before. Null if it claims nothing, or is valid().
    struct claim_before {
        std::uint32_t page_size = 0;
        std::uint64_t txid = 0;
        std::uint64_t post = 0;
    };
    [[nodiscard]] std::optional<claim_before> torn() const;
    // Repeats that apply(), which makes the sums whole again, if nothing else was wrong with them: valid() says so. errc::invalid if not
    // torn(); else as apply().
    [[nodiscard]] io::result<void> apply_again(std::span<const page_sum> changed, std::uint32_t page_count, std::uint64_t txid, std::uint64_t post);

    // Starts anew: sums[i] is that of page i + 1, 0 for the lock page; the post checksum is computed. errc::invalid for a bad page
    // size, more than 2^32 - 1 sums or a sum at the lock page; the file system's errors otherwise: not valid() then.
    [[nodiscard]] io::result<void> reset(std::uint32_t page_size, std::span<const std::uint64_t> sums, std::uint64_t txid);

    // Makes the file durable. Never needed for correctness.
    [[nodiscard]] io::result<void> sync();

private:
    page_sums(io::file_system& files, std::string path) : files_(&files), path_(std::move(path)) {}
    io::result<void> resize(std::uint32_t page_count);
    io::result<void> check(std::span<const page_sum> changed, std::uint32_t page_count) const;
    io::result<void> move(std::span<const page_sum> changed, std::uint32_t page_count, std::uint64_t txid, std::uint64_t post);
    void fold_all();
    io::result<std::uint64_t> fold_in(std::span<const page_sum> changed, std::uint32_t page_count) const;
    void load();
    void store(std::uint32_t pgno, std::uint64_t sum);
    void claim(std::uint32_t page_size, std::uint32_t page_count, std::uint64_t txid, std::uint64_t post);
    [[nodiscard]] std::uint64_t stored(std::uint32_t pgno) const;

    io::file_system* files_;
    std::string path_;
    std::unique_ptr<io::mapping> mapping_;
    std::uint64_t folded_ = 0;      // the exclusive-or of the sums
    bool claims_ = false;           // the header makes sense
    bool sound_ = false;            // and the file has the size it calls for
};

}  // namespace ltx
