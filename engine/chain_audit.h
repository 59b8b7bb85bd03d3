// Follows a stream's files from the first to the last and recomputes what they claim about the database. Pure; fed with decoded files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/replica.h"
#include "engine/verifier.h"
#include "ltx/decoder.h"
#include "ltx/page_sums.h"

namespace engine {

// A file that was read whole and has the checksums it claims for itself.
struct audited_file {
    stored_file file;
    ltx::file_summary summary;
    std::vector<ltx::page_sum> pages;   // ascending
};

// Memory: 8 bytes a page of the database, 16 a TXID that was reached.
class chain_audit {
public:
    // In this order files are added: by where they end, and those that end together from the shortest to the longest, so that each is
    // applied to, or compared with, the state that the finest files give.
    static bool before(const stored_file& a, const stored_file& b);

    // `report` gets the findings, the points and the number of confirmed checksums; it must outlive this.
    explicit chain_audit(verify_report& report) : report_(report) {}

    // Takes the next file. One that contradicts what is known is reported and not applied.
    void add(const audited_file& next);
    // After the last one. `stream` stands for the key in findings about no single object.
    void finish(const std::string& stream);

private:
    // TXIDs that no file brings in reach.
    struct hole {
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        std::string after;    // key of the first file that lies behind
    };

    void start(const audited_file& snapshot);
    void apply(const audited_file& next);
    void compare(const audited_file& other);
    bool agrees_before(const audited_file& next);
    bool agrees_after(const audited_file& next, std::uint64_t checksum);
    std::uint64_t checksum_with(const audited_file& next) const;
    void reached(const audited_file& by, std::uint64_t checksum);
    void doubt(const audited_file& about, std::string text);

    verify_report& report_;
    std::uint32_t page_size_ = 0;
    std::vector<std::uint64_t> sums_;                                  // of the pages at the newest point; 0 for the lock page
    std::string key_;                                                  // of the file that reached it
    std::vector<std::pair<std::uint64_t, std::uint64_t>> points_;      // TXID and recomputed database checksum, ascending
    std::optional<hole> hole_;
};

}  // namespace engine
