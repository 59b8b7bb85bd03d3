#include "ltx/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ltx {
namespace {

io::error from(std::size_t source, const io::error& e) { return e.within(fmt::format("merge, file {}", source)); }

}  // namespace

merger::merger(std::size_t sources, std::size_t output_limit) : inputs_(sources), output_limit_(output_limit) {}

io::result<merger::wish> merger::step() {
    if (failure_) return *failure_;
    auto wanted = run();
    if (!wanted) failure_ = wanted.error();
    return wanted;
}

void merger::feed(std::size_t source, io::bytes chunk) {
    inputs_[source].chunk = std::move(chunk);
    inputs_[source].rest = inputs_[source].chunk;
}

void merger::end(std::size_t source) { inputs_[source].no_more_bytes = true; }

io::bytes merger::take_output() { return out_ ? out_->take_output() : io::bytes(); }

io::result<merger::wish> merger::run() {
    if (done_) return wish{need::done, 0};
    for (;;) {
        bool more = false;
        for (std::size_t i = 0; i < inputs_.size(); ++i) {
            auto ready = fill(i);
            if (!ready) return from(i, ready.error());
            if (!*ready) return wish{need::input, i};
            more = more || inputs_[i].current.has_value();
        }
        if (!out_) {
            if (auto ok = start(); !ok) return std::move(ok).error();
        }
        if (!more) break;
        if (auto ok = emit_lowest(); !ok) return std::move(ok).error();
        if (out_->pending_bytes() >= output_limit_) return wish{need::output, 0};
    }
    if (auto ok = check_ends(); !ok) return std::move(ok).error();
    if (auto ok = out_->finish(); !ok) return std::move(ok).error().within("merge");
    done_ = true;
    return wish{need::done, 0};
}

// Brings a source to its next page or its verified end; false if that takes more bytes.
io::result<bool> merger::fill(std::size_t source) {
    input& in = inputs_[source];
    if (in.current || in.ended) return true;
    auto got = in.reader.next(in.rest);
    if (!got) return std::move(got).error();
    in.current = *got;
    if (in.current) return true;
    if (!in.no_more_bytes) return false;
    auto ended = in.reader.finish();
    if (!ended) return std::move(ended).error();
    in.ended = ended->trailer;
    return true;
}

// Every source stands at its first page or end, so every header is known.
io::result<void> merger::start() {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
        const header& h = *inputs_[i].reader.head();
        if (i == 0) continue;
        // A native checksum after a file is known only at its end: check_ends().
        const header& before = *inputs_[i - 1].reader.head();
        const chain_state state{before.page_size, before.commit, before.max_txid, std::nullopt};
        if (auto ok = check_successor(state, h); !ok) return from(i, ok.error());
        inputs_[i].growth.emplace(before.commit, h);
    }
    const header& first = *inputs_.front().reader.head();
    const header& last = *inputs_.back().reader.head();
    merged_.page_size = last.page_size;
    merged_.commit = last.commit;
    merged_.min_txid = first.min_txid;
    merged_.max_txid = last.max_txid;
    merged_.timestamp_ms = last.timestamp_ms;
    merged_.node_id = last.node_id;
    if (first.sums && last.sums) merged_.sums = database_sums{first.sums->pre, last.sums->post};
    std::uint32_t smallest = last.commit;
    for (std::size_t i = inputs_.size(); i-- > 0;) {
        smallest = std::min(smallest, inputs_[i].reader.head()->commit);
        inputs_[i].keep_to = smallest;
    }
    auto made = encoder::create(merged_);
    if (!made) return std::move(made).error().within("merge");
    out_.emplace(*std::move(made));
    return {};
}

// Takes the lowest page number that any source stands at from all of them, and writes its newest version. A version that a later file
// cut off is not written, even if the database grew again: then the file that grew it holds the page.
io::result<void> merger::emit_lowest() {
    std::uint32_t lowest = UINT32_MAX;
    for (const input& in : inputs_) {
        if (in.current) lowest = std::min(lowest, in.current->pgno);
    }
    const input* newest = nullptr;
    for (input& in : inputs_) {
        if (!in.current || in.current->pgno != lowest) continue;
        if (in.growth) in.growth->add(lowest);
        if (lowest <= in.keep_to) newest = &in;
    }
    io::result<void> added;
    if (newest != nullptr) added = out_->add_page(lowest, newest->current->bytes);
    for (input& in : inputs_) {
        if (in.current && in.current->pgno == lowest) in.current.reset();
    }
    if (!added) return std::move(added).error().within("merge");
    return {};
}

io::result<void> merger::check_ends() const {
    for (std::size_t i = 1; i < inputs_.size(); ++i) {
        const chain_state before = state_after(*inputs_[i - 1].reader.head(), *inputs_[i - 1].ended);
        if (auto ok = check_successor(before, *inputs_[i].reader.head()); !ok) return from(i, ok.error());
        if (auto ok = inputs_[i].growth->finish(); !ok) return from(i, ok.error());
    }
    return {};
}

}  // namespace ltx
