// From an application's commit to the object being durable in a directory store, min_interval 0, beside the least that makes a file
// durable: write, fdatasync, rename (and the same with the directory synced, which is what it takes). In turns, one at a time.
// Usage: bench_commit_latency; TMPDIR says on which disk.
#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "bench/application.h"
#include "bench/timing.h"
#include "engine/engine.h"
#include "engine/restorer.h"
#include "io/directory_store.h"
#include "tests/support/real_environment.h"
#include "tests/support/sqlite.h"

namespace {

constexpr int warm_up = 50;
constexpr int rounds = 1000;

// What the engine's thread tells the application's.
class confirmations {
public:
    void add(const engine::event& e) {
        const std::lock_guard guard(lock_);
        if (e.kind == engine::event::what::attached) attached_ = true;
        if (e.kind == engine::event::what::confirmed) ++count_;
        changed_.notify_all();
    }
    void wait_attached() { wait([this] { return attached_; }); }
    std::uint64_t count() {
        const std::lock_guard guard(lock_);
        return count_;
    }
    void wait_above(std::uint64_t before) { wait([&] { return count_ > before; }); }

private:
    template <class Condition>
    void wait(const Condition& met) {
        std::unique_lock guard(lock_);
        if (!changed_.wait_for(guard, std::chrono::seconds(30), met)) bench::refuse("nothing was confirmed for 30 s");
    }
    std::mutex lock_;
    std::condition_variable changed_;
    bool attached_ = false;
    std::uint64_t count_ = 0;
};

void bare(const std::string& directory, int n, const io::bytes& data, bool sync_directory) {
    const std::string temporary = directory + "/bare.tmp";
    const std::string name = directory + "/bare-" + std::to_string(n) + (sync_directory ? "s" : "");
    const int file = ::open(temporary.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0644);
    const bool written = file >= 0 && ::write(file, data.data(), data.size()) == static_cast<ssize_t>(data.size()) && ::fdatasync(file) == 0;
    ::close(file);
    if (!written || ::rename(temporary.c_str(), name.c_str()) != 0) bench::refuse("cannot write " + name);
    if (!sync_directory) return;
    const int parent = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY);
    if (::fsync(parent) != 0) bench::refuse("cannot sync " + directory);
    ::close(parent);
}

struct samples {
    std::vector<double> ours, bare, bare_synced;
};

void work(const std::string& directory, confirmations& seen, samples& out) {
    bench::application app(directory + "/app.db");
    seen.wait_attached();
    const std::string insert = "INSERT INTO orders(who, what, token, n) VALUES('a customer', 'an item', randomblob(40), 1)";
    const io::bytes object(700, 0x5a);  // about the size of the object of such a commit
    for (int i = 0; i < warm_up + rounds; ++i) {
        const std::uint64_t before = seen.count();
        app.run(insert);
        const double ours = bench::time([&] { seen.wait_above(before); });
        const double plain = bench::time([&] { bare(directory, i, object, false); });
        const double synced = bench::time([&] { bare(directory, i, object, true); });
        if (i < warm_up) continue;
        out.ours.push_back(ours);
        out.bare.push_back(plain);
        out.bare_synced.push_back(synced);
    }
}

void print(const char* what, const std::vector<double>& of, const samples& all) {
    std::printf("  %-40s p50 %7.3f ms   p99 %7.3f ms   flotilla is %.2f times its p50\n", what, bench::percentile(of, 0.5) * 1e3,
                bench::percentile(of, 0.99) * 1e3, bench::percentile(all.ours, 0.5) / bench::percentile(of, 0.5));
}

}  // namespace

int main() {
    const std::string directory = bench::scratch_directory();
    {
        bench::application app(directory + "/app.db");
        bench::make_orders(app, 1000);
    }
    tests::real_environment world;
    auto store = world.run(io::directory_store::open(world.env, directory + "/store", io::directory_store::access::write));
    engine::options settings;
    settings.state_directory = directory + "/state";
    settings.lock_directory = directory + "/locks";
    settings.who = "bench_commit_latency";
    settings.targets.push_back({engine::target::what::file, "app.db", directory + "/app.db", {}});
    settings.targets[0].settings.min_interval = io::duration::zero();
    engine::engine fleet(world.env, *bench::need(store), settings);
    confirmations seen;
    fleet.on_event([&](const engine::event& e) { seen.add(e); });

    samples out;
    std::thread application([&] {
        work(directory, seen, out);
        boost::asio::post(world.loop(), [&] { fleet.stop(); });
    });
    auto end = world.run(fleet.run());
    application.join();
    if (!end) bench::refuse(end.error().context);

    engine::restore_request request;
    request.stream = "app.db";
    request.output = directory + "/restored.db";
    auto restored = world.run(engine::restore(world.env, **store, request));
    bench::need(restored);
    if (tests::dump(request.output) != tests::dump(directory + "/app.db")) bench::refuse("the restored database differs");
    std::printf("commit to durable, directory store, %d commits one after another, restored and compared:\n", rounds);
    print("flotilla", out.ours, out);
    print("write, fdatasync, rename", out.bare, out);
    print("write, fdatasync, rename, sync directory", out.bare_synced, out);
    std::filesystem::remove_all(directory);
    return 0;
}
