// state.db: one SQLite database for the whole host, with a row for each stream and store. Rows are written behind, all that changed
// in one transaction, so that a thousand databases cost one commit. An operator can read it with sqlite3.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/memo.h"
#include "io/environment.h"

struct sqlite3;

namespace engine {

class state_store {
public:
    // Opens or creates <directory>/state.db for the streams in the store `store_url`, and takes the directory's lock: errc::held
    // (subject::database) with the holder's words if another engine has it. A state.db that is corrupt is moved aside to
    // state.db.corrupt-<ms>, logged, and begun anew: the store is the truth. `env` must outlive this.
    static io::task<io::result<std::unique_ptr<state_store>>> open(const io::environment& env, std::string directory,
                                                                   std::string store_url, std::string who);
    ~state_store();

    // This host's writer epoch, drawn when state.db was created; never 0 and below 2^63.
    std::uint64_t epoch() const { return epoch_; }
    const std::string& directory() const { return directory_; }

    // The row as loaded or last put.
    std::optional<memo> find(const std::string& stream) const;
    std::vector<memo> all() const;

    // Replaces the row in memory and marks it for the next flush.
    void put(const memo& row);

    // Writes all marked rows in one transaction and waits for it; nothing to do if there are none. One at a time: a second call
    // waits for the first and then writes what came meanwhile. Errors: general; the rows stay marked.
    io::task<io::result<void>> flush();

private:
    state_store(const io::environment& env, std::string directory, std::string store_url);
    io::result<void> load();

    const io::environment& env_;
    std::string directory_;
    std::string store_url_;
    std::unique_ptr<io::file> lock_;
    sqlite3* db_ = nullptr;
    std::uint64_t epoch_ = 0;
    std::map<std::string, memo> rows_;
    std::map<std::string, memo> marked_;
    bool flushing_ = false;
};

// The rows of a state directory, of all stores, without taking its lock: what `flotilla status` prints while an engine runs, too.
// not_found (subject::usage) if there is no state.db. Blocks.
struct stored_memo {
    std::string store_url;
    memo row;
};
io::result<std::vector<stored_memo>> read_state(const std::string& directory);

}  // namespace engine
