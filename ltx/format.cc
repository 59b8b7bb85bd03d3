#include "ltx/format.h"

#include <algorithm>
#include <utility>

namespace ltx {
namespace {

constexpr std::array<std::uint8_t, 4> magic = {'L', 'T', 'X', '1'};
constexpr std::array<std::uint8_t, 4> sums_tag = {'F', 'L', 'T', 'S'};  // ours, at the start of the reserved bytes

// Offsets in the header.
constexpr std::size_t at_flags = 4, at_page_size = 8, at_commit = 12, at_min = 16, at_max = 24, at_timestamp = 32, at_pre = 40, at_wal_offset = 48,
                      at_wal_size = 56, at_salt1 = 64, at_salt2 = 68, at_node = 72, at_reserved = 80;
constexpr std::size_t at_sum_pre = at_reserved + sums_tag.size(), at_sum_post = at_sum_pre + 8;
static_assert(at_sum_post + 8 == header_size);

bool flagged(std::uint64_t checksum) { return (checksum & checksum_flag) != 0; }

// Beside one LZ4 block a frame of the old form has: descriptor (at most 19), size and checksum of the block, end mark, content checksum.
constexpr std::uint64_t frame_overhead = frame_header_size + frame_size_field + 64;

// An index entry is three uvarints: page number, offset, frame length.
constexpr std::uint64_t max_index_entry = 5 + 10 + 3;

// The rule that `h` breaks, or null.
const char* contradiction(const header& h) {
    if (!valid_page_size(h.page_size)) return "page size is not a power of two from 512 to 65536";
    if (h.min_txid == 0) return "min TXID is 0";
    if (h.max_txid < h.min_txid) return "max TXID is below min TXID";
    if (h.wal_offset < 0 || h.wal_size < 0) return "negative WAL offset or size";
    if (h.wal_offset == 0 && (h.wal_size != 0 || h.salt1 != 0 || h.salt2 != 0)) return "WAL size or salts without a WAL offset";
    if (is_snapshot(h) && h.pre_apply != 0) return "a snapshot with a checksum before it";
    if (!h.native_checksums() && h.pre_apply != 0) return "a pre-apply checksum against the flags";
    if (h.native_checksums() && !is_snapshot(h) && !flagged(h.pre_apply)) return "no pre-apply checksum";
    if (!h.sums) return nullptr;
    if (is_snapshot(h) ? h.sums->pre != 0 : h.sums->pre != 0 && !flagged(h.sums->pre)) return "a bad database checksum before the file";
    if (h.commit == 0 ? h.sums->post != 0 : !flagged(h.sums->post)) return "a bad database checksum after the file";
    return nullptr;
}

std::uint64_t lz4_bound(std::uint64_t size) { return size + size / 255 + 16; }

}  // namespace

io::error bad_content(io::errc code, std::string context) { return {code, io::subject::integrity, std::move(context)}; }

std::uint64_t count_pages(std::uint32_t page_size, std::uint32_t first, std::uint32_t last) {
    if (first > last) return 0;
    const std::uint32_t lock = lock_page(page_size);
    return std::uint64_t{last} - first + 1 - (first <= lock && lock <= last ? 1 : 0);
}

std::uint64_t max_frame_size(std::uint32_t page_size) { return frame_overhead + lz4_bound(page_size); }

std::uint64_t max_index_size(std::uint64_t pages) {
    return std::min<std::uint64_t>(pages, UINT32_MAX) * max_index_entry + 1 + index_length_size;
}

std::uint64_t max_file_size(std::uint32_t page_size, std::uint64_t pages) {
    const std::uint64_t bounded = std::min<std::uint64_t>(pages, UINT32_MAX);
    return header_size + bounded * max_frame_size(page_size) + frame_header_size + max_index_size(bounded) + trailer_size;
}

io::result<io::bytes> encode_header(const header& h) {
    if ((h.flags & ~flag_no_checksum) != 0) return bad_content(io::errc::invalid, "LTX header: unknown flags");
    if (const char* why = contradiction(h)) return bad_content(io::errc::invalid, std::string("LTX header: ") + why);
    io::bytes out(header_size);
    std::copy(magic.begin(), magic.end(), out.begin());
    io::store_big(&out[at_flags], h.flags);
    io::store_big(&out[at_page_size], h.page_size);
    io::store_big(&out[at_commit], h.commit);
    io::store_big(&out[at_min], h.min_txid);
    io::store_big(&out[at_max], h.max_txid);
    io::store_big(&out[at_timestamp], static_cast<std::uint64_t>(h.timestamp_ms));
    io::store_big(&out[at_pre], h.pre_apply);
    io::store_big(&out[at_wal_offset], static_cast<std::uint64_t>(h.wal_offset));
    io::store_big(&out[at_wal_size], static_cast<std::uint64_t>(h.wal_size));
    io::store_big(&out[at_salt1], h.salt1);
    io::store_big(&out[at_salt2], h.salt2);
    io::store_big(&out[at_node], h.node_id);
    if (h.sums) {
        std::copy(sums_tag.begin(), sums_tag.end(), out.begin() + at_reserved);
        io::store_big(&out[at_sum_pre], h.sums->pre);
        io::store_big(&out[at_sum_post], h.sums->post);
    }
    return out;
}

io::result<header> decode_header(io::byte_view data) {
    if (data.size() < header_size) return bad_content(io::errc::corrupt, "LTX header: cut short");
    if (!std::equal(magic.begin(), magic.end() - 1, data.begin())) return bad_content(io::errc::corrupt, "LTX header: not an LTX file");
    if (data[3] != magic[3]) return bad_content(io::errc::unsupported, "LTX header: another version of the format");
    const auto u32 = [&](std::size_t at) { return io::load_big<std::uint32_t>(&data[at]); };
    const auto u64 = [&](std::size_t at) { return io::load_big<std::uint64_t>(&data[at]); };
    header h;
    h.flags = u32(at_flags);
    h.page_size = u32(at_page_size);
    h.commit = u32(at_commit);
    h.min_txid = u64(at_min);
    h.max_txid = u64(at_max);
    h.timestamp_ms = static_cast<std::int64_t>(u64(at_timestamp));
    h.pre_apply = u64(at_pre);
    h.wal_offset = static_cast<std::int64_t>(u64(at_wal_offset));
    h.wal_size = static_cast<std::int64_t>(u64(at_wal_size));
    h.salt1 = u32(at_salt1);
    h.salt2 = u32(at_salt2);
    h.node_id = u64(at_node);
    // Reserved bytes that do not start with our tag belong to somebody else and are ignored, as the specification has it.
    if (std::equal(sums_tag.begin(), sums_tag.end(), data.begin() + at_reserved)) h.sums = database_sums{u64(at_sum_pre), u64(at_sum_post)};
    if ((h.flags & ~flag_no_checksum) != 0) return bad_content(io::errc::unsupported, "LTX header: unknown flags");
    if (const char* why = contradiction(h)) return bad_content(io::errc::corrupt, std::string("LTX header: ") + why);
    return h;
}

std::optional<std::uint64_t> pre_checksum(const header& h) {
    if (is_snapshot(h)) return 0;
    if (h.native_checksums()) return h.pre_apply;
    if (h.sums) return h.sums->pre;
    return std::nullopt;
}

std::optional<std::uint64_t> post_checksum(const header& h, const trailer& t) {
    if (h.native_checksums()) return t.post_apply;
    if (h.sums) return h.sums->post;
    return std::nullopt;
}

io::result<trailer> decode_trailer(io::byte_view data, const header& h) {
    if (data.size() != trailer_size) return bad_content(io::errc::corrupt, "LTX trailer: cut short");
    const trailer t{io::load_big<std::uint64_t>(&data[0]), io::load_big<std::uint64_t>(&data[8])};
    if (!flagged(t.file_checksum)) return bad_content(io::errc::corrupt, "LTX trailer: no file checksum");
    if (h.native_checksums() ? !flagged(t.post_apply) : t.post_apply != 0)
        return bad_content(io::errc::corrupt, "LTX trailer: the post-apply checksum contradicts the header's flags");
    return t;
}

}  // namespace ltx
