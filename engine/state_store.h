// state.db: one SQLite database for the whole host, with a row for each stream and store, and one for each object of which something must
// be remembered. Rows are written behind, all that changed in one transaction, so that a thousand databases cost one commit; an object
// that came and went between two of them costs nothing. An operator can read it with sqlite3: `.schema` says what is what.
//
// It is a memo: a file that is damaged (its structure, or a row that does not have its own checksum), of another version or gone costs
// no more than looking at the streams anew. What of it can be read and proven is kept.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/memo.h"
#include "engine/object_row.h"
#include "engine/sqlite.h"
#include "io/environment.h"

namespace engine {

class state_store {
public:
    // Opens or creates <directory>/state.db for the streams in the store `store_url`, and takes the directory's lock: errc::held
    // (subject::database) with the holder's words if another engine has it. A state.db that is damaged or of another version is moved
    // aside to state.db.corrupt-<ms> and begun anew with the rows that are still proven; damage() says so. Other errors, general:
    // read_only, access_denied, no_space, io_failure, with the directory in the context. `env` must outlive this.
    static io::task<io::result<std::unique_ptr<state_store>>> open(const io::environment& env, std::string directory,
                                                                   std::string store_url, std::string who);

    const std::string& directory() const { return directory_; }
    // What open() found wrong, in words; empty if nothing. To be told.
    const std::string& damage() const { return damage_; }

    // The row as loaded or last put.
    std::optional<memo> find(const std::string& stream) const;
    // Every row, but of the streams that `but` is true of.
    std::vector<memo> all(const std::function<bool(const std::string& stream)>& but = {}) const;

    // Replaces the row in memory and marks it for the next flush.
    void put(const memo& row);
    // The stream has no row any more.
    void forget(const std::string& stream);

    // The same of objects: what is remembered of those of a stream, one more or another state of it, one less. None are there of objects
    // that were on their way when the last run ended: the store is asked what became of them.
    std::vector<object_row> objects(const std::string& stream) const;
    std::vector<std::pair<std::string, object_row>> objects() const;  // of all streams
    void put(const std::string& stream, const object_row& row);
    void drop(const std::string& stream, const object_name& name);

    // Writes all marked rows in one transaction and waits for it; nothing to do if there are none. One at a time: a second call
    // waits for the first and then writes what came meanwhile. Errors: general; the rows stay marked.
    io::task<io::result<void>> flush();

private:
    state_store(const io::environment& env, std::string directory, std::string store_url);
    struct changes_due {
        std::map<std::string, memo> memos;
        std::set<std::string> forgotten;
        std::vector<std::pair<std::string, object_row>> objects;
        std::vector<std::pair<std::string, object_name>> gone;
        bool empty() const { return memos.empty() && forgotten.empty() && objects.empty() && gone.empty(); }
    };
    io::result<void> open_database(std::int64_t now_ms);
    io::result<void> open_or_create(const std::string& path);
    bool load();
    void keep_what_is_proven();
    changes_due take_due();
    void put_back(changes_due due);
    io::result<void> write(const changes_due& due);

    using object_key = std::pair<std::string, object_name>;  // stream and name

    const io::environment& env_;
    std::string directory_;
    std::string store_url_;
    std::unique_ptr<io::file> lock_;
    sqlite_handle db_;
    std::string damage_;
    bool created_ = false;  // by this open()
    std::map<std::string, memo> rows_;
    std::map<std::string, memo> marked_;
    std::set<std::string> forgotten_;  // since the last flush
    std::map<object_key, object_row> objects_;
    std::set<object_key> marked_objects_;  // changed since the last flush
    std::set<object_key> stored_objects_;  // those that have a row in the file
    bool flushing_ = false;
};

// The rows of a state directory, of all stores, without taking its lock: what `flotilla status` prints while an engine runs, too.
// not_found (subject::usage) if there is no state.db; corrupt (general) if a row is not what was written. Blocks.
struct stored_memo {
    std::string store_url;
    memo row;
    std::vector<object_row> objects;
};
io::result<std::vector<stored_memo>> read_state(const std::string& directory);

}  // namespace engine
