#include "engine/continuity.h"

#include "ltx/checksum.h"

namespace engine {

void changes::add(const ltx::header& head, std::span<const ltx::page_sum> pages) {
    for (const auto& page : pages) sums[page.pgno] = page.sum;
    sums.erase(sums.upper_bound(head.commit), sums.end());
    to_txid = head.max_txid;
    page_count = head.commit;
}

io::result<bool> log_holds(wal::log_reader& log, wal::position from, const wal::position& to, const changes& made, std::uint32_t old_pages) {
    auto begins = log.holds(from, false);
    if (!begins || !*begins) return begins;
    auto got = log.read(from, to.offset, UINT64_MAX);
    if (!got) return got.error();
    const wal::frame_batch& batch = got->batch;
    if (got->what != wal::log_reader::outcome::read || batch.end() != to || batch.commit_pages() != made.page_count) return false;
    io::bytes page(from.page_size);
    for (const auto& place : batch.pages()) {
        if (auto ok = log.read_page(place.offset, page); !ok) return ok.error();
        const auto known = made.sums.find(place.pgno);
        if (known == made.sums.end() || known->second != ltx::page_checksum(place.pgno, page)) return false;
    }
    // An object also carries pages that the database grew by and that never were in the log, but no others.
    for (const auto& [pgno, sum] : made.sums) {
        if (pgno <= old_pages && !batch.find(pgno)) return false;
    }
    return true;
}

}  // namespace engine
