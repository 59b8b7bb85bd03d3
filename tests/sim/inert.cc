#include "tests/sim/inert.h"

#include <set>
#include <vector>

#include "wal/wal_index.h"

namespace sim {

namespace {

constexpr std::uint64_t region_bytes = 32768;  // of a wal-index

std::uint64_t number(io::byte_view from, std::uint64_t offset, std::size_t bytes) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < bytes; ++i) out = (out << 8U) | from[offset + i];
    return out;
}

struct logged_pages {
    std::set<std::uint64_t> all;
    std::set<std::uint64_t> alone;  // their newest version may be nowhere else
};

logged_pages in_the_log(std::uint64_t page_size, const inode* log, const inode* index) {
    logged_pages out;
    const auto now = index == nullptr || index->regions.empty() ? std::nullopt : wal::parse_wal_index({index->regions[0].get(), region_bytes});
    if (log == nullptr || !now) return out;
    for (std::uint64_t frame = 0; frame < now->max_frame; ++frame) {
        const std::uint64_t pgno = number(log->now.all(), 32 + frame * (24 + page_size), 4);
        out.all.insert(pgno);
        if (frame >= now->backfilled) out.alone.insert(pgno);
    }
    return out;
}

}  // namespace

std::optional<inert_bit> find_inert(const inode& database, const inode* log, const inode* index, prng& dice) {
    const io::byte_view file = database.now.all();
    if (file.size() < 100) return std::nullopt;
    const std::uint64_t stored_size = number(file, 16, 2);
    const std::uint64_t page_size = stored_size == 1 ? 65536 : stored_size;
    const logged_pages logged = in_the_log(page_size, log, index);
    struct gap {
        std::uint64_t pgno, begin, end;
    };
    std::vector<gap> found;
    for (std::uint64_t pgno = 1; pgno * page_size <= file.size(); ++pgno) {
        const std::uint64_t page = (pgno - 1) * page_size;
        const std::uint64_t head = page + (pgno == 1 ? 100 : 0);
        if (file[head] != 0x0d || logged.alone.contains(pgno)) continue;
        const std::uint64_t cells = number(file, head + 5, 2);
        const gap one{pgno, head + 8 + 2 * number(file, head + 3, 2), page + (cells == 0 ? 65536 : cells)};
        if (one.begin < one.end && one.end <= page + page_size) found.push_back(one);
    }
    if (found.empty()) return std::nullopt;
    const gap& any = found[dice.below(found.size())];
    return inert_bit{any.begin * 8 + dice.below((any.end - any.begin) * 8), static_cast<std::uint32_t>(any.pgno), logged.all.contains(any.pgno)};
}

}  // namespace sim
