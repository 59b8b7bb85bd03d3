// Frames of a long log copied to segments, checked and durable, beside `dd` copying the same bytes with fdatasync, on the same disk in turns.
// Usage: bench_spill [MB] [rounds]
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "bench/timing.h"
#include "io/posix_file_system.h"
#include "tests/support/chain_builder.h"
#include "tests/support/sqlite.h"
#include "wal/shadow.h"

namespace {

namespace fs = std::filesystem;

void dd(const std::string& from, const std::string& to) {
    if (std::system(("dd if=" + from + " of=" + to + " bs=1M conv=fdatasync status=none").c_str()) != 0) bench::refuse("dd failed");
}

}  // namespace

int main(int count, char** arguments) {
    const int megabytes = count > 1 ? std::atoi(arguments[1]) : 256;
    const int rounds = count > 2 ? std::atoi(arguments[2]) : 5;
    const std::string dir = bench::scratch_directory();
    const std::string path = dir + "/app.db";
    tests::app db(path);
    db.run("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x)");
    while (fs::file_size(path + "-wal") < static_cast<std::uintmax_t>(megabytes) << 20U) db.run("INSERT INTO t VALUES(randomblob(1000000))");
    io::posix_file_system files;
    bench::need_ok(files.sync_file_system(dir));
    wal::log_reader log(files, path + "-wal");
    auto head = log.open();
    const wal::position start = wal::start_of(*bench::need(head));
    auto all = log.read(start, UINT64_MAX, UINT64_MAX);
    const std::uint64_t end = bench::need(all).batch.end().offset;

    std::vector<double> copied, plain;
    for (int round = 0; round < rounds; ++round) {
        const std::string place = dir + "/shadow";
        auto to = wal::shadow::open(files, place, 1, 0);
        wal::shadow& segments = bench::need(to).segments;
        copied.push_back(bench::time([&] { bench::need_ok(segments.append(log, {}, start, end)); }));
        if (segments.segments().back().end.offset != end) bench::refuse("not all of the log was copied");
        if (round == 0) {
            io::bytes mine = tests::slurp(segments.segments().back().path);
            io::bytes theirs = tests::slurp(path + "-wal");
            if (!std::equal(mine.begin() + wal::segment_header_size, mine.end(), theirs.begin() + wal::header_size)) bench::refuse("the copy differs from the log");
        }
        fs::remove_all(place);
        plain.push_back(bench::time([&] { dd(path + "-wal", dir + "/copy"); }));
        fs::remove(dir + "/copy");
    }
    fs::remove_all(dir);
    const double mine = bench::percentile(copied, 0.5);
    const double theirs = bench::percentile(plain, 0.5);
    const double size = static_cast<double>(end) / 1e6;
    std::printf("spill: %.0f MB of log to a segment %.0f MB/s; dd with fdatasync %.0f MB/s; ratio %.2f (medians of %d)\n", size, size / mine, size / theirs,
                theirs / mine, rounds);
    return 0;
}
