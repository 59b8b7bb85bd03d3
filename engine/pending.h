// The object that a handoff captured under the write lock: written durably to local disk before the log restarts, shipped next. One
// at most per stream, in <state directory>/pending/<id>.ltx. Blocking.
#pragma once

#include <optional>
#include <string>

#include "io/bytes.h"
#include "io/file_system.h"
#include "ltx/format.h"

namespace engine {

class pending {
public:
    pending(const std::string& state_directory, const std::string& id);

    io::result<void> save(io::file_system& files, io::byte_view object) const;
    io::result<void> remove(io::file_system& files) const;

    struct found {
        io::bytes object;
        ltx::header head;
    };
    // The saved object, whole and verified; nothing if there is none. A torn or foreign file is removed and reported as corrupt
    // (subject::general): its commits are still in the log, or continuity is lost, which the attach plan finds out (E1).
    io::result<std::optional<found>> load(io::file_system& files) const;

private:
    std::string path_;
};

}  // namespace engine
