// What makes one file follow another. Pure checks, used wherever files are applied, merged or verified in order.
#pragma once

#include <cstdint>
#include <optional>

#include "io/error.h"
#include "ltx/format.h"

namespace ltx {

// A database as a chain of files left it.
struct chain_state {
    std::uint32_t page_size = 0;
    std::uint32_t commit = 0;                   // pages
    std::uint64_t txid = 0;
    std::optional<std::uint64_t> checksum;      // of the database, if known
};

// The state after a file.
[[nodiscard]] chain_state state_after(const header& h, const trailer& t);

// A chain starts with a snapshot: gap (subject::integrity) for any other file.
[[nodiscard]] io::result<void> check_start(const header& first);

// Whether `next` may be applied to `previous`. Ranges may overlap, for a page in a file is the whole page at the file's end. All
// errors are subject::integrity: gap if TXIDs are missing between them; corrupt if `next` does not reach further, has another page
// size, or (where it starts exactly after `previous`, and both are known) another checksum before it.
[[nodiscard]] io::result<void> check_successor(const chain_state& previous, const header& next);

// Checks that a file that grows the database holds every page of the growth, also pages that SQLite never wrote to the WAL
// (Litestream refuses the file otherwise). Give it each page of the file once, as decoder and
// read_page_index() do.
class growth_check {
public:
    // `previous_commit`: pages of the database before the file; 0 for a snapshot.
    growth_check(std::uint32_t previous_commit, const header& next);
    void add(std::uint32_t pgno);
    // corrupt (subject::integrity) if a page in (previous commit, commit] but the lock page was not given.
    [[nodiscard]] io::result<void> finish() const;

private:
    std::uint32_t previous_;
    std::uint32_t commit_;
    std::uint64_t missing_ = 0;
};

}  // namespace ltx
