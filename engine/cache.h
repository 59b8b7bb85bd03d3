// Encoded objects of one stream on local disk: <state directory>/cache/<local id>/<level>/<min>-<max>.ltx. Objects that the store refused
// are here durably, so that a retry or a restart ships the very same bytes; with options.cache_bytes also those that were shipped
// (cache_copy), which nothing relies on: not synced. Nothing that is read back is believed: it is decoded to its end, and must be the object that its name
// says (A12, B13, B14). Blocking.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/object_row.h"
#include "engine/outgoing.h"
#include "io/bytes.h"
#include "io/file_system.h"
#include "ltx/format.h"

namespace engine {

class cache {
public:
    // `files` must outlive this.
    cache(io::file_system& files, const std::string& state_directory, const std::string& id);

    static constexpr std::string_view temporary = ".tmp";  // behind the name of what is being written

    // What became of an object's file, and what was found in one.
    struct content {
        std::uint64_t size = 0;           // bytes
        std::uint64_t file_checksum = 0;  // from its trailer
    };
    struct found {
        content is;
        ltx::header head;
    };

    // Relative to the state directory; and from its root.
    std::string file(const object_name& name) const;
    std::string path(const object_name& name) const;

    // The objects that have a file, in order of their names. Temporaries that a crash left are removed, other strangers left alone.
    io::result<std::vector<object_name>> list() const;

    // Writes all parts to a file: temporary, sync, rename, sync of the directory (A12). On error there is no file of that name that was not
    // there before. Errors: the source's, the file system's.
    io::result<content> save(const object_name& name, const outgoing::part_source& parts) const;

    // Reads all of it. corrupt (subject::general) if it is torn, changed, or another object than its name says; not_found.
    io::result<found> verify(const object_name& name) const;
    // Its bytes for a put, decoded again while they are read: the last part is only given if all of them are what verify() found, else
    // corrupt (subject::general).
    outgoing::part_source read(const object_name& name, const content& expected) const;

    // No error if there is none.
    io::result<void> remove(const object_name& name) const;

private:
    io::file_system& files_;
    std::string state_directory_;
    std::string folder_;  // relative to the state directory
};

}  // namespace engine
