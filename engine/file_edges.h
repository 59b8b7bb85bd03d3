// Both ends of a stored file: what it is, and where its pages are.
#pragma once

#include <cstdint>

#include "engine/object_reader.h"
#include "engine/replica.h"
#include "ltx/page_index.h"

namespace engine {

// Files of at most so many bytes are read whole at once.
inline constexpr std::uint64_t small_file = 64U << 10U;

struct file_edges {
    ltx::header header;
    ltx::page_index index;
    io::bytes whole;     // the file, if it is small; else empty
};

// Two gets for most files, one for small ones, more for a long index. Errors with the key in the context, subject::integrity: as
// ltx::decode_header and ltx::read_page_index; corrupt if the header's TXIDs are not those in the key (B13, B14). Otherwise as
// object_reader.
io::task<io::result<file_edges>> read_edges(object_reader& reader, stored_file file);

}  // namespace engine
