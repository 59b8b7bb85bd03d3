// From an application's commit to the object being durable in a directory store, min_interval 0, beside the least that makes a file
// durable: write, fdatasync, rename (and the same with the directory synced, which is what it takes). In turns, one at a time.
// Usage: bench_commit_latency; TMPDIR says on which disk.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "bench/commits.h"
#include "io/directory_store.h"

namespace {

constexpr int rounds = 1000;

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

}  // namespace

int main() {
    const std::string directory = bench::scratch_directory();
    tests::real_environment world;
    auto store = world.run(io::directory_store::open(world.env, directory + "/store", io::directory_store::access::write));
    const io::bytes object(700, 0x5a);  // about the size of the object of such a commit
    std::vector<double> plain, synced;
    int n = 0;
    const auto files = [&](bool counts) {
        const double a = bench::time([&] { bare(directory, n, object, false); });
        const double b = bench::time([&] { bare(directory, n, object, true); });
        ++n;
        if (!counts) return;
        plain.push_back(a);
        synced.push_back(b);
    };
    const auto ours = bench::commits_to_durable(world, *bench::need(store), directory, rounds, files);
    std::printf("commit to durable, directory store, %d commits one after another, restored and compared:\n", rounds);
    bench::print_times("flotilla", ours, ours);
    bench::print_times("write, fdatasync, rename", plain, ours);
    bench::print_times("write, fdatasync, rename, sync directory", synced, ours);
    std::filesystem::remove_all(directory);
    return 0;
}
