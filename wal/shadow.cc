#include "wal/shadow.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/buggify.h"
#include "io/failpoint.h"
#include "io/hex.h"

namespace wal {

namespace {

constexpr std::uint64_t piece_bytes = 1U << 20U;     // copied at once
constexpr std::uint64_t group_bytes = 16U << 20U;    // written between two syncs
constexpr std::uint64_t measure_bytes = 64U << 20U;  // read at once, to bound what is remembered of the frames

bool in_generation(const position& p, const header& log) {  // the position of an object's header does not know the byte order
    return p.salt1 == log.salt1 && p.salt2 == log.salt2 && p.page_size == log.page_size;
}

io::error gap(std::string_view why) {
    return {io::errc::gap, io::subject::database, fmt::format("continuity is lost: {}", why)};
}

// Where the chain of a segment's commits leads, up to `limit`.
io::result<position> measure(log_reader& frames, const position& start, std::uint64_t limit) {
    position at = start;
    while (true) {
        auto got = frames.read(at, limit, io::buggify("segment.measured_in_pieces") ? 1 : measure_bytes);
        if (!got) return got.error();
        at = got->batch.end();
        if (!got->more) return at;
    }
}

}  // namespace

bool segment::has(const position& p) const {
    return in_generation(p, head.log) && p.offset >= head.start.offset && p.offset <= end.offset;
}

std::uint64_t shadow::bytes() const {
    std::uint64_t sum = 0;
    for (const auto& each : segments_) sum += each.bytes();
    return sum;
}

io::result<log_reader> shadow::reader(const segment& of) const {
    log_reader out(*files_, of.path, of.head);
    auto opened = out.open();
    if (!opened) return opened.error();
    if (!*opened) return io::error{io::errc::not_found, io::subject::general, of.path + ": the segment was removed"};
    return out;
}

io::result<shadow::opened> shadow::open(io::file_system& files, std::string directory, std::uint64_t stream, std::int64_t now_ms) {
    auto names = files.list(directory);
    opened out{shadow(files, std::move(directory), stream), {}};
    if (!names && names.error().code == io::errc::not_found) return out;
    if (!names) return names.error();
    for (const auto& entry : *names) {
        const auto number = io::parse_hex16(entry.name);
        if (!number || entry.kind != io::file_kind::regular) continue;
        out.segments.newest_ = *number;
        auto found = out.segments.read_front(*number);
        if (found && *found) {
            out.segments.segments_.push_back(std::move(**found));
            continue;
        }
        if (!found && found.error().code != io::errc::corrupt) return found.error();
        const segment bad{*number, io::join(out.segments.directory_, entry.name), {}, {}, {}};
        const auto gone = found ? files.remove(bad.path) : out.segments.move_aside(bad, now_ms, found.error(), out.troubles);
        if (!gone) return gone.error();
    }
    if (auto ok = out.segments.heal(now_ms, out.troubles); !ok) return ok.error();
    return out;
}

// Nothing if it is shorter than its header: it was being created, and nothing relied on it.
io::result<std::optional<segment>> shadow::read_front(std::uint64_t number) const {
    segment out{number, io::join(directory_, io::hex16(number)), {}, {}, {}};
    auto file = files_->open(out.path, io::open_mode::read);
    if (!file) return file.error();
    segment_bytes front{};
    auto got = (*file)->read_at(0, front);
    if (!got) return got.error();
    if (*got < front.size()) return std::optional<segment>();
    auto decoded = decode_segment(front);
    if (!decoded) return decoded.error();
    out.head = decoded->head;
    out.seal = decoded->seal;
    out.end = out.head.start;
    if (out.head.stream == stream_) return std::optional(std::move(out));
    return io::error{io::errc::corrupt, io::subject::general, fmt::format("segment: of another stream, {}", io::hex16(out.head.stream))};
}

// Finds out how far the frames of each segment go. One that says where it ends has to reach it; one that another was begun after, in the same
// generation, counts up to there.
io::result<void> shadow::heal(std::int64_t now_ms, std::vector<io::error>& troubles) {
    std::deque<segment> sound;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
        segment& each = segments_[i];
        const bool last = i + 1 == segments_.size();
        const bool goes_on = !last && in_generation(segments_[i + 1].head.start, each.head.log);
        const std::uint64_t limit = each.seal ? each.seal->end.offset : goes_on ? segments_[i + 1].head.start.offset : UINT64_MAX;
        auto frames = reader(each);
        if (!frames) return frames.error();
        auto end = measure(*frames, each.head.start, limit);
        if (!end) return end.error();
        each.end = *end;
        if (each.seal && each.end != each.seal->end) {
            const io::error why{io::errc::corrupt, io::subject::general,
                                fmt::format("segment: its frames end at {} of {} bytes", each.end.offset, each.seal->end.offset)};
            if (auto ok = move_aside(each, now_ms, why, troubles); !ok) return ok;
            continue;
        }
        if (each.end.offset == each.head.start.offset) {  // begun, and nothing was durable in it
            if (auto ok = files_->remove(each.path); !ok) return ok;
            continue;
        }
        if (last && !each.seal) {
            if (auto ok = cut(each); !ok) return ok;
        }
        sound.push_back(std::move(each));
    }
    segments_ = std::move(sound);
    return {};
}

