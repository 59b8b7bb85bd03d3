#include "wal/segment.h"

#include <fmt/format.h>

#include <algorithm>

namespace wal {

namespace {

constexpr std::string_view head_magic = "FLOTWALS";
constexpr std::string_view seal_magic = "FLOTSEAL";
constexpr std::size_t seal_at = seal_offset;

// Both parts end in the log's own checksum, with big-endian words, of everything before.
constexpr std::size_t head_sum_at = seal_at - 8;
constexpr std::size_t seal_sum_at = segment_header_size - 8;

io::error bad(std::string_view why) { return {io::errc::corrupt, io::subject::general, fmt::format("segment: {}", why)}; }

class writer {
public:
    explicit writer(std::uint8_t* at) : at_(at) {}
    template <class T>
    writer& put(T value) {
        io::store_big(at_, value);
        at_ += sizeof value;
        return *this;
    }
    writer& put(std::string_view text) {
        at_ = std::copy(text.begin(), text.end(), at_);
        return *this;
    }
    writer& put(const chain& sum) { return put(sum.s0).put(sum.s1); }
    writer& put(const header& h) {
        encode_header(h, at_);
        at_ += header_size;
        return *this;
    }

private:
    std::uint8_t* at_;
};

chain load_chain(const std::uint8_t* at) { return {io::load_big<std::uint32_t>(at), io::load_big<std::uint32_t>(at + 4)}; }

bool sum_agrees(io::byte_view front, std::size_t sum_at) { return extend({}, front.first(sum_at), true) == load_chain(front.data() + sum_at); }

bool has_magic(io::byte_view front, std::size_t at, std::string_view magic) { return io::text_of(front.subspan(at, magic.size())) == magic; }

bool is_frame_offset(std::uint64_t offset, std::uint32_t page_size) {
    return offset >= header_size && (offset - header_size) % (frame_header_size + page_size) == 0;
}

position place(const header& log, std::uint64_t offset, const chain& running) {
    position out = start_of(log);
    out.offset = offset;
    out.running = running;
    return out;
}

// Nothing for zeros, for what was torn, and for what makes no sense.
std::optional<segment_seal> decode_seal(io::byte_view front, const segment_head& head) {
    if (!has_magic(front, seal_at, seal_magic) || !sum_agrees(front, seal_sum_at)) return std::nullopt;
    const std::uint8_t* at = front.data() + seal_at + seal_magic.size();
    const auto next = decode_header(front.subspan(seal_at + 24, header_size));
    if (!next || !*next) return std::nullopt;
    const auto offset = io::load_big<std::uint64_t>(at);
    if (!is_frame_offset(offset, head.log.page_size) || offset <= head.start.offset) return std::nullopt;
    return segment_seal{place(head.log, offset, load_chain(at + 8)), **next, io::load_big<std::uint32_t>(at + 16 + header_size) == 1};
}

}  // namespace

segment_bytes encode_segment(const segment_head& head) {
    segment_bytes out{};
    writer(out.data())
        .put(head_magic).put(segment_version).put(head.base.page_count).put(head.log)
        .put(head.start.offset).put(head.start.running).put(head.stream).put(head.base.txid).put(head.base.post);
    writer(out.data() + head_sum_at).put(extend({}, io::byte_view(out).first(head_sum_at), true));
    return out;
}

void encode_seal(const segment_seal& seal, segment_bytes& into) {
    writer(into.data() + seal_at)
        .put(seal_magic).put(seal.end.offset).put(seal.end.running).put(seal.next).put(std::uint32_t{seal.own_frame_first ? 1U : 0U});
    writer(into.data() + seal_sum_at).put(extend({}, io::byte_view(into).first(seal_sum_at), true));
}

io::result<segment_front> decode_segment(io::byte_view front) {
    if (front.size() < segment_header_size) return bad("shorter than its header");
    front = front.first(segment_header_size);
    if (!has_magic(front, 0, head_magic)) return bad("no segment of a log");
    if (!sum_agrees(front, head_sum_at)) return bad("the checksum of its header does not match");
    const std::uint8_t* at = front.data() + head_magic.size();
    if (const auto version = io::load_big<std::uint32_t>(at); version != segment_version) return bad(fmt::format("version {}", version));
    segment_front out;
    out.head.base.page_count = io::load_big<std::uint32_t>(at + 4);
    const auto log = decode_header(front.subspan(16, header_size));
    if (!log || !*log) return bad("the log's header in it does not validate");
    out.head.log = **log;
    at = front.data() + 16 + header_size;
    const auto offset = io::load_big<std::uint64_t>(at);
    if (!is_frame_offset(offset, out.head.log.page_size)) return bad(fmt::format("no frame begins at {}", offset));
    out.head.start = place(out.head.log, offset, load_chain(at + 8));
    if (offset == header_size && out.head.start.running != out.head.log.running) return bad("it does not begin as its log does");
    out.head.stream = io::load_big<std::uint64_t>(at + 16);
    out.head.base.txid = io::load_big<std::uint64_t>(at + 24);
    out.head.base.post = io::load_big<std::uint64_t>(at + 32);
    out.seal = decode_seal(front, out.head);
    return out;
}

}  // namespace wal
