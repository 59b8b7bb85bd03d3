#include "engine/continuity.h"

#include "ltx/checksum.h"

namespace engine {

void changes::add(const ltx::header& head, std::span<const ltx::page_sum> pages) {
    for (const auto& page : pages) sums[page.pgno] = page.sum;
    sums.erase(sums.upper_bound(head.commit), sums.end());
    to_txid = head.max_txid;
    page_count = head.commit;
}

io::result<bool> log_holds(std::span<const stretch> run, const changes& made, std::uint32_t old_pages) {
    std::map<std::uint32_t, std::uint64_t> found;
    std::uint32_t page_count = old_pages;
    for (stretch each : run) {
        auto begins = each.log->holds(each.from, false);
        if (!begins || !*begins) return begins;
        auto got = each.log->read(each.from, each.to.offset, UINT64_MAX, ltx::page_checksum);
        if (!got) return got.error();
        const wal::frame_batch& batch = got->batch;
        if (got->what != wal::log_reader::outcome::read || batch.end() != each.to) return false;
        if (batch.empty()) continue;
        for (const auto& place : batch.pages()) found[place.pgno] = place.sum;
        page_count = batch.commit_pages();
        found.erase(found.upper_bound(page_count), found.end());
    }
    if (page_count != made.page_count) return false;
    for (const auto& [pgno, sum] : found) {
        const auto known = made.sums.find(pgno);
        if (known == made.sums.end() || known->second != sum) return false;
    }
    // An object also carries pages that the database grew by and that never were in the log, but no others.
    for (const auto& [pgno, sum] : made.sums) {
        if (pgno <= old_pages && !found.contains(pgno)) return false;
    }
    return true;
}

}  // namespace engine
