#include "engine/state_rows.h"

#include <fmt/format.h>

#include <limits>
#include <variant>
#include <vector>

#include "ltx/checksum.h"

namespace engine {

// The comments are for who looks at the file with sqlite3: .schema shows them.
const std::array<state_table, 2> state_tables{{
    {"stream",
     "CREATE TABLE stream(  -- one row a stream and store: how far it is\n"
     "  store TEXT NOT NULL, name TEXT NOT NULL,\n"
     "  path TEXT NOT NULL, device INTEGER NOT NULL, inode INTEGER NOT NULL,  -- the database file\n"
     "  epoch INTEGER NOT NULL,  -- the writer's, in every object's header\n"
     "  txid INTEGER NOT NULL,  -- the newest that is durable; 0: none\n"
     "  page_size INTEGER NOT NULL, page_count INTEGER NOT NULL, post INTEGER NOT NULL,  -- of the database at txid; post: its checksum\n"
     "  salt1 INTEGER NOT NULL, salt2 INTEGER NOT NULL, big_endian INTEGER NOT NULL,  -- the log's generation, and where it goes on:\n"
     "  wal_offset INTEGER NOT NULL, chain0 INTEGER NOT NULL, chain1 INTEGER NOT NULL, own_frame_first INTEGER NOT NULL,\n"
     "  snapshot_txid INTEGER NOT NULL, snapshot_ms INTEGER NOT NULL,  -- the newest snapshot, and when it was made\n"
     "  durable_ms INTEGER NOT NULL,  -- when txid was confirmed; all times are ms since 1970\n"
     "  state TEXT NOT NULL, problem TEXT NOT NULL,  -- in words\n"
     "  reanchors INTEGER NOT NULL,  -- how often continuity was lost\n"
     "  pressure TEXT NOT NULL, shadow_bytes INTEGER NOT NULL,  -- what is done while the store is behind; frames in local segments\n"
     "  gone_ms INTEGER NOT NULL,  -- since when the database file is missing; 0: it is not\n"
     "  seal INTEGER NOT NULL,  -- CRC-64 of the row: a row that was changed by hand is not believed\n"
     "  PRIMARY KEY(store, name)) WITHOUT ROWID"},
    {"object",
     "CREATE TABLE object(  -- objects on their way, refused, or with a local file; all others are in the store, and in no row\n"
     "  store TEXT NOT NULL, stream TEXT NOT NULL, level INTEGER NOT NULL, min_txid INTEGER NOT NULL, max_txid INTEGER NOT NULL,\n"
     "  kind TEXT NOT NULL,  -- capture, snapshot\n"
     "  state TEXT NOT NULL,  -- pending, uploaded, failed (refused for good; tried again at a start and by retry)\n"
     "  size INTEGER NOT NULL,  -- bytes\n"
     "  attempts INTEGER NOT NULL, error TEXT NOT NULL,  -- puts that failed, and the last one's error\n"
     "  file TEXT NOT NULL, file_checksum INTEGER NOT NULL,  -- its bytes, relative to the state directory\n"
     "  time_ms INTEGER NOT NULL,  -- when it came into this state\n"
     "  seal INTEGER NOT NULL,  -- CRC-64 of the row\n"
     "  PRIMARY KEY(store, stream, level, min_txid, max_txid)) WITHOUT ROWID"},
}};

const char* const select_memos =
    "SELECT store,name,path,device,inode,epoch,txid,page_size,page_count,post,salt1,salt2,big_endian,wal_offset,chain0,chain1,"
    "own_frame_first,snapshot_txid,snapshot_ms,durable_ms,state,problem,reanchors,pressure,shadow_bytes,gone_ms,seal FROM stream";
const char* const replace_memo = "REPLACE INTO stream VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
const char* const delete_memo = "DELETE FROM stream WHERE store=? AND name=?";
const char* const select_objects =
    "SELECT store,stream,level,min_txid,max_txid,kind,state,size,attempts,error,file,file_checksum,time_ms,seal FROM object";
const char* const replace_object = "REPLACE INTO object VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
const char* const delete_object = "DELETE FROM object WHERE store=? AND stream=? AND level=? AND min_txid=? AND max_txid=?";

namespace {

using cell = std::variant<std::uint64_t, std::string>;
using cells = std::vector<cell>;

constexpr int memo_cells = 26;
constexpr int object_cells = 13;

std::uint64_t seal_of(const cells& row) {
    std::string text;
    for (const cell& one : row) {
        if (const auto* number = std::get_if<std::uint64_t>(&one)) {
            text += fmt::format("{}\n", *number);
        } else {
            text += fmt::format("{}:{}\n", std::get<std::string>(one).size(), std::get<std::string>(one));
        }
    }
    return ltx::crc64_of(io::view_of(text));
}

// The columns before the seal, if the seal is theirs.
std::optional<cells> read_cells(sqlite3_stmt* s, int count) {
    cells row;
    for (int i = 0; i < count; ++i) {
        switch (sqlite3_column_type(s, i)) {
            case SQLITE_INTEGER: row.emplace_back(column_u64(s, i)); break;
            case SQLITE_TEXT: row.emplace_back(column_text(s, i)); break;
            default: return std::nullopt;
        }
    }
    if (sqlite3_column_type(s, count) != SQLITE_INTEGER || column_u64(s, count) != seal_of(row)) return std::nullopt;
    return row;
}

void bind_cells(sqlite3_stmt* s, const cells& row) {
    int index = 1;
    for (const cell& one : row) std::visit([&](const auto& value) { bind(s, index++, value); }, one);
    bind(s, index, seal_of(row));
}

// Takes a row's cells one after the other. What has a seal was written by us: of the right types, unless somebody computes seals.
class taker {
public:
    explicit taker(const cells& row) : row_(row) {}
    template <class T>
    void operator()(T& out) {
        const cell& one = row_.at(at_++);
        if constexpr (std::is_same_v<T, std::string>) {
            const auto* text = std::get_if<std::string>(&one);
            if (text == nullptr) sound_ = false; else out = *text;
        } else {
            const auto* number = std::get_if<std::uint64_t>(&one);
            if (number == nullptr) sound_ = false; else out = static_cast<T>(*number);
        }
    }
    bool sound() const { return sound_; }

private:
    const cells& row_;
    std::size_t at_ = 0;
    bool sound_ = true;
};

template <class... T>
cells cells_of(const T&... values) {
    cells out;
    const auto add = [&out](const auto& value) {
        if constexpr (std::is_convertible_v<decltype(value), std::string_view>) {
            out.emplace_back(std::string(value));
        } else {
            out.emplace_back(static_cast<std::uint64_t>(value));
        }
    };
    (add(values), ...);
    return out;
}

}  // namespace

std::string_view name(object_row::fate state) {
    switch (state) {
        case object_row::fate::pending: return "pending";
        case object_row::fate::uploaded: return "uploaded";
        case object_row::fate::failed: return "failed";
    }
    return "";
}

std::optional<stored<memo>> read_memo(sqlite3_stmt* s) {
    const auto row = read_cells(s, memo_cells);
    if (!row) return std::nullopt;
    stored<memo> out;
    memo& m = out.row;
    taker take(*row);
    take(out.store_url), take(m.stream), take(m.path), take(m.identity.device), take(m.identity.inode), take(m.epoch), take(m.txid);
    take(m.page_size), take(m.page_count), take(m.post), take(m.position.salt1), take(m.position.salt2), take(m.position.big_endian);
    take(m.position.offset), take(m.position.running.s0), take(m.position.running.s1), take(m.own_frame_first), take(m.snapshot_txid);
    take(m.snapshot_ms), take(m.durable_ms), take(m.state), take(m.problem), take(m.reanchors), take(m.pressure), take(m.shadow_bytes), take(m.gone_ms);
    if (!take.sound()) return std::nullopt;
    m.position.page_size = m.page_size;
    out.stream = m.stream;
    return out;
}

void bind_memo(sqlite3_stmt* s, const std::string& store_url, const memo& m) {
    bind_cells(s, cells_of(store_url, m.stream, m.path, m.identity.device, m.identity.inode, m.epoch, m.txid, m.page_size, m.page_count, m.post,
                           m.position.salt1, m.position.salt2, m.position.big_endian, m.position.offset, m.position.running.s0,
                           m.position.running.s1, m.own_frame_first, m.snapshot_txid, m.snapshot_ms, m.durable_ms, m.state, m.problem,
                           m.reanchors, m.pressure, m.shadow_bytes, m.gone_ms));
}

std::optional<stored<object_row>> read_object(sqlite3_stmt* s) {
    const auto row = read_cells(s, object_cells);
    if (!row) return std::nullopt;
    stored<object_row> out;
    object_row& o = out.row;
    std::string kind;
    std::string state;
    taker take(*row);
    take(out.store_url), take(out.stream), take(o.name.level), take(o.name.range.min), take(o.name.range.max), take(kind), take(state);
    take(o.size), take(o.attempts), take(o.error), take(o.file), take(o.file_checksum), take(o.time_ms);
    for (const auto fate : {object_row::fate::pending, object_row::fate::uploaded, object_row::fate::failed}) {
        if (state != name(fate)) continue;
        o.state = fate;
        if (take.sound()) return out;
    }
    return std::nullopt;
}

void bind_stream(sqlite3_stmt* s, const std::string& store_url, const std::string& stream) {
    bind(s, 1, store_url);
    bind(s, 2, stream);
}

void bind_object(sqlite3_stmt* s, const std::string& store_url, const std::string& stream, const object_row& o) {
    const char* kind = ltx::is_snapshot(o.name.range) ? "snapshot" : "capture";
    bind_cells(s, cells_of(store_url, stream, o.name.level, o.name.range.min, o.name.range.max, kind, name(o.state), o.size, o.attempts,
                           o.error, o.file, o.file_checksum, o.time_ms));
}

void bind_object_name(sqlite3_stmt* s, const std::string& store_url, const std::string& stream, const object_name& name) {
    bind(s, 1, store_url);
    bind(s, 2, stream);
    bind(s, 3, std::uint64_t{name.level});
    bind(s, 4, name.range.min);
    bind(s, 5, name.range.max);
}

}  // namespace engine
