#include "engine/page_fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/object_stream.h"
#include "io/buggify.h"
#include "io/task_group.h"
#include "ltx/checksum.h"
#include "ltx/decoder.h"

namespace engine {
namespace {

constexpr std::size_t most_run_lanes = 8;
constexpr std::size_t most_file_lanes = 4;
constexpr std::uint64_t longest_run = object_reader::piece;
constexpr std::uint64_t longest_output = 8U << 20U;   // of a run, so that well-compressed databases keep all lanes busy, too
constexpr std::uint64_t gap_worth_reading = 16U << 10U;

// An error about a file's contents names the file; one about the image does not.
io::error at(const image_source& source, const io::error& e) {
    return e.about == io::subject::integrity ? e.within(source.file.key) : e;
}

// Decodes the pages whose frames lie in `data`, which starts at `offset` of the file. Blocking.
io::result<void> decode_run(io::byte_view data, std::uint64_t offset, std::span<const ltx::page_location> pages, std::uint32_t page_size,
                            image_writer& out) {
    for (const auto& page : pages) {
        auto room = out.room(page.pgno);
        if (!room) return room.error().as(io::subject::target);
        const io::byte_view frame = data.subspan(static_cast<std::size_t>(page.offset - offset), page.length);
        if (auto decoded = ltx::decode_page(frame, page_size, page.pgno, *room); !decoded) return decoded;
        out.keep();
    }
    if (auto written = out.flush(); !written) return written.error().as(io::subject::target);
    return {};
}

// Decodes a file as it comes and keeps the pages wanted from it. Blocking.
class whole_file {
public:
    whole_file(const image_source& source, image_writer& out) : source_(source), out_(out) {}

    io::result<void> feed(io::byte_view chunk) {
        const auto keep = [this](std::uint32_t pgno, io::byte_view page) { return take(pgno, page); };
        return decoder_.feed(chunk, keep);
    }

    io::result<void> finish() {
        auto summary = decoder_.finish();
        if (!summary) return summary.error();
        if (wanted_ != source_.pages.size() || summary->trailer != source_.trailer)
            return ltx::bad_content(io::errc::corrupt, "changed while it was read");
        if (auto written = out_.flush(); !written) return written.error().as(io::subject::target);
        return {};
    }

private:
    io::result<void> take(std::uint32_t pgno, io::byte_view page) {
        if (wanted_ == source_.pages.size() || source_.pages[wanted_].pgno != pgno) return {};
        ++wanted_;
        auto room = out_.room(pgno);
        if (!room) return room.error().as(io::subject::target);
        if (room->size() != page.size()) return ltx::bad_content(io::errc::corrupt, "changed while it was read");
        std::memcpy(room->data(), page.data(), page.size());
        out_.keep();
        return {};
    }

