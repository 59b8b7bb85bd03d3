// Reads frames from where it stopped, and tells commits. Pure: bytes in, frames out. It checks the salts and the cumulative checksum of
// every frame and stops at the first that does not continue the chain (F2): that is the log's end, or a torn tail.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "io/bytes.h"
#include "io/error.h"
#include "wal/format.h"
#include "wal/position.h"

namespace wal {

struct frame {
    std::uint32_t pgno = 0;
    std::uint64_t page_offset = 0;   // of the page's bytes in the file
    std::uint32_t commit_pages = 0;  // not 0: a commit; the database has this many pages now
    io::byte_view page;              // in the bytes that were fed
};

class scanner {
public:
    using sink = std::function<void(const frame&)>;

    // Goes on at a position, which must be one that a scanner gave or start_of() a validated header.
    explicit scanner(const position& from) : read_(from), committed_(from) {}

    // Takes bytes that begin at read_offset(): whole frames are consumed, a part of one at the end is left for the next call. Returns
    // the bytes consumed. After a frame that does not belong to the chain nothing more is consumed and ended() is true.
    std::size_t feed(io::byte_view data, const sink& to);

    std::uint64_t read_offset() const { return read_.offset; }
    // After the newest commit: frames beyond it are not committed and may be overwritten.
    const position& committed() const { return committed_; }
    bool ended() const { return ended_; }
    // Goes back to the newest commit, to read again what may have been overwritten since.
    void rewind() {
        read_ = committed_;
        ended_ = false;
    }

private:
    position read_;
    position committed_;
    bool ended_ = false;
};

}  // namespace wal
