#include "tests/crash/workload.h"

#include <fmt/format.h>

#include <map>
#include <stdexcept>

namespace crash {

namespace {

constexpr std::uint64_t window = 120;  // transactions after which rows are deleted
constexpr std::uint64_t purge_every = 50;
constexpr std::uint64_t purge_keeps = 10;

std::uint64_t mix(std::uint64_t a, std::uint64_t b = 0) {
    std::uint64_t z = a + 0x9e3779b97f4a7c15ULL * (b + 1);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
}

std::string bytes(std::uint64_t seed, std::size_t size) {
    std::string out(size, '0');
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < size; ++i) {
        if (i % 16 == 0) word = mix(seed, i / 16);
        out[i] = "0123456789abcdef"[word >> 60U];
        word <<= 4U;
    }
    return out;
}

std::string chain_pad(std::uint64_t chain) { return bytes(chain, chain % 60); }
std::string ballast(std::uint64_t seed, int i, int page_size) {
    return bytes(mix(seed, 77 + static_cast<std::uint64_t>(i)), static_cast<std::size_t>(page_size) * 3 / 4);
}

int page_size_of(kind of) {
    switch (of) {
        case kind::rows: return 1024;
        case kind::truncates: return 512;
        default: return 4096;
    }
}

struct row {
    std::uint64_t owner = 0;
    std::string value;
};

// What transaction n of kind::rows does to the rows, in this order.
struct changes {
    std::map<std::uint64_t, row> inserted;  // by id
    std::map<std::uint64_t, std::string> updated;  // owner's rows get this value
    std::uint64_t deleted_up_to = 0;               // owners up to this one lose their rows
};

changes changes_of(std::uint64_t seed, std::uint64_t n) {
    changes out;
    const std::uint64_t dice = mix(seed, n);
    for (std::uint64_t j = 0; j < 1 + dice % 5; ++j) {
        const std::uint64_t own = mix(dice, j);
        out.inserted[n * 8 + j] = {n, bytes(own, own % 16 == 0 ? 6000 : own % 900)};
    }
    for (std::uint64_t j = 0; j < (dice >> 8U) % 4; ++j) {
        const std::uint64_t back = 1 + mix(dice, 100 + j) % (window / 2);
        if (back < n) out.updated[n - back] = bytes(mix(dice, 200 + j), mix(dice, 300 + j) % 1500);
    }
    if (n > window) out.deleted_up_to = n - window;
    if (n % purge_every == 0 && n > purge_keeps) out.deleted_up_to = n - purge_keeps;
    return out;
}

std::map<std::uint64_t, row> rows_after(std::uint64_t seed, std::uint64_t n) {
    std::map<std::uint64_t, row> out;
    for (std::uint64_t at = n > window ? n - window + 1 : 1; at <= n; ++at) {
        changes now = changes_of(seed, at);
        out.merge(now.inserted);
        for (auto& [id, each] : out) {
            if (const auto found = now.updated.find(each.owner); found != now.updated.end()) each.value = found->second;
        }
        std::erase_if(out, [&](const auto& each) { return each.second.owner <= now.deleted_up_to; });
    }
    return out;
}

// A prepared statement that steps through rows.
class query {
public:
    query(tests::app& db, const char* sql) {
        if (sqlite3_prepare_v2(db.handle(), sql, -1, &statement_, nullptr) != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(db.handle()));
    }
    ~query() { sqlite3_finalize(statement_); }
    query(const query&) = delete;
    query& operator=(const query&) = delete;

    bool step() {
        const int rc = sqlite3_step(statement_);
        if (rc != SQLITE_ROW && rc != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(sqlite3_db_handle(statement_)));
        return rc == SQLITE_ROW;
    }
    std::uint64_t number(int i) const { return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, i)); }
    std::string blob(int i) const {
        const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, i));
        return data == nullptr ? std::string() : std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, i)));
    }
    query& bind(int i, std::uint64_t value) {
        sqlite3_bind_int64(statement_, i, static_cast<sqlite3_int64>(value));
        return *this;
    }
    query& bind(int i, const std::string& value) {
        sqlite3_bind_blob(statement_, i, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
        return *this;
    }

private:
    sqlite3_stmt* statement_ = nullptr;
};

void insert_chain(tests::app& db, std::uint64_t n, std::uint64_t chain) {
    query(db, "INSERT INTO chain VALUES(?1, ?2, ?3)").bind(1, n).bind(2, chain).bind(3, chain_pad(chain)).step();
}

[[noreturn]] void wrong(const std::string& path, const std::string& what) { throw std::runtime_error(path + ": " + what); }

}  // namespace

std::string_view name(kind of) {
    switch (of) {
        case kind::inserts: return "inserts";
        case kind::rows: return "rows";
        case kind::connections: return "connections";
        case kind::truncates: return "truncates";
    }
    return "?";
}