    const image_source& source_;
    image_writer& out_;
    ltx::decoder decoder_;
    std::size_t wanted_ = 0;   // the next of source_.pages
};

}  // namespace

page_fetch::page_fetch(const io::environment& env, object_reader& reader, const image_recipe& recipe, open_image open,
                       on_progress progress)
    : env_(env), reader_(reader), recipe_(recipe), open_(std::move(open)), progress_(std::move(progress)) {}

io::task<io::result<void>> page_fetch::run() {
    if (recipe_.checksum) cut_runs();
    const std::size_t jobs = recipe_.checksum ? runs_.size() : recipe_.sources.size();
    const std::size_t lanes = std::min(jobs, recipe_.checksum ? most_run_lanes : most_file_lanes);
    writers_.resize(lanes);
    io::task_group group(env_.time, env_.on);
    for (std::size_t i = 0; i < lanes; ++i) group.spawn(lane(i));
    co_await group.join();
    if (failure_) co_return *failure_;
    co_return finish();
}

void page_fetch::cut_runs() {
    for (std::size_t s = 0; s < recipe_.sources.size(); ++s) {
        const auto& pages = recipe_.sources[s].pages;
        const std::size_t most_pages = longest_output / recipe_.page_size;
        for (std::size_t i = 0; i < pages.size(); ++i) {
            page_run* open = runs_.empty() || runs_.back().source != s ? nullptr : &runs_.back();
            const std::uint64_t end = pages[i].offset + pages[i].length;
            if (open != nullptr && pages[i].offset - (open->offset + open->length) <= gap_worth_reading && end - open->offset <= longest_run &&
                open->last - open->first < most_pages && !io::buggify("fetch.page_by_page")) {
                open->length = end - open->offset;
                ++open->last;
            } else {
                runs_.push_back({s, i, i + 1, pages[i].offset, pages[i].length});
            }
        }
    }
}

io::task<void> page_fetch::lane(std::size_t writer) {
    const auto start = [&]() -> io::result<void> {
        auto file = open_();
        if (!file) return file.error();
        writers_[writer] = std::make_unique<image_writer>(std::move(*file), recipe_.page_size);
        return {};
    };
    auto done = co_await env_.elsewhere(start);
    const std::size_t jobs = recipe_.checksum ? runs_.size() : recipe_.sources.size();
    while (done && !failure_ && next_ < jobs) {
        const std::size_t job = next_++;
        const std::uint64_t before = writers_[writer]->pages();
        if (recipe_.checksum) done = co_await fetch_run(runs_[job], *writers_[writer]);
        else done = co_await read_whole(recipe_.sources[job], *writers_[writer]);
        pages_done_ += writers_[writer]->pages() - before;
        if (done && progress_) done = progress_(pages_done_);
    }
    if (!done && !failure_) failure_ = done.error();
}

io::task<io::result<void>> page_fetch::fetch_run(page_run what, image_writer& out) {
    const image_source& source = recipe_.sources[what.source];
    io::bytes fetched;
    if (source.whole.empty()) {
        auto got = co_await reader_.read(source.file.key, what.offset, what.length);
        if (!got) co_return got.error();
        fetched = std::move(*got);
    }
    const io::byte_view data = source.whole.empty() ? io::byte_view(fetched) : io::byte_view(source.whole).subspan(what.offset, what.length);
    const auto pages = std::span(source.pages).subspan(what.first, what.last - what.first);
    const auto work = [&] { return decode_run(data, what.offset, pages, recipe_.page_size, out); };
    auto decoded = co_await env_.elsewhere(work);
    if (!decoded) co_return at(source, decoded.error());
    co_return decoded;
}

io::task<io::result<void>> page_fetch::read_whole(const image_source& source, image_writer& out) {
    whole_file file(source, out);
    const std::function<io::result<void>(io::byte_view)> sink = [&](io::byte_view chunk) { return file.feed(chunk); };
    const auto decode_kept = [&] { return file.feed(source.whole); };
    io::result<void> fed;
    if (source.whole.empty()) fed = co_await stream_object(env_, reader_, source.file.key, source.file.size, sink);
    else fed = co_await env_.elsewhere(decode_kept);
    const auto end = [&] { return file.finish(); };
    if (fed) fed = co_await env_.elsewhere(end);
    if (!fed) co_return at(source, fed.error());
    co_return fed;
}

io::result<void> page_fetch::finish() const {
    std::uint64_t pages = 0;
    std::uint64_t folded = 0;
    for (const auto& writer : writers_) {
        pages += writer->pages();
        folded ^= writer->folded();
    }
    if (pages != recipe_.pages_to_write)
        return ltx::bad_content(io::errc::corrupt, fmt::format("{} of {} pages were written", pages, recipe_.pages_to_write));
    const std::uint64_t checksum = pages == 0 ? 0 : ltx::fold(0, folded);
    if (recipe_.checksum && *recipe_.checksum != checksum) {
        return ltx::bad_content(io::errc::corrupt, fmt::format("the pages put together have the database checksum {:016x}, not {:016x} as {} has it",
                                                               checksum, *recipe_.checksum, recipe_.sources.front().file.key));
    }
    return {};
}

}  // namespace engine
