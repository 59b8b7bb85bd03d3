// How a driver waits: for the store, for a share of the memory. Meanwhile it keeps the log below its limit, as engine/ladder.h decides.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/database.h"
#include "io/buggify.h"
#include "io/failpoint.h"

namespace engine {

namespace {

// What is left to be copied under the write lock: so much, or what was written during the last of so many rounds.
constexpr std::uint64_t short_tail_bytes = 1U << 20U;
constexpr int most_rounds = 8;

}  // namespace

// Errors: timed_out if the engine's stop gives up waiting; guard_until()'s.
io::task<io::result<io::semaphore::permit>> database::wait_for(io::semaphore& from, std::size_t units) {
    auto place = from.queue(units, [this] { wake_.notify(); });
    const auto over = [this] { return deadline() && env_.time.now() >= *deadline(); };
    if (!place.granted()) {
        io::reached("memory.full");
        auto guarded = co_await guard_until([&] { return place.granted() || over(); }, true);
        if (!guarded) co_return guarded.error();
    }
    if (!place.granted()) co_return io::error{io::errc::timed_out, io::subject::store, "a share of the memory did not come free in time"};
    co_return place.take();
}

// Returns once `met` says so; whoever makes it so wakes the driver, or `again` comes. An error is one of the log's: it must be attached to anew,
// whatever is waited for.
io::task<io::result<void>> database::guard_until(std::function<bool()> met, bool for_memory, std::optional<io::instant> again) {
    using step = ladder::step;
    ladder_.on_waiting(env_.time.now(), for_memory);
    io::result<void> outcome;
    while (outcome && !met()) {
        const auto now = following_ && !stopping_ ? ladder_.decide(env_.time.now()) : ladder::next{};
        show_pressure();
        switch (now.what) {
            case step::look: outcome = co_await look_at_log(); break;
            case step::spill: outcome = co_await spill(); break;
            case step::wait: {
                auto until = deadline();
                if (until && *until <= env_.time.now()) until.reset();  // what is waited for knows it, too
                if (again && (!until || *again < *until)) until = again;
                if (now.until && (!until || *now.until < *until)) until = now.until;
                co_await wake_.wait(until);
                break;
            }
        }
    }
    ladder_.on_waited();
    show_pressure();
    co_return outcome;
}

io::task<io::result<void>> database::look_at_log() {
    std::uint64_t bytes = 0;
    ladder_.on_look();
    const auto look = [&]() -> io::result<void> {
        auto now = at_->live->index();
        if (!now) return now.error();
        // One frame is what a restart leaves: with large pages that alone may be as long as the limit, and would be copied for ever.
        bytes = now->max_frame <= 1 ? wal::header_size : wal::frame_offset(std::uint64_t{now->max_frame} + 1, now->page_size);
        return {};
    };
    auto looked = co_await locally(look);
    if (!looked && looked.error().code == io::errc::busy) {
        ladder_.on_change();
        co_return io::result<void>();
    }
    if (io::buggify("spill.early")) bytes = std::max(what_.settings.wal_limit, what_.settings.checkpoint_bytes);
    // An image of an attach is kept on local disk for the log to be restarted: as soon as the store fails, or the log is no smaller than that.
    const bool image = image_ && !image_kept_ && image_->object().page_bytes() > bytes;
    const bool snapshot = image_given_up_ && !*image_given_up_;
    if (looked) tell(ladder_.on_log(env_.time.now(), bytes, image || snapshot));
    co_return looked;
}

// What of the log follows `from` becomes durable in segments, while the application goes on writing; at most a short tail is left, if it does not
// write faster than it is copied.
io::result<void> database::copy_log(const base_state& from) {
    for (int round = 0; round < most_rounds; ++round) {
        auto now = at_->live->index();
        if (!now) return now.error();
        const wal::position at = at_->shadow.goes_on_from(from.position);
        const std::uint64_t end = wal::frame_offset(std::uint64_t{now->max_frame} + 1, at.page_size);
        if (now->salt1 != at.salt1 || now->salt2 != at.salt2 || end < at.offset) return {};  // the handoff says what that means
        if (end - at.offset <= short_tail_bytes) return {};
        auto copied = at_->shadow.append(at_->log, {from.txid, from.post, from.page_count}, at, end);
        if (!copied) return copied;
    }
    return {};
}

// Copies the log to segments and restarts it. Most of the copy is made while the application goes on writing; what it wrote meanwhile, under
// the write lock. The object in flight is read from the segment from then on.
io::task<io::result<void>> database::spill() {
    const base_state from = base();
    if (image_ && !image_kept_) {
        if (auto kept = co_await keep_image(); !kept) co_return kept;
    }
    const auto measure = [this] { return tail_bytes(); };
    const std::uint64_t expected = co_await locally(measure);
    auto room = co_await find_room(expected);
    if (!room) {
        tell(ladder_.on_disk_low(env_.time.now(), room.error().context));
        co_return io::result<void>();
    }
    const std::uint64_t before = memo_.shadow_bytes;
    std::uint64_t now_there = before;
    const auto copy = [&]() -> io::result<void> {
        if (image_given_up_) io::reached("snapshot.given_up");
        if (image_given_up_) *image_given_up_ = true;  // it reads a log that is about to go
        auto copied = copy_log(from);
        now_there = at_->shadow.bytes();
        return copied;
    };
    auto copied = co_await locally(copy);
    set_shadow_bytes(now_there);
    room->set(0);
    if (!copied && copied.error().about == io::subject::database) co_return copied;
    if (!copied) {
        tell(ladder_.on_disk_low(env_.time.now(), copied.error().context));
        co_return io::result<void>();
    }
    auto done = co_await restart_log();
    if (!done) co_return done.error();
    if (done->restarted) {
        tell(ladder_.on_spilled(memo_.shadow_bytes - std::min(before, memo_.shadow_bytes), done->next.offset));
    } else if (!done->unsaved.empty()) {
        tell(ladder_.on_disk_low(env_.time.now(), done->unsaved));
    } else {
        tell(ladder_.on_refused(env_.time.now(), done->too_long ? "the application writes faster than it can be copied"
                                                                : "a reader or writer of the application keeps it from being restarted"));
    }
    co_return io::result<void>();
}

// The log is about to go from which an image is read that is on its way. If it cannot be kept, the attach is given up: without that image nothing
// relies on the log, which is let go.
io::task<io::result<void>> database::keep_image() {
    const auto image = image_;
    auto room = co_await find_room(image->object().page_bytes() + ladder_.log_bytes());
    io::result<void> done;
    if (!room) done = room.error();
    if (done) {
        auto kept = co_await locally([image] { return image->keep(); });
        if (!kept) done = kept.error();
        if (kept) {
            image_kept_ = true;
            objects_.on_saved(image->name(), cache_.file(image->name()), kept->size, kept->file_checksum);
            note(image->name());
            io::failpoint("image.kept");
            co_return io::result<void>();
        }
    }
    co_return io::error{done.error().code, io::subject::general,
                        fmt::format("the image that is on its way to the store cannot be kept on local disk, and would keep the log from being restarted: {}. "
                                    "The log is let go; when the store answers, the database is compared with it anew", done.error().context)};
}

// Room for so many bytes on local disk. Copies of shipped objects go for it. no_space, with the limit that they would break.
io::task<io::result<counted_bytes>> database::find_room(std::uint64_t bytes) {
    const options& set = around_.settings;
    if (io::buggify("disk.no_room")) co_return io::error{io::errc::no_space, io::subject::general, "as though the disk were full"};
    counted_bytes room(around_.shares.on_disk, bytes);
    const auto used = [this] { return around_.shares.on_disk + around_.shelf.bytes(); };
    if (set.disk_limit != 0 && used() > set.disk_limit && !co_await around_.shelf.give(used() - set.disk_limit)) {
        co_return io::error{io::errc::no_space, io::subject::general,
                            fmt::format("what is on local disk has {} bytes, and may have {} (disk_limit)", used() - bytes, set.disk_limit)};
    }
    if (set.disk_reserve == 0) co_return room;
    const std::string& directory = around_.state.directory();
    const auto measure = [&] { return env_.files.space(directory); };
    const std::uint64_t wanted = bytes + set.disk_reserve;
    auto space = co_await env_.elsewhere(measure);
    if (space && space->free_bytes < wanted && co_await around_.shelf.give(wanted - space->free_bytes)) space = co_await env_.elsewhere(measure);
    if (!space) co_return space.error();
    if (space->free_bytes >= wanted) co_return room;
    co_return io::error{io::errc::no_space, io::subject::general,
                        fmt::format("the disk of {} has {} bytes left, and is to keep {} (disk_reserve)", directory, space->free_bytes, set.disk_reserve)};
}

void database::set_shadow_bytes(std::uint64_t bytes) {
    in_segments_.set(bytes);
    if (std::exchange(memo_.shadow_bytes, bytes) != bytes) show_words();
}

// What the log holds that is neither durable nor in a segment. Blocking.
std::uint64_t database::tail_bytes() const {
    const wal::position at = at_->shadow.goes_on_from(base().position);
    auto now = at_->live->index();
    if (!now || now->salt1 != at.salt1 || now->salt2 != at.salt2) return 0;
    const std::uint64_t end = wal::frame_offset(std::uint64_t{now->max_frame} + 1, at.page_size);
    return end - std::min(end, at.offset);
}

// For the operator, when a stop gave up: what is on this host only.
io::task<io::error> database::with_what_is_left(io::error why) {
    const auto measure = [this] { return tail_bytes(); };
    const std::uint64_t in_log = co_await locally(measure);
    why.context += fmt::format("; after TXID {} there are {} bytes in the log and {} in segments on local disk, which the next start ships",
                               memo_.txid, in_log, memo_.shadow_bytes);
    co_return why;
}

}  // namespace engine
