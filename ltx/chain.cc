#include "ltx/chain.h"

#include <fmt/format.h>

namespace ltx {

chain_state state_after(const header& h, const trailer& t) { return {h.page_size, h.commit, h.max_txid, post_checksum(h, t)}; }

io::result<void> check_start(const header& first) {
    if (!is_snapshot(first)) return bad_content(io::errc::gap, fmt::format("no snapshot: the first file starts at TXID {}", first.min_txid));
    return {};
}

io::result<void> check_successor(const chain_state& previous, const header& next) {
    if (next.min_txid > previous.txid && next.min_txid - previous.txid > 1)
        return bad_content(io::errc::gap, fmt::format("TXIDs {} to {} are missing", previous.txid + 1, next.min_txid - 1));
    if (next.max_txid <= previous.txid)
        return bad_content(io::errc::corrupt, fmt::format("a file up to TXID {} after TXID {}", next.max_txid, previous.txid));
    if (next.page_size != previous.page_size)
        return bad_content(io::errc::corrupt, fmt::format("page size {} after page size {}", next.page_size, previous.page_size));
    // An overlapping file starts from an older state, which its checksum before is about.
    const auto before = pre_checksum(next);
    if (next.min_txid == previous.txid + 1 && previous.checksum && before && *previous.checksum != *before)
        return bad_content(io::errc::corrupt, fmt::format("TXID {} starts from another database than TXID {} ended with", next.min_txid, previous.txid));
    return {};
}

growth_check::growth_check(std::uint32_t previous_commit, const header& next)
    : previous_(is_snapshot(next) ? 0 : previous_commit), commit_(next.commit) {
    if (commit_ > previous_) missing_ = count_pages(next.page_size, previous_ + 1, commit_);
}

void growth_check::add(std::uint32_t pgno) {
    if (pgno > previous_ && pgno <= commit_ && missing_ > 0) --missing_;
}

io::result<void> growth_check::finish() const {
    if (missing_ == 0) return {};
    return bad_content(io::errc::corrupt, fmt::format("{} of the pages {} to {}, by which the database grew, are missing", missing_, previous_ + 1, commit_));
}

}  // namespace ltx
