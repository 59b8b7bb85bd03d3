#include "tests/support/chain_builder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/key.h"
#include "ltx/checksum.h"
#include "ltx/encoder.h"

namespace tests {
namespace {

void fill(io::byte_span page, std::uint32_t pgno, std::uint8_t seed) {
    for (std::size_t i = 0; i < page.size(); ++i) page[i] = static_cast<std::uint8_t>(seed + pgno + i / 64 * 31 + i % 7);
}

void run_sql(sqlite3* db, const std::string& sql) {
    char* message = nullptr;
    const int rc = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message);
    if (rc != SQLITE_OK) ADD_FAILURE() << sql << ": " << (message == nullptr ? "?" : message);
    sqlite3_free(message);
}

}  // namespace

std::uint64_t chain_builder::commit(io::bytes image) {
    images_.push_back(std::move(image));
    std::uint64_t sum = 0;
    for (std::uint32_t pgno = 1; !page(newest(), pgno).empty(); ++pgno) sum = ltx::fold(sum, ltx::page_checksum(pgno, page(newest(), pgno)));
    checksums_.push_back(sum);
    return newest();
}

std::uint64_t chain_builder::commit_page(std::uint32_t pgno, std::uint8_t seed) {
    io::bytes next = images_.empty() ? io::bytes() : images_.back();
    const auto before = static_cast<std::uint32_t>(next.size() / page_size_);
    if (pgno > before) next.resize(std::size_t{pgno} * page_size_);
    for (std::uint32_t grown = before + 1; grown < pgno; ++grown) fill(io::byte_span(next).subspan(std::size_t{grown - 1} * page_size_, page_size_), grown, seed);
    fill(io::byte_span(next).subspan(std::size_t{pgno - 1} * page_size_, page_size_), pgno, seed);
    return commit(std::move(next));
}

std::uint64_t chain_builder::commit_size(std::uint32_t pages) {
    if (images_.empty() || pages > images_.back().size() / page_size_) return commit_page(pages, 1);
    io::bytes next = images_.back();
    next.resize(std::size_t{pages} * page_size_);
    return commit(std::move(next));
}

io::byte_view chain_builder::page(std::uint64_t txid, std::uint32_t pgno) const {
    if (txid == 0 || std::size_t{pgno} * page_size_ > image(txid).size()) return {};
    return io::byte_view(image(txid)).subspan(std::size_t{pgno - 1} * page_size_, page_size_);
}

bool chain_builder::touched(std::uint64_t min, std::uint64_t max, std::uint32_t pgno) const {
    if (min == 1) return true;
    for (std::uint64_t txid = min; txid <= max; ++txid) {
        if (!std::ranges::equal(page(txid - 1, pgno), page(txid, pgno))) return true;
    }
    return false;
}

std::uint64_t chain_builder::claim(std::uint64_t txid) const {
    const auto other = claimed.find(txid);
    return other == claimed.end() ? checksum(txid) : other->second;
}

io::bytes chain_builder::file(std::uint64_t min, std::uint64_t max) const {
    ltx::header h;
    h.page_size = page_size_;
    h.commit = static_cast<std::uint32_t>(image(max).size() / page_size_);
    h.min_txid = min;
    h.max_txid = max;
    h.timestamp_ms = time_of(max);
    if (with_sums) h.sums = ltx::database_sums{claim(min - 1), claim(max)};
    auto encoder = ltx::encoder::create(h);
    if (!encoder) {
        ADD_FAILURE() << encoder.error().context;
        return {};
    }
    for (std::uint32_t pgno = 1; pgno <= h.commit; ++pgno) {
        if (!touched(min, max, pgno)) continue;
        auto added = encoder->add_page(pgno, page(max, pgno));
        if (!added) ADD_FAILURE() << added.error().context;
    }
    auto done = encoder->finish();
    if (!done) ADD_FAILURE() << done.error().context;
    return encoder->take_output();
}

std::string chain_builder::put(real_environment& real, io::object_store& store, const std::string& stream, unsigned level, std::uint64_t min,
                               std::uint64_t max) const {
    const std::string key = engine::object_key(store.layout(), stream, level, {min, max});
    auto done = real.run(store.put_if_absent(key, file(min, max), {time_of(max)}));
    if (!done) ADD_FAILURE() << done.error().context;
    return key;
}

std::vector<io::bytes> sqlite_images(const std::string& directory, unsigned commits) {
    const std::string path = directory + "/source-of-images.db";
    sqlite3* db = nullptr;
    if (sqlite3_open(path.c_str(), &db) != SQLITE_OK) ADD_FAILURE() << path;
    run_sql(db, "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b BLOB); CREATE INDEX ti ON t(a)");
    std::vector<io::bytes> images;
    for (unsigned i = 0; i < commits; ++i) {
        run_sql(db, fmt::format("BEGIN; INSERT INTO t(a, b) SELECT hex(randomblob(8)), randomblob(300) FROM (WITH RECURSIVE c(n) AS (SELECT 1 "
                                "UNION ALL SELECT n + 1 FROM c WHERE n < 100) SELECT n FROM c);"
                                "UPDATE t SET b = randomblob(200) WHERE id % 7 = {}; COMMIT", i % 7));
        if (i % 4 == 3) run_sql(db, "DELETE FROM t WHERE id % 3 <> 0; VACUUM");
        run_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
        images.push_back(slurp(path));
    }
    sqlite3_close(db);
    return images;
}

io::bytes slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary | std::ios::ate);
    io::bytes out(in ? static_cast<std::size_t>(in.tellg()) : 0);
    in.seekg(0);
    in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    out.resize(static_cast<std::size_t>(in.gcount()));
    return out;
}

void spill(const std::string& path, io::byte_view data) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
    if (!out.flush()) ADD_FAILURE() << path;
}

std::vector<std::string> names_in(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace tests
