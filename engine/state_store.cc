#include "engine/state_store.h"

#include <fmt/format.h>

#include "engine/set_aside.h"
#include "engine/state_rows.h"
#include "io/failpoint.h"
#include "io/wakeup.h"

namespace engine {

namespace {

constexpr auto subject = io::subject::general;

// Whether the file is what we write. Errors: corrupt, unsupported (another version), whatever SQLite says.
io::result<void> check_tables(sqlite3* db) {
    auto version = prepare(db, "PRAGMA user_version", subject);
    if (!version) return version.error();
    if (sqlite3_step(version->get()) != SQLITE_ROW) return sqlite_error(db, subject, "user_version");
    if (const int found = sqlite3_column_int(version->get(), 0); found != state_version) {
        return io::error{io::errc::unsupported, subject, fmt::format("is of version {}, not {}", found, state_version)};
    }
    for (const state_table& table : state_tables) {
        auto text = prepare(db, "SELECT sql FROM sqlite_schema WHERE name=?", subject);
        if (!text) return text.error();
        const std::string name = table.name;
        bind(text->get(), 1, name);
        const int rc = sqlite3_step(text->get());
        if (rc != SQLITE_ROW && rc != SQLITE_DONE) return sqlite_error(db, subject, "sqlite_schema");
        if (rc == SQLITE_DONE || column_text(text->get(), 0) != table.create) {
            return io::error{io::errc::corrupt, subject, fmt::format("the table {} is not the one that belongs there", table.name)};
        }
    }
    auto check = prepare(db, "PRAGMA quick_check(1)", subject);
    if (!check) return check.error();
    if (sqlite3_step(check->get()) != SQLITE_ROW) return sqlite_error(db, subject, "quick_check");
    if (column_text(check->get(), 0) != "ok") return io::error{io::errc::corrupt, subject, "quick_check: " + column_text(check->get(), 0)};
    return {};
}

io::result<void> create_tables(sqlite3* db) {
    const std::string version = fmt::format("PRAGMA user_version={}", state_version);
    if (auto ok = execute(db, "BEGIN IMMEDIATE", subject); !ok) return ok;
    for (const state_table& table : state_tables) {
        if (auto ok = execute(db, table.create, subject); !ok) return ok;
    }
    if (auto ok = execute(db, version.c_str(), subject); !ok) return ok;
    return execute(db, "COMMIT", subject);
}

io::result<bool> is_empty(sqlite3* db) {
    auto count = prepare(db, "SELECT count(*) FROM sqlite_schema", subject);
    if (!count) return count.error();
    if (sqlite3_step(count->get()) != SQLITE_ROW) return sqlite_error(db, subject, "sqlite_schema");
    return sqlite3_column_int(count->get(), 0) == 0;
}

// SQL of ours on a sound file does not fail. A device that fails, is full or may not be written is no damage; a file that may be written, but
// says that it must not, is.
bool is_damage(io::file_system& files, const std::string& path, sqlite3* db, const io::error& why) {
    if (why.code == io::errc::corrupt || why.code == io::errc::unsupported) return true;
    if (why.code == io::errc::read_only) return files.open(path, io::open_mode::create).has_value();
    return db != nullptr && (sqlite3_errcode(db) & 0xff) == SQLITE_ERROR;
}

bool step_and_reset(sqlite3_stmt* s) {
    const bool done = sqlite3_step(s) == SQLITE_DONE;
    sqlite3_reset(s);
    return done;
}

// Calls `take` for each row; false if one could not be read or was not sound.
template <class Read, class Take>
bool read_all(sqlite3* db, const char* select, Read read, Take take) {
    auto rows = prepare(db, select, subject);
    if (!rows) return false;
    bool sound = true;
    int rc = SQLITE_ROW;
    while ((rc = sqlite3_step(rows->get())) == SQLITE_ROW) {
        auto found = read(rows->get());
        if (!found) sound = false;
        if (found) take(std::move(*found));
    }
    return sound && rc == SQLITE_DONE;
}

}  // namespace

state_store::state_store(const io::environment& env, std::string directory, std::string store_url)
    : env_(env), directory_(std::move(directory)), store_url_(std::move(store_url)) {}

io::task<io::result<std::unique_ptr<state_store>>> state_store::open(const io::environment& env, std::string directory,
                                                                     std::string store_url, std::string who) {
    std::unique_ptr<state_store> out(new state_store(env, std::move(directory), std::move(store_url)));
    const std::int64_t now = env.time.wall_ms();
    auto opened = co_await env.elsewhere([&]() -> io::result<void> {
        io::file_system& files = env.files;
        const std::string about = fmt::format("state directory {} (flotilla must be able to write there, or be given another one)", out->directory_);
        if (auto ok = files.make_directories(out->directory_); !ok) return ok.error().within(about);
        auto lock = files.lock(io::join(out->directory_, "lock"), who);
        if (!lock && lock.error().code == io::errc::held) {
            // The same command once more: what it would watch is watched.
            return io::error{io::errc::held, io::subject::database,
                             fmt::format("state directory {} is in use by: {}. Stop that one first, or give this one a state directory "
                                         "of its own",
                                         out->directory_, lock.error().context)};
        }
        if (!lock) return lock.error().within(about);
        out->lock_ = std::move(*lock);
        if (auto ok = out->open_database(now); !ok) return ok.error().within(about);
        return {};
    });
    if (!opened) co_return opened.error();
    co_return out;
}

io::result<void> state_store::open_database(std::int64_t now_ms) {
    io::file_system& files = env_.files;
    const std::string path = io::join(directory_, "state.db");
    auto opened = open_or_create(path);
    if (opened && !load()) opened = io::error{io::errc::corrupt, subject, "a row is not what was written"};
    if (opened) {
        if (created_ && files.status(io::join(directory_, "sums"))) {
            damage_ = path + " is missing although this directory was used; begun anew, every stream is compared with the store";
        }
        return {};
    }
    if (!is_damage(files, path, db_.get(), opened.error())) return opened;
    rows_.clear();
    objects_.clear();
    stored_objects_.clear();
    (void)load();
    db_.reset();
    const std::string aside = fmt::format("{}.corrupt-{}", path, now_ms);
    damage_ = fmt::format("{}: {}; moved to {}; begun anew with the {} of its rows that are proven, all other streams are compared with the store",
                          path, opened.error().context, aside, rows_.size());
    if (auto ok = files.rename(path, aside); !ok) return ok;
    for (const char* tail : {"-wal", "-shm"}) (void)files.remove(path + tail);
    keep_newest(files, directory_, "state.db.corrupt-");
    if (auto ok = open_or_create(path); !ok) return ok;
    keep_what_is_proven();
    return {};
}

// Leaves db_ open even if it fails, as far as it got: for its error, and for the rows that can be read.
io::result<void> state_store::open_or_create(const std::string& path) {
    auto db = open_sqlite(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, subject);
    if (!db) return db.error();
    db_ = std::move(*db);
    sqlite3_busy_timeout(db_.get(), 5000);
    if (auto ok = execute(db_.get(), "PRAGMA journal_mode=WAL", subject); !ok) return ok;
    auto empty = is_empty(db_.get());
    if (!empty) return empty.error();
    if (sqlite3_db_readonly(db_.get(), "main") == 1) return io::error{io::errc::read_only, subject, path + ": may not be written"};
    created_ = *empty;
    // A new one is durable at once: one that is gone after a loss of power would be taken for damage.
    if (auto ok = created_ ? create_tables(db_.get()) : check_tables(db_.get()); !ok) return ok;
    return execute(db_.get(), "PRAGMA synchronous=NORMAL", subject);
}

// All rows of this store that are sound; false if any row is not, or could not be read.
bool state_store::load() {
    const bool memos = read_all(db_.get(), select_memos, read_memo, [this](stored<memo> found) {
        if (found.store_url == store_url_) rows_[found.stream] = std::move(found.row);
    });
    const bool objects = read_all(db_.get(), select_objects, read_object, [this](stored<object_row> found) {
        if (found.store_url != store_url_) return;
        object_key key{found.stream, found.row.name};
        stored_objects_.insert(key);
        if (found.row.state == object_row::fate::pending) {
            marked_objects_.insert(key);
        } else {
            objects_[key] = std::move(found.row);
        }
    });
    return memos && objects;
}

void state_store::keep_what_is_proven() {
    marked_ = rows_;
    stored_objects_.clear();
    for (const auto& [key, row] : objects_) marked_objects_.insert(key);
}

std::optional<memo> state_store::find(const std::string& stream) const {
    const auto at = rows_.find(stream);
    if (at == rows_.end()) return std::nullopt;
    return at->second;
}

std::vector<memo> state_store::all(const std::function<bool(const std::string&)>& but) const {
    std::vector<memo> out;
    for (const auto& [name, row] : rows_) if (!but || !but(name)) out.push_back(row);
    return out;
}

void state_store::put(const memo& row) {
    rows_[row.stream] = row;
    marked_[row.stream] = row;
    forgotten_.erase(row.stream);
}

void state_store::forget(const std::string& stream) {
    rows_.erase(stream);
    marked_.erase(stream);
    forgotten_.insert(stream);
}

std::vector<object_row> state_store::objects(const std::string& stream) const {
    std::vector<object_row> out;
    for (auto at = objects_.lower_bound({stream, {}}); at != objects_.end() && at->first.first == stream; ++at) out.push_back(at->second);
    return out;
}

std::vector<std::pair<std::string, object_row>> state_store::objects() const {
    std::vector<std::pair<std::string, object_row>> out;
    for (const auto& [key, row] : objects_) out.emplace_back(key.first, row);
    return out;
}

void state_store::put(const std::string& stream, const object_row& row) {
    objects_[{stream, row.name}] = row;
    marked_objects_.insert({stream, row.name});
}

void state_store::drop(const std::string& stream, const object_name& name) {
    objects_.erase({stream, name});
    marked_objects_.insert({stream, name});
}

state_store::changes_due state_store::take_due() {
    changes_due out;
    out.memos = std::exchange(marked_, {});
    out.forgotten = std::exchange(forgotten_, {});
    for (const object_key& key : std::exchange(marked_objects_, {})) {
        if (const auto row = objects_.find(key); row != objects_.end()) {
            out.objects.emplace_back(key.first, row->second);
            stored_objects_.insert(key);
        } else if (stored_objects_.erase(key) != 0) {
            out.gone.push_back(key);
        }
    }
    return out;
}

// What was put meanwhile is newer and stays. Whether a row is in the file is not known: it may have to be removed.
void state_store::put_back(changes_due due) {
    std::erase_if(due.memos, [this](const auto& one) { return forgotten_.contains(one.first); });
    marked_.merge(due.memos);
    std::erase_if(due.forgotten, [this](const std::string& one) { return marked_.contains(one); });
    forgotten_.merge(due.forgotten);
    for (const auto& [stream, row] : due.objects) marked_objects_.insert({stream, row.name});
    for (const auto& key : due.gone) {
        stored_objects_.insert(key);
        marked_objects_.insert(key);
    }
}

io::result<void> state_store::write(const changes_due& due) {
    sqlite3* db = db_.get();
    auto memos = prepare(db, replace_memo, subject);
    auto objects = prepare(db, replace_object, subject);
    auto gone = prepare(db, delete_object, subject);
    auto forgotten = prepare(db, delete_memo, subject);
    if (!memos || !objects || !gone || !forgotten) return sqlite_error(db, subject, "state.db");
    if (auto ok = execute(db, "BEGIN IMMEDIATE", subject); !ok) return ok;
    bool done = true;
    for (auto row = due.memos.begin(); done && row != due.memos.end(); ++row) {
        bind_memo(memos->get(), store_url_, row->second);
        done = step_and_reset(memos->get());
    }
    for (auto name = due.forgotten.begin(); done && name != due.forgotten.end(); ++name) {
        bind_stream(forgotten->get(), store_url_, *name);
        done = step_and_reset(forgotten->get());
    }
    for (auto row = due.objects.begin(); done && row != due.objects.end(); ++row) {
        bind_object(objects->get(), store_url_, row->first, row->second);
        done = step_and_reset(objects->get());
    }
    for (auto row = due.gone.begin(); done && row != due.gone.end(); ++row) {
        bind_object_name(gone->get(), store_url_, row->first, row->second);
        done = step_and_reset(gone->get());
    }
    io::result<void> outcome = done ? io::result<void>() : sqlite_error(db, subject, "state.db");
    io::failpoint("state.written");
    if (outcome) outcome = execute(db, "COMMIT", subject);
    if (!outcome) sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
    io::failpoint("state.committed");
    return outcome;
}

io::task<io::result<void>> state_store::flush() {
    while (flushing_) co_await io::sleep_for(env_.time, std::chrono::milliseconds(1));
    changes_due due = take_due();
    if (due.empty()) co_return io::result<void>();
    flushing_ = true;
    auto written = co_await env_.elsewhere([&] { return write(due); });
    flushing_ = false;
    if (!written) put_back(std::move(due));
    co_return written;
}

io::result<std::vector<stored_memo>> read_state(const std::string& directory) {
    const std::string path = io::join(directory, "state.db");
    auto db = open_sqlite(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, io::subject::usage);
    if (!db) {
        return io::error{db.error().code, io::subject::usage,
                         fmt::format("{}; no flotilla watch has used this state directory (--state names another)", db.error().context)};
    }
    sqlite3_busy_timeout(db->get(), 5000);
    if (auto ok = execute(db->get(), "BEGIN", subject); !ok) return ok.error().within(path);
    if (auto ok = check_tables(db->get()); !ok) return ok.error().within(path);
    std::vector<stored_memo> out;
    bool sound = read_all(db->get(), select_memos, read_memo, [&out](stored<memo> found) {
        out.push_back({std::move(found.store_url), std::move(found.row), {}});
    });
    sound = sound && read_all(db->get(), select_objects, read_object, [&out](stored<object_row> found) {
        for (stored_memo& one : out) {
            if (one.store_url == found.store_url && one.row.stream == found.stream) one.objects.push_back(found.row);
        }
    });
    if (!sound) return io::error{io::errc::corrupt, subject, path + ": a row is not what was written; the next start of a watch mends it"};
    return out;
}

}  // namespace engine
