// Sizes that break what is careless: a transaction far larger than our memory, and a database beyond the lock page at 1 GiB.
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/e2e/fixture.h"

namespace e2e {
namespace {

constexpr std::uint64_t mib = 1U << 20U;
constexpr std::uint64_t lock_byte = 0x40000000;

// A line of /proc/PID/status, in bytes.
std::uint64_t memory(pid_t pid, const std::string& field) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(field + ":")) return std::stoull(line.substr(field.size() + 1)) * 1024;
    }
    throw std::runtime_error("no " + field + " of process " + std::to_string(pid));
}

class large : public end_to_end {
protected:
    void expect_same_pages(const std::string& restored) {
        tests::app(db).run("PRAGMA wal_checkpoint(TRUNCATE)");
        EXPECT_TRUE(same_pages(restored, db));
        std::filesystem::remove(restored);
    }
};

// One transaction takes the database across the lock page; then a snapshot of all of it is made, too. Each is restored byte for byte.
TEST_F(large, a_transaction_of_a_gibibyte_in_64_mebibytes_of_memory_across_the_lock_page) {
    create(db);
    auto run = follow(db);
    application app("one_huge_transaction", db, {"mib=1040"});
    run->await("confirmed", 2);
    const std::uint64_t before = memory(run->pid(), "VmRSS");
    run->await_after("confirmed", [&] { app.ask(); });
    run->await("handed_off");  // a gigabyte was checkpointed and the log restarted
    const std::uint64_t peak = memory(run->pid(), "VmHWM");
    const std::uint64_t most = before + (on_s3() ? 128 : 64) * mib;  // there 64 MiB of parts travel at once (s3/multipart_writer.h)
    EXPECT_LE(peak, most) << (peak - before) / mib << " MiB more than before";
    RecordProperty("peak_mib", static_cast<int>(peak / mib));
    const std::int64_t commits = app.finish();
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_GT(std::filesystem::file_size(db), lock_byte + mib);
    const std::string from_increment = restore("app.db");
    expect_log(from_increment, commits);
    expect_same_pages(from_increment);

    // Pages on both sides of the lock page are written again, and the snapshot is taken.
    run = follow(db);
    tests::app writer(db);
    run->await_after("confirmed", [&] { writer.run("UPDATE ballast SET x=randomblob(1048576) WHERE id IN (1, 1037, 1038, 1040)"); });
    const auto made = tests::flotilla({"snapshot", "app.db", "--state", state});
    EXPECT_EQ(made.code, 0) << made.err;
    run->await_after("confirmed", [&] { writer.run("INSERT INTO t(x) VALUES('beyond the snapshot')"); });
    EXPECT_LE(memory(run->pid(), "VmHWM"), most);
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_same_pages(restore("app.db"));
}

}  // namespace
}  // namespace e2e
