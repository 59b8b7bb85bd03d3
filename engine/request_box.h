// Requests of other processes to a running engine (flotilla snapshot NAME): small files in <state directory>/requests, watched like
// everything else. A request is <id>.request holding the stream's name; its answer is <id>.answer: "ok <txid>" or "error <subject>
// <text>". Who asked removes both.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/environment.h"

namespace engine {

class request_box {
public:
    struct request {
        std::string id;
        std::string stream;
    };

    explicit request_box(std::string state_directory);
    const std::string& directory() const { return directory_; }

    // Blocking, for the engine: makes the directory; the requests that have no answer yet (answers that nobody waits for are removed);
    // answers one.
    io::result<void> prepare(io::file_system& files) const;
    io::result<std::vector<request>> pending(io::file_system& files) const;
    io::result<void> answer(io::file_system& files, const request& asked, const io::result<std::uint64_t>& outcome) const;

private:
    std::string directory_;
};

// For the asking process: leaves a request and waits for its answer. timed_out (subject::general) if none comes within `limit`;
// the request is then withdrawn. Otherwise the engine's own answer.
io::task<io::result<std::uint64_t>> ask_for_snapshot(const io::environment& env, std::string state_directory, std::string stream,
                                                     io::duration limit);

}  // namespace engine
