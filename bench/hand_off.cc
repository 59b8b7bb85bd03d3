// How long writers are kept out while a log of 100 MB is handed off, with a tail to be copied under the lock, beside SQLite's own
// wal_checkpoint(RESTART) of such a log, which keeps writers out while it runs. Usage: bench_hand_off [MB] [rounds]
#include <cstdio>
#include <filesystem>

#include "bench/timing.h"
#include "io/posix_file_system.h"
#include "tests/support/sqlite.h"
#include "wal/live_database.h"
#include "wal/shadow.h"

namespace {

namespace fs = std::filesystem;
constexpr int tail_commits = 20;

void fill(tests::app& db, const std::string& path, int megabytes) {
    while (fs::file_size(path + "-wal") < static_cast<std::uintmax_t>(megabytes) << 20U) db.run("INSERT INTO t VALUES(randomblob(1000000))");
}

// The log as it is: a new file each time, so that its length says how much was written.
void start(tests::app& db) { db.run("DELETE FROM t; PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t VALUES(1)"); }

void print(const char* what, const std::vector<double>& seconds) {
    std::printf("  %-36s p50 %7.1f ms, p99 %7.1f ms, max %7.1f ms\n", what, bench::percentile(seconds, 0.5) * 1e3, bench::percentile(seconds, 0.99) * 1e3,
                bench::percentile(seconds, 1) * 1e3);
}

// One handoff as the engine does it: everything but the tail was captured.
double hand_off(io::file_system& files, const std::string& path, const std::string& place, tests::app& db, int megabytes) {
    start(db);
    auto live = wal::live_database::open(files, path, {});
    wal::pin& pin = bench::need(live)->log_pin();
    bench::need_ok(pin.take([](const wal::wal_index&) { return true; }));
    fill(db, path, megabytes);
    bench::need_ok(pin.advance());
    wal::log_reader log(files, path + "-wal");
    auto head = log.open();
    auto read = log.read(wal::start_of(*bench::need(head)), UINT64_MAX, UINT64_MAX);
    const wal::position captured = bench::need(read).batch.end();
    for (int i = 0; i < tail_commits; ++i) db.run("INSERT INTO t VALUES(randomblob(2000))");
    auto to = wal::shadow::open(files, place, 1, 0);
    wal::shadow& segments = bench::need(to).segments;
    auto done = pin.hand_off([&](const wal::wal_index& now) -> io::result<bool> {
        bench::need_ok(segments.append(log, {}, captured, wal::frame_offset(std::uint64_t{now.max_frame} + 1, captured.page_size)));
        return true;
    });
    if (bench::need(done).what != wal::handoff::outcome::handed_off) bench::refuse("the log was not handed off");
    if (segments.segments().size() != 1 || segments.bytes() < tail_commits * 4120) bench::refuse("the tail was not copied");
    fs::remove_all(place);
    return static_cast<double>(done->locked_ns) / 1e9;
}

}  // namespace

int main(int count, char** arguments) {
    const int megabytes = count > 1 ? std::atoi(arguments[1]) : 100;
    const int rounds = count > 2 ? std::atoi(arguments[2]) : 30;
    const std::string dir = bench::scratch_directory();
    const std::string path = dir + "/app.db";
    io::posix_file_system files;
    tests::app db(path);
    db.run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x)");
    std::vector<double> ours, own;
    for (int round = 0; round < rounds; ++round) {
        ours.push_back(hand_off(files, path, dir + "/shadow", db, megabytes));
        start(db);
        fill(db, path, megabytes);
        own.push_back(bench::time([&] { db.run("PRAGMA wal_checkpoint(RESTART)"); }));
    }
    fs::remove_all(dir);
    std::printf("hand_off: writers kept out, log of %d MB, tail of %d commits, %d times\n", megabytes, tail_commits, rounds);
    print("flotilla's handoff", ours);
    print("SQLite's wal_checkpoint(RESTART)", own);
    return 0;
}
