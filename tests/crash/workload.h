// What the crash loop's writers write, so that every legal state of a database is exactly one number n, of transactions committed: what
// transaction n does is a function of the seed and n, and state_of() recomputes all of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/sqlite.h"

namespace crash {

enum class kind {
    inserts,      // autocommit inserts at full speed, default autocheckpoint
    rows,         // transactions of many rows with updates and deletes, some rolled back; the database grows and shrinks
    connections,  // a connection for each statement
    truncates,    // TRUNCATE checkpoints in between
};
inline constexpr kind all_kinds[] = {kind::inserts, kind::rows, kind::connections, kind::truncates};
std::string_view name(kind of);

// Pages that are written once and never again: only an upload of the whole database carries so many.
inline constexpr int ballast_pages = 600;

// Creates the database in WAL mode, at n = 0. Throws std::runtime_error, as all here.
void create(const std::string& path, kind of, std::uint64_t seed);

class workload {
public:
    workload(std::string path, kind of, std::uint64_t seed);

    // Commits transaction n(); returns its number once that has returned.
    std::uint64_t commit_next();
    // The newest committed transaction.
    std::uint64_t committed() const { return n_; }

private:
    void commit_rows(std::uint64_t n);

    std::string path_;
    kind kind_;
    std::uint64_t seed_;
    std::unique_ptr<tests::app> db_;  // none between two statements of kind::connections
    std::uint64_t n_ = 0;
    std::uint64_t chain_ = 0;
};

// The n of the state that the database is in. Throws, saying what is wrong, if it is in none: a row missing, out of order, added or
// different, or SQLite's integrity_check not content.
std::uint64_t state_of(const std::string& path, kind of, std::uint64_t seed);

}  // namespace crash