io::result<void> shadow::cut(const segment& after) {
    auto file = files_->open(after.path, io::open_mode::create);
    if (!file) return file.error();
    auto size = (*file)->size();
    if (!size) return size.error();
    if (*size == after.bytes()) return {};
    io::reached("segment.cut");
    if (auto ok = (*file)->truncate(after.bytes()); !ok) return ok;
    return (*file)->sync();
}

io::result<void> shadow::move_aside(const segment& which, std::int64_t now_ms, const io::error& why, std::vector<io::error>& troubles) {
    io::reached("segment.aside");
    const std::string aside = fmt::format("{}.damaged-{}", which.path, now_ms);
    if (auto ok = files_->rename(which.path, aside); !ok) return ok;
    if (auto ok = files_->sync_directory(directory_); !ok) return ok;
    troubles.push_back({why.code, io::subject::general, fmt::format("{}: {}; moved to {}", which.path, why.context, aside)});
    return {};
}

io::result<void> shadow::set_aside_from(std::size_t first, std::int64_t now_ms, std::string_view why, std::vector<io::error>& troubles) {
    const io::error reason{io::errc::gap, io::subject::general, std::string(why)};
    while (segments_.size() > first) {
        if (auto ok = move_aside(segments_.back(), now_ms, reason, troubles); !ok) return ok;
        segments_.pop_back();
        appending_.reset();
    }
    return {};
}

io::result<void> shadow::set_aside(std::int64_t now_ms, std::string_view why, std::vector<io::error>& troubles) {
    return set_aside_from(durable_, now_ms, why, troubles);
}

// What comes behind other segments follows no object that is known yet.
io::result<void> shadow::begin(const header& log, const segment_base& base, const position& from) {
    if (auto ok = files_->make_directories(directory_); !ok) return ok;
    segment next{newest_ + 1, io::join(directory_, io::hex16(newest_ + 1)), {stream_, log, from, front() ? segment_base() : base}, from, {}};
    auto file = files_->open(next.path, io::open_mode::create_new);
    if (!file) return file.error();
    appending_ = std::move(*file);
    ++newest_;
    segments_.push_back(std::move(next));
    auto written = appending_->write_at(0, encode_segment(segments_.back().head));
    io::failpoint("segment.begun");
    return written;
}

io::result<void> shadow::append(const log_reader& log, const segment_base& base, const position& from, std::uint64_t end) {
    if (end == from.offset) return {};
    auto head = log.current_header();
    if (!head) return head.error();
    if (!*head || !same_generation(from, **head)) return gap("the log is another generation than the one to be copied");
    const bool goes_on = appending_ && front() && !segments_.back().seal && segments_.back().end == from;
    io::result<void> done = goes_on ? io::result<void>() : begin(**head, base, from);
    if (done) done = copy(log, from, end);
    if (done && !goes_on) done = files_->sync_directory(directory_);
    if (!done) give_up(from);
    return done;
}

