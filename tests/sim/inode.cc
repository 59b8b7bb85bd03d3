#include "tests/sim/inode.h"

#include <algorithm>
#include <cstring>

namespace sim {

void content::reserve(std::uint64_t capacity) {
    if (capacity <= capacity_) return;
    capacity_ = std::max(capacity, std::max<std::uint64_t>(2 * capacity_, 4096));
    std::shared_ptr<std::uint8_t[]> larger(new std::uint8_t[capacity_]());
    if (size_ != 0) std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
}

void content::resize(std::uint64_t size) {
    reserve(size);
    if (size < size_) std::memset(bytes_.get() + size, 0, size_ - size);
    if (counts_) *used_ += size - size_;
    size_ = size;
}

void content::charge(bool counts) {
    if (counts == counts_) return;
    counts_ = counts;
    *used_ += counts ? size_ : -size_;
}

void content::write(std::uint64_t offset, io::byte_view data) {
    if (data.empty()) return;
    if (offset + data.size() > size_) resize(offset + data.size());
    std::memcpy(bytes_.get() + offset, data.data(), data.size());
}

void inode::write(std::uint64_t offset, io::byte_view data) {
    now.write(offset, data);
    unsynced.push_back({offset, io::bytes(data.begin(), data.end())});
}

void inode::resize(std::uint64_t size) {
    now.resize(size);
    unsynced.push_back({size, std::nullopt});
}

void inode::sync() {
    if (mapped) {
        durable.assign(now.all().begin(), now.all().end());
    } else {
        for (const change& each : unsynced) {
            if (!each.data || each.offset + each.data->size() > durable.size()) durable.resize(each.data ? each.offset + each.data->size() : each.offset);
            if (each.data) std::copy(each.data->begin(), each.data->end(), durable.begin() + static_cast<std::ptrdiff_t>(each.offset));
        }
    }
    unsynced.clear();
    durable_ms = modified_ms;
}

namespace {

// How much of what was not synced a loss of power leaves.
enum class left { nothing, everything, prefix, pieces };

// One write, sector by sector; `keep` is asked for each.
template <class Keep>
void write_sectors(io::bytes& to, const inode::change& each, Keep keep) {
    for (std::uint64_t done = 0; done < each.data->size();) {
        const std::uint64_t at = each.offset + done;
        const std::uint64_t length = std::min(sector_bytes - at % sector_bytes, each.data->size() - done);
        if (keep()) {
            if (at + length > to.size()) to.resize(at + length);
            std::copy_n(each.data->begin() + static_cast<std::ptrdiff_t>(done), length, to.begin() + static_cast<std::ptrdiff_t>(at));
        }
        done += length;
    }
}

}  // namespace

void inode::lose_power(prng& dice) {
    const auto how = static_cast<left>(dice.below(4));
    const std::uint64_t cut = how == left::prefix ? dice.below(unsynced.size() + 1) : 0;
    io::bytes out = durable;
    for (std::size_t i = 0; i < unsynced.size(); ++i) {
        const auto keep = [&] {
            if (how == left::prefix) return i < cut || (i == cut && dice.below(2) == 0);
            return how == left::everything || (how == left::pieces && dice.below(2) == 0);
        };
        if (unsynced[i].data) write_sectors(out, unsynced[i], keep);
        else if (keep()) out.resize(unsynced[i].offset);
    }
    if (mapped) {
        const io::byte_view stored = now.all();
        if (out.size() < stored.size()) out.resize(stored.size());
        for (std::uint64_t at = 0; at < stored.size(); at += sector_bytes) {
            const std::uint64_t length = std::min<std::uint64_t>(sector_bytes, stored.size() - at);
            if (dice.below(2) == 0) std::memcpy(out.data() + at, stored.data() + at, length);
        }
    }
    now.resize(out.size());
    now.write(0, out);
    durable = std::move(out);
    unsynced.clear();
    mapped = false;
    flock.reset();
    database = {};
    index = {};
    regions.clear();
    index_users.clear();
}

}  // namespace sim
