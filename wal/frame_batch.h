// The newest frame of each page over a run of commits. It keeps where the bytes are, not the bytes: 24 bytes a frame, so that a
// transaction of a gigabyte takes 6 MB.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "wal/position.h"
#include "wal/scanner.h"

namespace wal {

struct page_place {
    std::uint32_t pgno = 0;
    std::uint64_t offset = 0;  // of the page's bytes in the log
    std::uint64_t sum = 0;     // what the reader's page_sum says of them; 0 without one
};

class frame_batch {
public:
    explicit frame_batch(const position& begin) : begin_(begin), end_(begin) {}

    void add(const frame& f, std::uint64_t sum = 0);
    // Cuts off what came after the newest commit, keeps the newest place of each page that the database still has, sorted. `end` is
    // the scanner's committed position. Call once, after the last add.
    void finish(const position& end);

    bool empty() const { return commit_pages_ == 0; }
    std::uint64_t frames() const { return frames_; }             // committed ones, repeats included
    std::uint32_t commit_pages() const { return commit_pages_; }  // of the database after the newest commit
    const position& begin() const { return begin_; }
    const position& end() const { return end_; }
    // After finish(): ascending by page number.
    std::span<const page_place> pages() const { return places_; }
    // After finish(): where page `pgno` is, if the batch has it.
    std::optional<std::uint64_t> find(std::uint32_t pgno) const;
    // Whether after a commit whose last frame is at `offset` or later the database did not have page `pgno`, though it may have it again. A checkpoint
    // right after that passes over the page's older frames and counts them as written (SQLite, wal.c, walCheckpoint: mxPage).
    bool dropped_since(std::uint32_t pgno, std::uint64_t offset) const;

private:
    struct end_of_database {
        std::uint64_t offset = 0;
        std::uint32_t pages = 0;
    };
    position begin_;
    position end_;
    std::vector<page_place> places_;
    std::vector<end_of_database> ends_;  // of the first commit, and of those that shrank it
    std::size_t committed_ = 0;  // so many of places_ are committed
    std::uint64_t frames_ = 0;
    std::uint32_t commit_pages_ = 0;
};

}  // namespace wal
