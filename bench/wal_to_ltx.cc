// A log that SQLite wrote, turned into an LTX object as the engine does it, beside LZ4 alone over the same pages and beside the least
// that must be done: the log's checksum, the pages' sums, LZ4 and the file's CRC over bytes that are in memory already.
// Usage: bench_wal_to_ltx
#include <lz4.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "bench/application.h"
#include "bench/timing.h"
#include "engine/capture.h"
#include "io/posix_file_system.h"
#include "ltx/checksum.h"
#include "ltx/decoder.h"
#include "wal/checksum.h"

namespace {

constexpr std::uint64_t rows = 700'000;
constexpr int rounds = 7;
constexpr std::size_t frame_bytes = wal::frame_header_size + 4096;

struct least_work {
    std::vector<char> state = std::vector<char>(static_cast<std::size_t>(LZ4_sizeofState()));
    std::vector<char> block = std::vector<char>(LZ4_COMPRESSBOUND(4096));

    std::uint64_t compress(const std::uint8_t* page) {
        return static_cast<std::uint64_t>(LZ4_compress_fast_extState(state.data(), reinterpret_cast<const char*>(page), block.data(), 4096,
                                                                     static_cast<int>(block.size()), 1));
    }
    std::uint64_t lz4_alone(const io::bytes& log) {
        std::uint64_t size = 0;
        for (std::size_t at = wal::header_size; at < log.size(); at += frame_bytes) size += compress(&log[at + wal::frame_header_size]);
        return size;
    }
    std::uint64_t everything(const io::bytes& log, const wal::header& head) {
        wal::chain running = head.running;
        ltx::crc64 file;
        std::uint64_t kept = 0;
        for (std::size_t at = wal::header_size; at < log.size(); at += frame_bytes) {
            const io::byte_view page = io::byte_view(log).subspan(at + wal::frame_header_size, 4096);
            running = wal::extend(running, io::byte_view(log).subspan(at, 8), head.big_endian);
            running = wal::extend(running, page, head.big_endian);
            kept ^= ltx::page_checksum(io::load_big<std::uint32_t>(&log[at]), page);
            file.update(page);
            kept += compress(page.data());
        }
        return kept ^ file.value() ^ running.s1;
    }
};

// Hands each part on, as an uploader takes it.
template <class Sink>
void encode(engine::attachment& at, const engine::base_state& from, const wal::header& head, std::uint32_t frames, const Sink& sink) {
    auto got = engine::capture_log(at, from, head.salt1, head.salt2, frames, UINT64_MAX, true, 1);
    auto& object = bench::need(got).object;
    while (true) {
        auto part = object->next();
        if (!bench::need(part)) return;
        sink(**part);
    }
}

// Every page in the object is the page that the checkpointed database has.
void check(const io::bytes& object, const std::string& path, io::file_system& files) {
    auto database = io::read_file(files, path, 1U << 30U);
    bench::need(database);
    std::uint64_t pages = 0;
    const ltx::page_sink same = [&](std::uint32_t pgno, io::byte_view page) -> io::result<void> {
        ++pages;
        if (std::memcmp(page.data(), database->data() + std::size_t{pgno - 1} * 4096, 4096) != 0) bench::refuse("a page differs");
        return {};
    };
    ltx::decoder in;
    if (auto ok = in.feed(object, same); !ok) bench::refuse(ok.error().context);
    if (auto ok = in.finish(); !ok) bench::refuse(ok.error().context);
    if (pages < 1000) bench::refuse("the object has hardly any pages");
}

}  // namespace

int main() {
    const std::string directory = bench::scratch_directory();
    const std::string path = directory + "/app.db";
    bench::application app(path);
    bench::make_orders(app, rows);
    app.run("PRAGMA wal_autocheckpoint=0; PRAGMA wal_checkpoint(TRUNCATE); UPDATE orders SET n = n + 1");

    io::posix_file_system files;
    auto live = wal::live_database::open(files, path, {});
    bench::need(live);
    engine::attachment at{nullptr, std::move(*live), wal::log_reader(files, path + "-wal"), [&] {
                              auto sums = ltx::page_sums::open(files, directory + "/sums");
                              return std::move(bench::need(sums));
                          }()};
    auto log = io::read_file(files, path + "-wal", 1U << 30U);
    auto opened = at.log.open();
    auto index = at.live->index();
    const wal::header head = *bench::need(opened);
    const std::uint32_t frames = bench::need(index).max_frame;
    bench::need(log).resize(wal::frame_offset(std::uint64_t{frames} + 1, 4096));
    const std::vector<std::uint64_t> before(index->page_count, 0);
    if (auto ok = at.sums.reset(4096, before, 1); !ok) bench::refuse(ok.error().context);
    const engine::base_state from{1, index->page_count, 0, 1, wal::start_of(head)};

    least_work least;
    std::uint64_t kept = 0;
    double lz4 = 1e9, all = 1e9, ours = 1e9;
    for (int round = 0; round < rounds; ++round) {
        lz4 = std::min(lz4, bench::time([&] { kept += least.lz4_alone(*log); }));
        all = std::min(all, bench::time([&] { kept += least.everything(*log, head); }));
        ours = std::min(ours, bench::time([&] { encode(at, from, head, frames, [&](const io::bytes& part) { kept += part.size(); }); }));
    }
    io::bytes object;
    encode(at, from, head, frames, [&](const io::bytes& part) { io::append(object, part); });
    app.run("PRAGMA wal_checkpoint(TRUNCATE)");
    check(object, path, files);
    const double size = static_cast<double>(log->size()) / 1e9;
    std::printf("WAL to LTX, %.0f MB of log: LZ4 alone %.2f GB/s, everything that must be done %.2f GB/s, flotilla %.2f GB/s: "
                "%.2f of LZ4 alone, %.2f of everything%s\n",
                size * 1e3, size / lz4, size / all, size / ours, lz4 / ours, all / ours, kept == 0 ? "!" : "");
    std::filesystem::remove_all(directory);
    return 0;
}
