// What changes in directories (inotify(7) on Linux). One watch a directory, filtered by name by the listener; a watch on the files
// themselves would miss a file that is deleted and created again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/error.h"
#include "io/task.h"

namespace io {

struct watch_event {
    enum class what {
        changed,   // created, written, removed or renamed into place: look at it
        lost,      // the directory itself was removed, renamed or unmounted; the watch ended; name is empty
        overflow,  // events were dropped: look at everything; directory and name are empty
    };
    what kind = what::changed;
    std::string directory;  // as given to add()
    std::string name;
};

class watcher {
public:
    virtual ~watcher() = default;
    // Begins to watch the directory that this name leads to now; adding it again does nothing while it is the same directory. If several
    // names lead to one directory, each gets its events. not_found, access_denied, or no_space when the user's inotify watches are used
    // up (the context names fs.inotify.max_user_watches).
    virtual result<void> add(const std::string& directory) = 0;
    virtual void remove(const std::string& directory) = 0;
    // The next events, at least one; consecutive equal ones are given once. After close() an empty list, at once and for ever.
    virtual task<std::vector<watch_event>> next() = 0;
    // Ends a next() that waits.
    virtual void close() = 0;
};

result<std::unique_ptr<watcher>> make_inotify_watcher(executor on);

}  // namespace io
