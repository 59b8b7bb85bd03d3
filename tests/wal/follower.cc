#include "tests/wal/follower.h"

#include <filesystem>
#include <stdexcept>

#include "tests/support/chain_builder.h"
#include "tests/support/sqlite.h"
#include "wal/image.h"

namespace tests {

namespace {

constexpr std::uint64_t most_tail_bytes = 256U << 10U;  // a longer one is read before the next try, not while writers are kept out

template <class T>
T need(io::result<T> got) {
    if (!got) throw std::runtime_error(std::string(io::name(got.error().code)) + ": " + got.error().context);
    return std::move(*got);
}

void need(const io::result<void>& got) {
    if (!got) throw std::runtime_error(std::string(io::name(got.error().code)) + ": " + got.error().context);
}

wal::header header_of(wal::log_reader& log) {
    auto head = need(log.open());
    if (!head) throw std::runtime_error("the log is empty although it is pinned");
    return *head;
}

}  // namespace

follower::follower(const std::string& path, int busy_ms)
    : live_(need(wal::live_database::open(files_, path, {busy_ms}))), log_(files_, live_->wal_path()) {
    const auto taken = need(live_->log_pin().take([](const wal::wal_index&) -> io::result<bool> { return true; }));
    locked_ns_.push_back(taken.locked_ns);
    const auto start = wal::start_of(header_of(log_));
    const auto now = need(live_->index());
    auto all = need(log_.read(start, wal::frame_offset(std::uint64_t{now.max_frame} + 1, start.page_size), UINT64_MAX));
    if (all.what != wal::log_reader::outcome::read) throw std::runtime_error("the pinned log does not read to its end");
    const wal::image from(*live_, log_, std::move(all.batch), start.page_size, now.page_count);
    image_.resize(std::size_t{from.page_count()} * from.page_size());
    for (std::uint32_t pgno = 1; pgno <= from.page_count(); ++pgno) {
        need(from.read(pgno, io::byte_span(image_).subspan(std::size_t{pgno - 1} * from.page_size(), from.page_size())));
    }
    position_ = from.mark();
}

void follower::apply(const wal::wal_index& now) {
    if (now.salt1 != position_.salt1 || now.salt2 != position_.salt2) throw std::runtime_error("the pinned log was restarted");
    const std::uint64_t end = wal::frame_offset(std::uint64_t{now.max_frame} + 1, position_.page_size);
    if (end < position_.offset) throw std::runtime_error("the pinned log became shorter");
    if (end == position_.offset) return;
    const auto got = need(log_.read(position_, end, UINT64_MAX));
    if (got.what != wal::log_reader::outcome::read || got.batch.end().offset != end) {
        throw std::runtime_error("the pinned log does not read to the end that its index tells");
    }
    image_.resize(std::size_t{got.batch.commit_pages()} * position_.page_size);
    for (const auto& place : got.batch.pages()) {
        need(log_.read_page(place.offset, io::byte_span(image_).subspan(std::size_t{place.pgno - 1} * position_.page_size, position_.page_size)));
    }
    frames_ += got.batch.frames();
    position_ = got.batch.end();
}

bool follower::capture() {
    const auto before = position_.offset;
    apply(need(live_->index()));
    return position_.offset != before;
}

void follower::advance() { need(live_->log_pin().advance()); }

wal::handoff follower::hand_off() {
    capture();
    const auto before = position_;
    const auto done = need(live_->log_pin().hand_off([this](const wal::wal_index& now) -> io::result<bool> {
        if (wal::frame_offset(now.max_frame, position_.page_size) > position_.offset + most_tail_bytes) return false;
        apply(now);
        return true;
    }));
    if (done.what == wal::handoff::outcome::lost) throw std::runtime_error("lost: somebody else restarted the log during the handoff");
    if (done.what == wal::handoff::outcome::not_restarted) return done;
    locked_ns_.push_back(done.locked_ns);
    position_ = wal::start_of(header_of(log_));
    if (position_.salt1 != before.salt1 + 1) throw std::runtime_error("handed off, but the log is not the next generation");
    return done;
}

void follower::write_image(const std::string& path) const {
    io::bytes copy = image_;
    copy.at(18) = copy.at(19) = 1;  // read and write version: no log
    spill(path, copy);
}

std::string follower::dump_image(const std::string& path) const {
    write_image(path);
    const std::string check = app(path).text("PRAGMA integrity_check");
    if (check != "ok") throw std::runtime_error("the image is not intact: " + check);
    return dump(path);
}

std::int64_t follower::count_numbers(const std::string& path) const {
    write_image(path);
    app db(path);
    const std::int64_t count = db.number("SELECT count(*) FROM t");
    if (count != db.number("SELECT max(n) FROM t")) throw std::runtime_error("the image lacks a committed row");
    return count;
}

}  // namespace tests
