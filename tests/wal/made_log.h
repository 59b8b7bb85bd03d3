// A log made by hand, with checksums by the words of the specification, in either byte order.
#pragma once

#include <cstdint>

#include "io/bytes.h"

namespace tests {

struct made_log {
    std::uint32_t page_size = 512;
    bool big_endian = false;
    std::uint32_t salt1 = 1, salt2 = 2;
    io::bytes bytes;
    std::uint32_t s0 = 0, s1 = 0;  // the chain so far

    explicit made_log(std::uint32_t page_bytes = 512, bool big = false, std::uint32_t first_salt = 1, std::uint32_t second_salt = 2)
        : page_size(page_bytes), big_endian(big), salt1(first_salt), salt2(second_salt) {
        for (const std::uint32_t word : {big ? 0x377f0683U : 0x377f0682U, 3007000U, page_size, 0U, salt1, salt2}) put(word);
        sum(io::byte_view(bytes));
        put(s0);
        put(s1);
    }

    // A frame whose page is filled with `fill`; `commit_pages` other than 0: it ends a transaction.
    made_log& add(std::uint32_t pgno, std::uint32_t commit_pages, std::uint8_t fill) {
        const std::size_t start = bytes.size();
        put(pgno);
        put(commit_pages);
        const io::bytes page(page_size, fill);
        sum(io::byte_view(bytes).subspan(start));
        sum(page);
        for (const std::uint32_t word : {salt1, salt2, s0, s1}) put(word);
        bytes.insert(bytes.end(), page.begin(), page.end());
        return *this;
    }

private:
    void put(std::uint32_t word) {
        for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(word >> shift));
    }
    std::uint32_t word_at(const std::uint8_t* at) const {
        std::uint32_t out = 0;
        for (int i = 0; i < 4; ++i) out |= std::uint32_t{at[i]} << (big_endian ? 24 - 8 * i : 8 * i);
        return out;
    }
    void sum(io::byte_view data) {
        for (std::size_t i = 0; i < data.size(); i += 8) {
            s0 += word_at(data.data() + i) + s1;
            s1 += word_at(data.data() + i + 4) + s0;
        }
    }
};

}  // namespace tests
