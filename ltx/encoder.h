// Writes an LTX file, page by page. Output can be taken while pages still come, so that a snapshot streams in bounded memory: only
// the page index (about 9 bytes a page) stays until finish().
#pragma once

#include <cstdint>
#include <vector>

#include "io/bytes.h"
#include "io/error.h"
#include "ltx/checksum.h"
#include "ltx/codec.h"
#include "ltx/format.h"

namespace ltx {

class encoder {
public:
    // Starts the file `h`. Errors as encode_header; unsupported for flags other than flag_no_checksum (native database checksums
    // are read, never written: stock Litestream refuses them). All errors here are subject::integrity.
    [[nodiscard]] static io::result<encoder> create(const header& h);

    // Adds one page, copied in compressed form. errc::invalid, and nothing changes, for page 0, the lock page, a page beyond the
    // header's commit, one not above the page before, another size than the header's, or after finish() (B6).
    [[nodiscard]] io::result<void> add_page(std::uint32_t pgno, io::byte_view page);

    // Ends the pages and appends index and trailer; the rest of the file is then in take_output(). Call once. errc::invalid if the
    // file is a snapshot and lacks a page, or is a snapshot whose header names another post checksum than that of the bytes encoded
    // (A7): throw away what was taken.
    [[nodiscard]] io::result<void> finish();

    // Everything encoded since the last call, in order.
    [[nodiscard]] io::bytes take_output();
    // How much take_output() would return now.
    [[nodiscard]] std::size_t pending_bytes() const { return output_.size(); }
    // Bytes of the file so far, taken or not; its size after finish().
    [[nodiscard]] std::uint64_t bytes_encoded() const { return taken_ + output_.size(); }
    [[nodiscard]] std::uint64_t pages_encoded() const { return page_count_; }

    // The database checksum over the pages added so far; the database's own once a snapshot is finished. Only kept for snapshots:
    // 0 for any other file.
    [[nodiscard]] std::uint64_t database_checksum() const { return database_checksum_; }
    // As the file's trailer has it. Precondition: finish() succeeded.
    [[nodiscard]] std::uint64_t file_checksum() const { return file_checksum_; }

private:
    encoder(const header& h, io::bytes encoded_header);
    void append_hashed(io::byte_view data);

    header header_;
    page_compressor compressor_;
    crc64 file_crc_;
    io::bytes output_;
    io::bytes frame_;      // room for one, so that output_ never holds more than it must
    std::uint64_t taken_ = 0;
    io::bytes index_;
    std::uint64_t page_count_ = 0;
    std::uint32_t last_page_ = 0;
    std::uint64_t database_checksum_ = 0;
    std::uint64_t file_checksum_ = 0;
    bool finished_ = false;
};

}  // namespace ltx
