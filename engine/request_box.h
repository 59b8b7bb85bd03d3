// Requests of other processes to a running engine (flotilla snapshot NAME): small files in <state directory>/requests, watched like
// everything else. A request is <id>.request holding "<kind> <stream>"; its answer is <id>.answer: "ok <txid>" or "ok <txid> <text>" or
// "error <subject> <text>". Who asked removes both; what those leave who were killed, the engine removes after a while.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/environment.h"

namespace engine {

class request_box {
public:
    enum class kind {
        snapshot,  // make one now
        sync,      // answer when every commit made before is durable
        retry,     // try again what was refused for good
        compare,   // the live database with what is in the store; `text` is a live_comparison's
        unknown,   // of a program that is newer than this one: to be answered with an error
    };
    struct request {
        std::string id;
        kind what = kind::unknown;
        std::string stream;
    };
    struct reply {
        std::uint64_t txid = 0;
        std::string text;
    };

    explicit request_box(std::string state_directory);
    const std::string& directory() const { return directory_; }

    // Blocking, for the engine: makes the directory; the requests that have no answer yet (answers that nobody waits for are removed, and
    // whatever else has been seen here for `lies_for`, by `now` of a clock that does not jump); answers one.
    static constexpr io::duration lies_for = std::chrono::minutes(10);
    io::result<void> prepare(io::file_system& files) const;
    io::result<std::vector<request>> pending(io::file_system& files, io::instant now);
    io::result<void> answer(io::file_system& files, const request& asked, const io::result<reply>& outcome) const;

private:
    std::string directory_;
    std::map<std::string, io::instant> lying_;  // files that are no open requests, and since when they are known
};

// For the asking process: leaves a request and waits for its answer. timed_out (subject::general) if none comes within `limit`;
// the request is then withdrawn. Otherwise the engine's own answer. `env` must outlive the call.
io::task<io::result<request_box::reply>> ask(const io::environment& env, std::string state_directory, request_box::kind what, std::string stream,
                                             io::duration limit);

}  // namespace engine
