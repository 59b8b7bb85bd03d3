// The file that a restore makes: a temporary beside it until everything is proven, then renamed into place (A14). Blocking.
// All errors are subject::target.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "io/error.h"
#include "io/file_system.h"

namespace engine {

class restore_output {
public:
    // Whether `path` could be made now; nothing is written. not_found if its directory does not exist; invalid if it is not a regular
    // file, already_exists if it exists or a -wal, -shm or -journal lies there that SQLite would play into it, unless `force`; busy
    // if it exists and another connection has it open.
    [[nodiscard]] static io::result<void> check(io::file_system& files, const std::string& path, bool force);

    // Creates the temporary, `size` bytes of zeros: ".<name>.<token>.restoring". Errors as check(); no_space; the file system's.
    // A process that is killed leaves it behind; the next restore takes another token. `files` must outlive the object.
    [[nodiscard]] static io::result<std::unique_ptr<restore_output>> create(io::file_system& files, std::string path, bool force,
                                                                            std::uint64_t size, const std::string& token);
    // Removes the temporary unless it was published.
    ~restore_output();
    restore_output(const restore_output&) = delete;
    restore_output& operator=(const restore_output&) = delete;

    const std::string& temporary() const { return temporary_; }
    // Another handle on the temporary, for writing.
    [[nodiscard]] io::result<std::unique_ptr<io::file>> open();

    // Makes the temporary durable and gives it the output's name, durably. With `force` what SQLite would play into it is removed
    // just before, so that a crash in between leaves an older database, never a wrong one. Errors as check(), and then the output is
    // untouched; the file system's.
    [[nodiscard]] io::result<void> publish();

private:
    restore_output(io::file_system& files, std::string path, bool force) : files_(files), path_(std::move(path)), force_(force) {}
    io::result<void> replace();

    io::file_system& files_;
    std::string path_;
    bool force_;
    std::string temporary_;
    std::unique_ptr<io::file> file_;      // of the temporary; null once published
};

}  // namespace engine
