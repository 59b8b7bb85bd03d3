#include "tests/sim/state_file.h"

#include <sqlite3.h>

#include <algorithm>
#include <map>
#include <memory>

#include "engine/state_rows.h"

namespace sim {

namespace {

constexpr std::size_t header_bytes = 32;
constexpr std::size_t frame_bytes = 24;

// Of SQLite's log: over pairs of words, in the byte order that its header says.
struct running_sum {
    bool big_endian;
    std::uint32_t s0 = 0, s1 = 0;
    void add(io::byte_view data) {
        for (std::size_t at = 0; at + 8 <= data.size(); at += 8) {
            const auto word = [&](std::size_t from) {
                const std::uint32_t big = io::load_big<std::uint32_t>(data.data() + from);
                return big_endian ? big : __builtin_bswap32(big);
            };
            s0 += word(at) + s1;
            s1 += word(at + 4) + s0;
        }
    }
    bool is(const std::uint8_t* stored) const { return io::load_big<std::uint32_t>(stored) == s0 && io::load_big<std::uint32_t>(stored + 4) == s1; }
};

io::byte_view bytes_of(const disk& on, const std::string& path) {
    int problem = 0;
    const auto node = on.find(path, problem);
    return node && !node->directory ? io::byte_view(node->now.all()) : io::byte_view();
}

using statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

// Calls `take` for each row; false if there is no such table, or it cannot be read.
template <class Take>
bool each_row(sqlite3* db, const char* select, Take take) {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(db, select, -1, &made, nullptr) != SQLITE_OK) return false;
    const statement rows(made, &sqlite3_finalize);
    int rc = SQLITE_ROW;
    while ((rc = sqlite3_step(rows.get())) == SQLITE_ROW) take(rows.get());
    return rc == SQLITE_DONE;
}

}  // namespace

io::bytes with_log(io::byte_view database, io::byte_view log) {
    io::bytes out(database.begin(), database.end());
    if (log.size() < header_bytes) return out;
    const std::size_t page = io::load_big<std::uint32_t>(log.data() + 8);
    running_sum sum{(log[3] & 1U) != 0};
    sum.add(log.first(24));
    if (page < 512 || page > 65536 || !sum.is(log.data() + 24)) return out;
    std::map<std::uint32_t, io::byte_view> open;  // pages of a transaction that has not ended
    for (std::size_t at = header_bytes; at + frame_bytes + page <= log.size(); at += frame_bytes + page) {
        const std::uint8_t* const head = log.data() + at;
        if (!std::equal(head + 8, head + 16, log.data() + 16)) break;  // of an older generation
        sum.add(log.subspan(at, 8));
        sum.add(log.subspan(at + frame_bytes, page));
        if (!sum.is(head + 16)) break;
        open[io::load_big<std::uint32_t>(head)] = log.subspan(at + frame_bytes, page);
        const std::size_t pages = io::load_big<std::uint32_t>(head + 4);
        if (pages == 0) continue;
        out.resize(pages * page);
        for (const auto& [number, data] : open) if (number != 0 && number <= pages) std::copy(data.begin(), data.end(), out.begin() + static_cast<std::ptrdiff_t>((number - 1) * page));
        open.clear();
    }
    return out;
}

std::optional<state_rows> read_state_file(const disk& on, const std::string& path) {
    io::bytes all = with_log(bytes_of(on, path), bytes_of(on, path + "-wal"));
    if (all.size() < 512) return std::nullopt;
    all[18] = all[19] = 1;  // what is in memory has no log
    sqlite3* db = nullptr;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK) return std::nullopt;
    const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> closed(db, &sqlite3_close);
    const auto size = static_cast<sqlite3_int64>(all.size());
    if (sqlite3_deserialize(db, "main", all.data(), size, size, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK) return std::nullopt;
    state_rows out;
    const bool sound = each_row(db, engine::select_memos, [&](sqlite3_stmt* row) { if (auto one = engine::read_memo(row)) out.streams.push_back(std::move(one->row)); }) &&
                       each_row(db, engine::select_objects, [&](sqlite3_stmt* row) {
                           if (auto one = engine::read_object(row)) out.objects.emplace_back(std::move(one->stream), std::move(one->row));
                       });
    return sound ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace sim