// The end moves only over what is durable.
io::result<void> shadow::copy(const log_reader& log, const position& from, std::uint64_t end) {
    segment& to = segments_.back();
    const std::uint64_t frame_bytes = frame_header_size + from.page_size;
    scanner frames(from);
    io::bytes piece;
    std::uint64_t unsynced = 0;
    const auto make_durable = [&]() -> io::result<void> {
        io::failpoint("segment.written");
        if (auto ok = appending_->sync(); !ok) return ok;
        io::failpoint("segment.synced");
        to.end = frames.committed();
        unsynced = 0;
        return {};
    };
    while (frames.read_offset() < end) {
        const std::uint64_t at = frames.read_offset();
        const bool one = io::buggify("segment.frame_by_frame");
        const std::uint64_t want = std::min(one ? frame_bytes : std::max(piece_bytes / frame_bytes, std::uint64_t{1}) * frame_bytes, end - at);
        if (auto ok = log.read_some(at, static_cast<std::size_t>(want), piece); !ok) return ok;
        const std::size_t consumed = frames.feed(piece, [](const frame&) {});
        if (consumed != want) return gap("a committed frame does not continue the checksum chain");
        if (auto ok = appending_->write_at(segment_header_size + at - to.head.start.offset, piece); !ok) return ok;
        unsynced += want;
        if (unsynced < group_bytes && !one) continue;
        if (auto ok = make_durable(); !ok) return ok;
    }
    if (frames.committed().offset != end) return gap("what the log's index calls committed does not end with a commit");
    return make_durable();
}

// After an error nothing is known of what was written since the last sync, so nothing goes on behind it; of a segment whose name is not
// durable, nothing at all. What cannot be undone now is undone when this is opened again.
void shadow::give_up(const position& from) {
    appending_.reset();
    if (segments_.empty() || segments_.back().number != newest_) return;
    const segment& last = segments_.back();
    if (last.head.start != from) {
        (void)cut(last);
        return;
    }
    (void)files_->remove(last.path);
    segments_.pop_back();
}

io::result<void> shadow::seal(const header& next, bool own_frame_first) {
    segment& last = segments_.back();
    last.seal = segment_seal{last.end, next, own_frame_first};
    appending_.reset();
    segment_bytes front = encode_segment(last.head);
    encode_seal(*last.seal, front);
    auto file = files_->open(last.path, io::open_mode::create);
    if (!file) return file.error();
    io::failpoint("segment.ended");
    if (auto ok = (*file)->write_at(seal_offset, io::byte_view(front).subspan(seal_offset)); !ok) return ok;
    io::failpoint("segment.sealed");
    return (*file)->sync();
}

void shadow::front_is_durable() { ++durable_; }

io::result<void> shadow::drop_front() {
    io::failpoint("segment.durable");
    auto removed = files_->remove(segments_.front().path);
    if (!removed && removed.error().code != io::errc::not_found) return removed;
    io::failpoint("segment.removed");
    segments_.pop_front();
    --durable_;  // with it, whatever the sync says: the next segment is not durable
    return files_->sync_directory(directory_);
}

io::result<void> shadow::remove_durable() {
    while (durable_ > 0) {
        if (auto ok = drop_front(); !ok) return ok;
    }
    return {};
}

// The number of segments that are durable as a whole if the stream reached `at`; the next one holds `at`, unless there is a hole.
io::result<std::optional<std::size_t>> shadow::find(position& at) const {
    const std::optional<std::size_t> none;
    for (std::size_t i = segments_.size(); i-- > 0;) {
        const segment& each = segments_[i];
        if (each.has(at)) {
            auto frames = reader(each);
            if (!frames) return frames.error();
            auto holds = frames->holds(at, at.running == chain{});
            if (!holds) return holds.error();
            return *holds ? std::optional(i) : none;
        }
        const bool log_goes_on = !each.seal && in_generation(at, each.head.log) && at.offset > each.end.offset;
        const bool log_followed = each.seal && in_generation(at, each.seal->next);
        const bool hole = i + 1 < segments_.size() && in_generation(at, segments_[i + 1].head.log);
        if (log_goes_on || log_followed) return hole ? none : std::optional(i + 1);
    }
    return none;
}

io::result<shadow::joined> shadow::begin_at(position& at, std::int64_t now_ms, std::vector<io::error>& troubles) {
    joined out;
    const auto durable = find(at);
    if (!durable) return durable.error();
    if (!*durable) return out;
    out.found = true;
    durable_ = **durable;
    for (; front() && front()->has(at) && front()->end.offset == at.offset; ++durable_) {
        at = front()->after();
        out.own_frame_first = front()->seal && front()->seal->own_frame_first;
    }
    std::size_t linked = durable_ + (front() && front()->has(at) ? 1 : 0);
    while (linked > durable_ && linked < segments_.size() && segments_[linked].head.start == segments_[linked - 1].after()) ++linked;
    auto aside = set_aside_from(linked, now_ms, "segment: it does not follow what is durable or the segment before it", troubles);
    if (!aside) return aside.error();
    return out;
}

}  // namespace wal
