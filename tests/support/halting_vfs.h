// SQLite's own file system, but syncs of a log call a function first: with synchronous=FULL that is between a commit's last write and
// the moment it is published in the log's index.
#pragma once

#include <functional>
#include <string>

namespace tests {

class halting_vfs {
public:
    // Registered under name() while this lives; one at a time.
    explicit halting_vfs(std::function<void()> before_log_sync);
    ~halting_vfs();
    halting_vfs(const halting_vfs&) = delete;
    halting_vfs& operator=(const halting_vfs&) = delete;

    static std::string name() { return "halting"; }
};

}  // namespace tests
