// Which file gives which page of a database at a TXID: always the newest version. Pure; fed with the edges of the planned files.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/file_edges.h"
#include "engine/replica.h"
#include "ltx/chain.h"

namespace engine {

struct image_source {
    stored_file file;
    ltx::trailer trailer;
    std::vector<ltx::page_location> pages;   // those that this file gives, ascending
    io::bytes whole;                         // the file, if it is at hand
};

struct image_recipe {
    std::uint32_t page_size = 0;             // bytes
    std::uint32_t page_count = 0;            // of the image, the lock page included
    std::uint64_t pages_to_write = 0;        // the lock page left out
    std::int64_t timestamp_ms = 0;
    std::optional<std::uint64_t> checksum;   // of the database, as the newest file claims it; 0 if it has no pages
    std::vector<image_source> sources;       // newest first; also those that give no page
};

// Memory: 16 bytes a page of the image and one index; of the small files' bytes at most keep_limit.
class recipe_builder {
public:
    static constexpr std::uint64_t keep_limit = 32U << 20U;

    // `total_size`: bytes of all files of the plan together, which bounds what any of them can claim (B8).
    explicit recipe_builder(std::uint64_t total_size) : total_size_(total_size) {}

    // Takes the planned files from the newest to the oldest. Errors, all subject::integrity, with the key of the file at fault in the
    // context: as ltx::check_successor and ltx::growth_check; corrupt for more pages than the files have room for.
    [[nodiscard]] io::result<void> add_older(stored_file file, file_edges edges);

    // After the last one. As ltx::check_start; corrupt if a page is in none of the files.
    [[nodiscard]] io::result<image_recipe> finish();

private:
    io::result<void> start(const file_edges& newest);
    io::result<void> check_newer(const ltx::chain_state& before) const;
    std::vector<ltx::page_location> claim(const std::vector<ltx::page_location>& offered);

    std::uint64_t total_size_;
    std::uint64_t kept_ = 0;
    std::uint64_t claimed_ = 0;
    std::vector<bool> taken_;                // by page number
    std::optional<file_edges> newer_;        // of the file added last
    image_recipe recipe_;
};

}  // namespace engine