void create(const std::string& path, kind of, std::uint64_t seed) {
    tests::app db(path);
    db.run(fmt::format("PRAGMA page_size={}; PRAGMA auto_vacuum={}; PRAGMA journal_mode=WAL; BEGIN;"
                       "CREATE TABLE ballast(id INTEGER PRIMARY KEY, v BLOB);"
                       "CREATE TABLE chain(n INTEGER PRIMARY KEY, h INTEGER, pad BLOB);"
                       "CREATE TABLE rows(id INTEGER PRIMARY KEY, owner INTEGER, v BLOB); CREATE INDEX rows_owner ON rows(owner, v)",
                       page_size_of(of), of == kind::rows ? 2 : 0));
    for (int i = 1; i <= ballast_pages; ++i) {
        query(db, "INSERT INTO ballast VALUES(?1, ?2)").bind(1, static_cast<std::uint64_t>(i)).bind(2, ballast(seed, i, page_size_of(of))).step();
    }
    db.run("COMMIT");
}

workload::workload(std::string path, kind of, std::uint64_t seed) : path_(std::move(path)), kind_(of), seed_(seed) {
    db_ = std::make_unique<tests::app>(path_, 20'000);
    query newest(*db_, "SELECT n, h FROM chain ORDER BY n DESC LIMIT 1");
    chain_ = seed;
    if (newest.step()) {
        n_ = newest.number(0);
        chain_ = newest.number(1);
    }
    db_->run("PRAGMA synchronous=NORMAL");
    if (kind_ == kind::rows) db_->run("PRAGMA cache_size=8");  // so that transactions reach the log before they commit
}

std::uint64_t workload::commit_next() {
    const std::uint64_t n = n_ + 1;
    const std::uint64_t chain = mix(chain_, n);
    if (kind_ == kind::connections) db_ = std::make_unique<tests::app>(path_, 20'000);
    if (kind_ == kind::rows) {
        commit_rows(n);
    } else {
        insert_chain(*db_, n, chain);
    }
    n_ = n;
    chain_ = chain;
    if (kind_ == kind::connections) db_.reset();
    if (kind_ == kind::truncates && n % 16 == 0) {
        sqlite3_busy_timeout(db_->handle(), 20);  // flotilla's pin makes it wait in vain
        db_->run("PRAGMA wal_checkpoint(TRUNCATE)");
        sqlite3_busy_timeout(db_->handle(), 20'000);
    }
    return n_;
}

void workload::commit_rows(std::uint64_t n) {
    tests::app& db = *db_;
    if (n % 7 == 0) {
        db.run("BEGIN IMMEDIATE; INSERT INTO rows SELECT -id, -1, randomblob(700) FROM ballast LIMIT 60; ROLLBACK");
    }
    const changes now = changes_of(seed_, n);
    db.run("BEGIN IMMEDIATE");
    for (const auto& [id, each] : now.inserted) {
        query(db, "INSERT INTO rows VALUES(?1, ?2, ?3)").bind(1, id).bind(2, each.owner).bind(3, each.value).step();
    }
    for (const auto& [owner, value] : now.updated) query(db, "UPDATE rows SET v=?2 WHERE owner=?1").bind(1, owner).bind(2, value).step();
    if (now.deleted_up_to != 0) query(db, "DELETE FROM rows WHERE owner<=?1").bind(1, now.deleted_up_to).step();
    insert_chain(db, n, mix(chain_, n));
    if (n % purge_every == 0) db.run("PRAGMA incremental_vacuum");
    db.run("COMMIT");
}

std::uint64_t state_of(const std::string& path, kind of, std::uint64_t seed) {
    tests::app db(path);
    if (const std::string said = db.text("PRAGMA integrity_check"); said != "ok") wrong(path, "integrity_check: " + said);
    std::uint64_t n = 0;
    std::uint64_t chain = seed;
    for (query all(db, "SELECT n, h, pad FROM chain ORDER BY n"); all.step();) {
        ++n;
        chain = mix(chain, n);
        if (all.number(0) != n) wrong(path, fmt::format("transaction {} is missing, {} is there", n, all.number(0)));
        if (all.number(1) != chain || all.blob(2) != chain_pad(chain)) wrong(path, fmt::format("transaction {} is not what was committed", n));
    }
    int i = 0;
    for (query all(db, "SELECT id, v FROM ballast ORDER BY id"); all.step();) {
        const bool right = all.number(0) == static_cast<std::uint64_t>(++i) && all.blob(1) == ballast(seed, i, page_size_of(of));
        if (!right) wrong(path, fmt::format("row {} of ballast is wrong", i));
    }
    if (i != ballast_pages) wrong(path, fmt::format("ballast has {} rows", i));
    const std::map<std::uint64_t, row> expected = of == kind::rows ? rows_after(seed, n) : std::map<std::uint64_t, row>();
    auto next = expected.begin();
    for (query all(db, "SELECT id, owner, v FROM rows ORDER BY id"); all.step(); ++next) {
        if (next == expected.end() || next->first != all.number(0))
            wrong(path, fmt::format("row {} must not be there after transaction {}", all.number(0), n));
        if (next->second.owner != all.number(1) || next->second.value != all.blob(2))
            wrong(path, fmt::format("row {} is not as transaction {} left it", next->first, n));
    }
    if (next != expected.end()) wrong(path, fmt::format("row {} is missing after transaction {}", next->first, n));
    return n;
}

}  // namespace crash
