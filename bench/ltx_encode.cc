// Encoding a snapshot's pages into LTX, beside LZ4 alone over the same pages: what the format costs on top of the compression.
// Usage: bench_ltx_encode [database file]; without one, pages of generated records.
#include <lz4.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "ltx/decoder.h"
#include "ltx/encoder.h"

namespace {

constexpr std::uint32_t page_size = 4096;
constexpr int rounds = 9;

// Rows of a key, a few words and a number, about as compressible as ordinary tables.
io::bytes generated(std::size_t pages) {
    static const char* const words[] = {"amber", "birch", "cobalt", "dune", "ember", "fjord", "grove", "harbour", "iris", "juniper", "krill", "lagoon"};
    io::bytes data;
    std::uint64_t x = 42;
    const auto random = [&] { return (x = x * 6364136223846793005ULL + 1442695040888963407ULL) >> 33; };
    while (data.size() < pages * page_size) {
        std::string row = std::to_string(random()) + "|";
        for (int i = 0; i < 4; ++i) row += std::string(words[random() % 12]) + " ";
        for (int i = 0; i < 24; ++i) row += static_cast<char>(random());
        io::append(data, io::view_of(row));
    }
    data.resize(pages * page_size);
    return data;
}

template <class F>
void time(double& best, const F& once) {
    const auto start = std::chrono::steady_clock::now();
    once();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

io::byte_view page_of(const io::bytes& image, std::uint32_t pgno) { return io::byte_view(image).subspan((pgno - 1) * std::size_t{page_size}, page_size); }

// Takes the output away as an uploader would.
io::result<std::uint64_t> encode(const io::bytes& image, std::uint64_t min_txid, io::bytes* file) {
    ltx::header h;
    h.page_size = page_size;
    h.commit = static_cast<std::uint32_t>(image.size() / page_size);
    h.min_txid = min_txid;
    h.max_txid = 2;
    auto out = ltx::encoder::create(h);
    if (!out) return out.error();
    for (std::uint32_t pgno = 1; pgno <= h.commit; ++pgno) {
        if (auto ok = out->add_page(pgno, page_of(image, pgno)); !ok) return ok.error();
        if (out->pending_bytes() < (1U << 20)) continue;
        const io::bytes taken = out->take_output();
        if (file != nullptr) io::append(*file, taken);
    }
    if (auto ok = out->finish(); !ok) return ok.error();
    const io::bytes taken = out->take_output();
    if (file != nullptr) io::append(*file, taken);
    return out->bytes_encoded();
}

bool decodes_to(const io::bytes& file, const io::bytes& image) {
    ltx::decoder in;
    bool same = true;
    const auto fed = in.feed(file, [&](std::uint32_t pgno, io::byte_view page) -> io::result<void> {
        same = same && std::equal(page.begin(), page.end(), page_of(image, pgno).begin());
        return {};
    });
    return fed && in.finish() && same;
}

}  // namespace

int main(int argc, char** argv) {
    io::bytes image;
    if (argc > 1) {
        std::ifstream in(argv[1], std::ios::binary);
        image.assign(std::istreambuf_iterator<char>(in), {});
        image.resize(image.size() / page_size * page_size);
    } else {
        image = generated(16384);
    }
    if (image.empty() || image.size() > (1U << 30)) return std::fprintf(stderr, "needs a database of up to 1 GiB\n"), 1;

    io::bytes file;
    if (const auto made = encode(image, 1, &file); !made) return std::fprintf(stderr, "%s\n", made.error().context.c_str()), 1;
    if (!decodes_to(file, image)) return std::fprintf(stderr, "the file does not decode to the pages\n"), 1;

    std::vector<char> state(static_cast<std::size_t>(LZ4_sizeofState())), block(LZ4_COMPRESSBOUND(page_size));
    std::uint64_t lz4_size = 0;
    double lz4 = 1e9, snapshot = 1e9, increment = 1e9;
    for (int round = 0; round < rounds; ++round) {  // in turns, so that a busy machine slows all of them
        time(lz4, [&] {
            lz4_size = 0;
            for (std::size_t at = 0; at < image.size(); at += page_size)
                lz4_size += static_cast<std::uint64_t>(LZ4_compress_fast_extState(state.data(), reinterpret_cast<const char*>(&image[at]), block.data(),
                                                                                  page_size, static_cast<int>(block.size()), 1));
        });
        time(snapshot, [&] { (void)encode(image, 1, nullptr); });
        time(increment, [&] { (void)encode(image, 2, nullptr); });
    }
    const double size = static_cast<double>(image.size()) / 1e9;
    std::printf("%zu pages, %.2f of their size in LZ4, %.2f in LTX\n", image.size() / page_size, static_cast<double>(lz4_size) / 1e9 / size,
                static_cast<double>(file.size()) / 1e9 / size);
    std::printf("LZ4 alone %.3f GB/s, LTX increment %.3f GB/s (%.2f of LZ4), LTX snapshot with database checksum %.3f GB/s (%.2f of LZ4)\n", size / lz4,
                size / increment, lz4 / increment, size / snapshot, lz4 / snapshot);
    return 0;
}
