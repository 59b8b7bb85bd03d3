#include "engine/state_store.h"

#include <fmt/format.h>

#include "engine/sqlite.h"
#include "io/failpoint.h"
#include "io/wakeup.h"

namespace engine {

namespace {

constexpr auto subject = io::subject::general;

constexpr const char* schema =
    "CREATE TABLE IF NOT EXISTS host(epoch INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS stream("
    " store TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL, device INTEGER NOT NULL, inode INTEGER NOT NULL,"
    " epoch INTEGER NOT NULL, txid INTEGER NOT NULL, page_size INTEGER NOT NULL, page_count INTEGER NOT NULL, post INTEGER NOT NULL,"
    " salt1 INTEGER NOT NULL, salt2 INTEGER NOT NULL, big_endian INTEGER NOT NULL, wal_offset INTEGER NOT NULL,"
    " chain0 INTEGER NOT NULL, chain1 INTEGER NOT NULL, own_frame_first INTEGER NOT NULL,"
    " snapshot_txid INTEGER NOT NULL, snapshot_ms INTEGER NOT NULL, durable_ms INTEGER NOT NULL,"
    " state TEXT NOT NULL, problem TEXT NOT NULL, reanchors INTEGER NOT NULL,"
    " PRIMARY KEY(store, name)) WITHOUT ROWID;";

constexpr const char* select_all =
    "SELECT store,name,path,device,inode,epoch,txid,page_size,page_count,post,salt1,salt2,big_endian,wal_offset,chain0,chain1,"
    "own_frame_first,snapshot_txid,snapshot_ms,durable_ms,state,problem,reanchors FROM stream";

constexpr const char* replace_one = "REPLACE INTO stream VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

stored_memo read_row(sqlite3_stmt* s) {
    const auto u32 = [s](int index) { return static_cast<std::uint32_t>(column_u64(s, index)); };
    stored_memo out;
    out.store_url = column_text(s, 0);
    memo& m = out.row;
    m.stream = column_text(s, 1);
    m.path = column_text(s, 2);
    m.identity = {column_u64(s, 3), column_u64(s, 4)};
    m.epoch = column_u64(s, 5);
    m.txid = column_u64(s, 6);
    m.page_size = u32(7);
    m.page_count = u32(8);
    m.post = column_u64(s, 9);
    m.position.salt1 = u32(10);
    m.position.salt2 = u32(11);
    m.position.page_size = m.page_size;
    m.position.big_endian = column_u64(s, 12) != 0;
    m.position.offset = column_u64(s, 13);
    m.position.running = {u32(14), u32(15)};
    m.own_frame_first = column_u64(s, 16) != 0;
    m.snapshot_txid = column_u64(s, 17);
    m.snapshot_ms = sqlite3_column_int64(s, 18);
    m.durable_ms = sqlite3_column_int64(s, 19);
    m.state = column_text(s, 20);
    m.problem = column_text(s, 21);
    m.reanchors = column_u64(s, 22);
    return out;
}

void bind_row(sqlite3_stmt* s, const std::string& store_url, const memo& m) {
    bind(s, 1, store_url);
    bind(s, 2, m.stream);
    bind(s, 3, m.path);
    const std::uint64_t numbers[] = {m.identity.device, m.identity.inode, m.epoch, m.txid, m.page_size, m.page_count, m.post,
                                     m.position.salt1, m.position.salt2, m.position.big_endian ? 1U : 0U, m.position.offset,
                                     m.position.running.s0, m.position.running.s1, m.own_frame_first ? 1U : 0U, m.snapshot_txid};
    int index = 4;
    for (const std::uint64_t number : numbers) bind(s, index++, number);
    bind(s, index++, m.snapshot_ms);
    bind(s, index++, m.durable_ms);
    bind(s, index++, m.state);
    bind(s, index++, m.problem);
    bind(s, index++, m.reanchors);
}

io::result<sqlite_handle> open_writable(const std::string& path) {
    auto db = open_sqlite(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, subject);
    if (!db) return db.error();
    sqlite3_busy_timeout(db->get(), 5000);
    for (const char* sql : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", schema}) {
        if (auto ok = execute(db->get(), sql, subject); !ok) return ok.error();
    }
    auto check = prepare(db->get(), "PRAGMA quick_check(1)", subject);
    if (!check) return check.error();
    if (sqlite3_step(check->get()) != SQLITE_ROW || column_text(check->get(), 0) != "ok") {
        return io::error{io::errc::corrupt, subject, path + ": quick_check fails"};
    }
    return db;
}

io::result<void> write_rows(sqlite3* db, const std::string& store_url, const std::map<std::string, memo>& rows) {
    if (auto ok = execute(db, "BEGIN IMMEDIATE", subject); !ok) return ok.error();
    auto statement = prepare(db, replace_one, subject);
    io::result<void> outcome = statement ? io::result<void>() : statement.error();
    for (auto row = rows.begin(); outcome && row != rows.end(); ++row) {
        bind_row(statement->get(), store_url, row->second);
        if (sqlite3_step(statement->get()) != SQLITE_DONE) outcome = sqlite_error(db, subject, "state.db");
        sqlite3_reset(statement->get());
    }
    io::failpoint("state.written");
    if (outcome) outcome = execute(db, "COMMIT", subject);
    io::failpoint("state.committed");
    if (!outcome) sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
    return outcome;
}

}  // namespace

state_store::state_store(const io::environment& env, std::string directory, std::string store_url)
    : env_(env), directory_(std::move(directory)), store_url_(std::move(store_url)) {}

state_store::~state_store() { sqlite3_close_v2(db_); }

io::task<io::result<std::unique_ptr<state_store>>> state_store::open(const io::environment& env, std::string directory,
                                                                     std::string store_url, std::string who) {
    std::unique_ptr<state_store> out(new state_store(env, std::move(directory), std::move(store_url)));
    const std::uint64_t epoch = (env.dice.next() >> 1U) | 1U;
    const std::int64_t now = env.time.wall_ms();
    auto opened = co_await env.elsewhere([&]() -> io::result<void> {
        io::file_system& files = env.files;
        if (auto ok = files.make_directories(out->directory_); !ok) return ok.error().within("state directory");
        auto lock = files.lock(io::join(out->directory_, "lock"), who);
        if (!lock && lock.error().code == io::errc::held) {
            // The same command once more: what it would watch is watched.
            return io::error{io::errc::held, io::subject::database,
                             fmt::format("state directory {} is in use by: {}. Stop that one first, or give this one a state directory "
                                         "of its own",
                                         out->directory_, lock.error().context)};
        }
        if (!lock) return lock.error().within("state directory");
        out->lock_ = std::move(*lock);
        const std::string path = io::join(out->directory_, "state.db");
        auto db = open_writable(path);
        if (!db && db.error().code == io::errc::corrupt) {
            const std::string aside = fmt::format("{}.corrupt-{}", path, now);
            env.journal.error("{}; moved to {}; beginning anew, streams will be compared with the store", db.error().context, aside);
            if (auto ok = files.rename(path, aside); !ok) return ok.error();
            for (const char* tail : {"-wal", "-shm"}) (void)files.remove(path + tail);
            db = open_writable(path);
        }
        if (!db) return db.error().within("state directory");
        out->db_ = db->release();
        out->epoch_ = epoch;
        return out->load();
    });
    if (!opened) co_return opened.error();
    co_return out;
}

io::result<void> state_store::load() {
    auto host = prepare(db_, "SELECT epoch FROM host", subject);
    if (!host) return host.error();
    if (sqlite3_step(host->get()) == SQLITE_ROW) {
        epoch_ = column_u64(host->get(), 0);
    } else {
        auto insert = prepare(db_, "INSERT INTO host VALUES(?)", subject);
        if (!insert) return insert.error();
        bind(insert->get(), 1, epoch_);
        if (sqlite3_step(insert->get()) != SQLITE_DONE) return sqlite_error(db_, subject, "state.db");
    }
    auto rows = prepare(db_, select_all, subject);
    if (!rows) return rows.error();
    int rc = SQLITE_ROW;
    while ((rc = sqlite3_step(rows->get())) == SQLITE_ROW) {
        stored_memo found = read_row(rows->get());
        if (found.store_url == store_url_) rows_[found.row.stream] = std::move(found.row);
    }
    if (rc != SQLITE_DONE) return sqlite_error(db_, subject, "state.db");
    return {};
}

std::optional<memo> state_store::find(const std::string& stream) const {
    const auto at = rows_.find(stream);
    if (at == rows_.end()) return std::nullopt;
    return at->second;
}

std::vector<memo> state_store::all() const {
    std::vector<memo> out;
    for (const auto& [name, row] : rows_) out.push_back(row);
    return out;
}

void state_store::put(const memo& row) {
    rows_[row.stream] = row;
    marked_[row.stream] = row;
}

io::task<io::result<void>> state_store::flush() {
    while (flushing_) co_await io::sleep_for(env_.time, std::chrono::milliseconds(1));
    if (marked_.empty()) co_return io::result<void>();
    flushing_ = true;
    std::map<std::string, memo> rows = std::move(marked_);
    marked_.clear();
    auto written = co_await env_.elsewhere([&] { return write_rows(db_, store_url_, rows); });
    flushing_ = false;
    if (!written) marked_.merge(rows);  // what was put meanwhile is newer and stays
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
    auto rows = prepare(db->get(), select_all, subject);
    if (!rows) return rows.error();
    std::vector<stored_memo> out;
    int rc = SQLITE_ROW;
    while ((rc = sqlite3_step(rows->get())) == SQLITE_ROW) out.push_back(read_row(rows->get()));
    if (rc != SQLITE_DONE) return sqlite_error(db->get(), subject, path);
    return out;
}

}  // namespace engine
