// What the request box must come to when nothing fails any more, and what a page that goes bad on the disk does.
#include <set>

#include "tests/sim/petitioners.h"

namespace sim {

using namespace std::chrono_literals;

namespace {

constexpr const char* box = "/state/requests";
constexpr io::duration lies_for = 10min;  // engine/request_box: what nobody comes for

}  // namespace

void petitioners::judge() {
    if (what_.asking == 0) return;
    for (const auto& stream : streams_) {
        const auto durable = must_get(kind::sync, stream);
        const auto again = must_get(kind::retry, stream);
        if (again.txid < durable.txid) all_.fail(fmt::format("retry of {}: TXID {}, and {} was durable before", stream, again.txid, durable.txid));
        const auto found = compare(stream);
        if (found.txid < durable.txid) all_.fail(fmt::format("{}: TXID {} is compared, and {} was durable before", stream, found.txid, durable.txid));
        if (what_.flip && dice_.chance(500)) continue;  // so that one is owed when a page goes bad
        const auto snapshot = must_get(kind::snapshot, stream);
        if (snapshot.txid < found.txid) all_.fail(fmt::format("{}: a snapshot of TXID {} is made, and {} was durable before", stream, snapshot.txid, found.txid));
    }
    (void)ask(kind::sync, "nobody's");
    judge_box();
    if (what_.flip) judge_flip();
}

// A request that this version does not know is answered, too; and whatever those who were killed have left goes after a while.
void petitioners::judge_box() {
    process& stranger = all_.start(of_.machine(), "a newer flotilla");
    const std::string request = std::string(box) + "/stranger.request";
    const std::string answer = std::string(box) + "/stranger.answer";
    std::string said;
    all_.bodies.start(stranger.id, [&] {
        if (!io::write_file(stranger.files, request, io::view_of(std::string_view("dance db1")))) all_.fail("a request cannot be written");
        while (said.empty()) {
            all_.bodies.sleep(50ms);
            if (const auto read = io::read_file(stranger.files, answer, 1U << 16U)) said = io::text_of(*read);
        }
    });
    all_.run([&] { return !said.empty(); }, 1min);
    all_.kill(stranger);  // and comes for nothing
    if (!said.starts_with("error 2 ")) all_.fail("a request that nobody knows is answered with " + said);
    int problem = 0;
    const auto folder = of_.machine().disk.find(box, problem);
    const io::instant until = all_.loop.now() + lies_for + 3 * what_.sweep;
    all_.run([&] { return folder->entries.empty() || all_.loop.now() > until; }, 1h);
    if (!folder->entries.empty()) all_.fail(fmt::format("{} files lie in the box of requests, and nobody waits for them: {}", folder->entries.size(), folder->entries.begin()->first));
}

void petitioners::checkpoint(const std::string& stream) {
    process& who = all_.start(of_.machine(), "checkpointer");
    bool done = false;
    all_.bodies.start(who.id, [&] {
        {
            sqlite db(held_.writer_of(stream).path());
            db.run("PRAGMA wal_checkpoint(PASSIVE)");
        }
        done = true;
    });
    all_.run([&] { return done; }, 1min);
    all_.kill(who);
}

// The engine is killed, or ends in order, and is started again.
void petitioners::restart() {
    const process* const before = of_.who();
    if (dice_.chance(500)) of_.kill();
    else of_.stop();
    all_.run([&] { return of_.who() != before && of_.is_watching(); }, 5min);
}

// A bit flips in the file, where SQLite does not look. Nothing is to be seen until somebody compares; then that page is blamed, it is told, and nothing is done.
void petitioners::judge_flip() {
    const std::string& stream = streams_[dice_.below(streams_.size())];
    const std::string path = held_.writer_of(stream).path();
    checkpoint(stream);
    disk& its = of_.machine().disk;
    int problem = 0;
    const auto file = its.find(path, problem);
    const auto at = find_inert(*file, its.find(path + "-wal", problem).get(), its.find(path + "-shm", problem).get(), dice_);
    if (!at) return;
    const std::uint64_t shipped = must_get(kind::sync, stream).txid;
    all_.note("bit {} of {} flips, in page {}", at->bit, path, at->pgno);
    flipped_ = stream;
    disk::flip(*file, at->bit);
    const auto told = corruptions_[stream];
    const auto lost = reanchored_[stream];  // also by a snapshot that was due
    if (const auto now = must_get(kind::sync, stream).txid; now != shipped && lost == reanchored_[stream]) all_.fail(fmt::format("{}: TXID {} was shipped, and nobody had written", stream, now));
    const bool restarted = dice_.chance(400);
    if (restarted) restart();
    const auto found = compare(stream);
    if (reanchored_[stream] != lost) {  // read anew for another reason, loudly: what is there now is what is shipped
        if (!found.equal()) all_.fail(stream + ": it was read anew, and differs");
    } else if (!restarted || !at->in_log) {
        if (found.first != std::vector<std::uint32_t>{at->pgno} || found.txid < shipped) all_.fail(fmt::format("{}: page {} is bad, and compare says {}", stream, at->pgno, found.text()));
        if (corruptions_[stream] == told) all_.fail(stream + ": a page is bad, and no event tells");
        // A snapshot takes the page from the log if it is there; and the first page is written once more when the log is handed off.
        if (!at->in_log && at->pgno != 1 && dice_.chance(500)) judge_snapshot_of(stream, found);
    }
    for (const auto& other : streams_) if (other != stream && !compare(other).equal()) all_.fail(other + ": another database is damaged, and this one is blamed");
}

// A snapshot of this very state is there already, and nothing is read; or it finds that it cannot be made, which is told, and the stream follows what the
// database is now.
void petitioners::judge_snapshot_of(const std::string& stream, const engine::live_comparison& damaged) {
    const bool there = held_.chain_of(stream).has_snapshot(damaged.txid);
    const auto lost = reanchored_[stream];
    const auto answer = ask(kind::snapshot, stream);
    if (there) {
        if (!answer || answer->txid != damaged.txid) all_.fail(stream + ": there is a snapshot of this very state, and it is not the answer");
        return;
    }
    const bool refused = !answer && answer.error().about == io::subject::integrity;
    const bool another_did = answer && answer->txid > damaged.txid;  // one that was due found it before
    if (!refused && !another_did) all_.fail(stream + ": a snapshot of pages that are not what was shipped is made");
    auto durable = ask(kind::sync, stream);
    for (int i = 0; i < 10 && !durable; ++i) durable = ask(kind::sync, stream);
    if (!durable || durable->txid <= damaged.txid) all_.fail(stream + ": a snapshot found it to differ, and the difference is not shipped");
    if (reanchored_[stream] == lost) all_.fail(stream + ": a snapshot found it to differ, and no event tells");
    if (const auto now = compare(stream); !now.equal()) all_.fail(fmt::format("{}: the difference is shipped, and compare says {}", stream, now.text()));
}

}  // namespace sim
