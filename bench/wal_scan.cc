// A log in memory: scanned (frame headers, salts, cumulative checksum), beside each form of the checksum over the same bytes and memcpy
// of them. Once hot in the cache, once from memory. Usage: bench_wal_scan
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <vector>

#include "bench/timing.h"
#include "wal/scanner.h"

namespace {

constexpr std::uint32_t page_size = 4096;
constexpr std::size_t frame_bytes = wal::frame_header_size + page_size;

volatile std::uint64_t kept = 0;  // so that no result is optimised away

// Each piece of work in turns, so that a busy machine slows all alike: the best of several rounds, in GB/s.
std::vector<double> speeds(std::size_t size, const std::vector<std::function<std::uint64_t()>>& work) {
    const int repeats = static_cast<int>(std::max<std::size_t>((64U << 20) / size, 1));
    std::vector<double> best(work.size());
    for (int round = 0; round < 9; ++round) {
        for (std::size_t i = 0; i < work.size(); ++i) {
            const double seconds = bench::time([&] {
                for (int n = 0; n < repeats; ++n) kept = kept ^ work[i]();
            });
            best[i] = std::max(best[i], static_cast<double>(size) * repeats / seconds / 1e9);
        }
    }
    return best;
}

// A log of so many frames of made-up pages, a commit every fourth.
io::bytes make_log(std::size_t frames) {
    io::bytes out(wal::header_size + frames * frame_bytes);
    const std::uint32_t head[] = {wal::magic_little, wal::format_version, page_size, 0, 11, 12};
    for (std::size_t i = 0; i < std::size(head); ++i) io::store_big(out.data() + 4 * i, head[i]);
    wal::chain sum = wal::extend_as_written({}, io::byte_view(out).first(24), false);
    io::store_big(out.data() + 24, sum.s0);
    io::store_big(out.data() + 28, sum.s1);
    std::uint64_t x = 1;
    for (std::size_t i = 0; i < frames; ++i) {
        std::uint8_t* const at = out.data() + wal::header_size + i * frame_bytes;
        io::store_big(at, static_cast<std::uint32_t>(i % 1000 + 1));
        io::store_big(at + 4, i % 4 == 3 ? 1000U : 0U);
        io::store_big(at + 8, 11U);
        io::store_big(at + 12, 12U);
        for (std::size_t j = wal::frame_header_size; j < frame_bytes; ++j) {
            at[j] = static_cast<std::uint8_t>((x = x * 6364136223846793005ULL + 1) >> 56);
        }
        sum = wal::extend_as_written(sum, {at, 8}, false);
        sum = wal::extend_as_written(sum, {at + wal::frame_header_size, page_size}, false);
        io::store_big(at + 16, sum.s0);
        io::store_big(at + 20, sum.s1);
    }
    return out;
}

using form = wal::chain (*)(wal::chain, io::byte_view, bool);

// Only the checksum: what the scanner would be without anything else to look at.
wal::chain sum_frames(const io::bytes& log, wal::chain from, form extend) {
    for (std::size_t at = wal::header_size; at < log.size(); at += frame_bytes) {
        const io::byte_view frame(log.data() + at, frame_bytes);
        from = extend(extend(from, frame.first(8), false), frame.subspan(wal::frame_header_size), false);
    }
    return from;
}

void measure(const char* where, std::size_t frames) {
    const io::bytes log = make_log(frames);
    const auto head = wal::decode_header(log);
    const wal::position start = wal::start_of(*bench::need(head));
    const io::byte_view body = io::byte_view(log).subspan(wal::header_size);
    std::uint64_t seen = 0;
    const wal::scanner::sink count = [&seen](const wal::frame& f) { seen += f.pgno; };
    const auto scan = [&] {
        wal::scanner reader(start);
        reader.feed(body, count);
        return reader.committed();
    };
    const wal::position end = scan();
    if (end.offset != log.size() || seen == 0) bench::refuse("the scanner does not read the log to its end");
    const form fastest = wal::has_avx2() ? wal::extend_with_avx2 : wal::extend_in_blocks;
    for (const form f : {form{wal::extend_as_written}, form{wal::extend_in_blocks}, fastest}) {
        if (sum_frames(log, start.running, f) != end.running) bench::refuse("the forms of the checksum disagree");
    }
    io::bytes copies(log.size() + 2048);  // half a page apart within their pages, see bench/crc64.cc
    std::uint8_t* const copy = copies.data() + 2048;
    const auto sum = [&](form f) { return [&, f] { return std::uint64_t{sum_frames(log, start.running, f).s1}; }; };
    const auto got = speeds(body.size(), {[&] { return std::memcpy(copy, body.data(), body.size()), std::uint64_t{copy[body[0]]}; },
                                          sum(wal::extend_as_written), sum(wal::extend_in_blocks), sum(fastest),
                                          [&] { return std::uint64_t{scan().running.s1}; }});
    std::printf("%s, %zu KiB: memcpy %.1f GB/s; checksum as written %.2f, in blocks %.2f (%.1f times)", where, log.size() >> 10, got[0], got[1],
                got[2], got[2] / got[1]);
    if (wal::has_avx2()) std::printf(", AVX2 %.2f (%.1f times)", got[3], got[3] / got[1]);
    std::printf("; scan %.2f GB/s (%.2f of the fastest checksum, %.2f of memcpy)\n", got[4], got[4] / got[3], got[4] / got[0]);
}

}  // namespace

int main() {
    measure("log in the cache", 48);
    measure("log in memory", 16384);
    return 0;
}
