#include "ltx/page_sums.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "io/failpoint.h"
#include "ltx/checksum.h"
#include "ltx/format.h"

namespace ltx {
namespace {

constexpr std::uint64_t magic = 0x736d757365676170ULL;  // "pagesums"
constexpr std::uint32_t version = 1;
constexpr std::uint64_t file_step = 4096;  // a growing database maps its file anew only once in 512 pages

struct file_head {
    std::uint64_t magic = 0;
    std::uint32_t version = 0;
    std::uint32_t page_size = 0;
    std::uint64_t txid = 0;
    std::uint64_t post = 0;
    std::uint32_t page_count = 0;
    std::uint32_t zero = 0;
    std::uint64_t check = 0;  // of the fields before: the sums themselves do not cover the TXID
};
static_assert(sizeof(file_head) == 48);

std::uint64_t check_of(const file_head& head) {
    std::array<std::uint8_t, offsetof(file_head, check)> bytes;
    std::memcpy(bytes.data(), &head, bytes.size());
    return crc64_of(bytes);
}

file_head head_of(io::mapping& mapping) {
    file_head head;
    std::memcpy(&head, mapping.bytes().data(), sizeof head);
    return head;
}

std::uint64_t file_size_for(std::uint32_t page_count) {
    const std::uint64_t needed = sizeof(file_head) + 8 * std::uint64_t{page_count};
    return (needed + file_step - 1) / file_step * file_step;
}

// Bit 63 is set in every sum, so the plain exclusive-or says nothing by it; the database checksum has it set.
std::uint64_t database_checksum(std::uint64_t folded, std::uint32_t page_count) { return page_count == 0 ? 0 : folded | checksum_flag; }

io::error refused(const char* why) { return bad_content(io::errc::invalid, why); }

// Of what the disk does not take now: as good as the file for as long as the object lives.
class in_memory final : public io::mapping {
public:
    explicit in_memory(std::uint64_t size) : bytes_(size) {}
    io::byte_span bytes() override { return bytes_; }
    io::result<void> sync() override { return {}; }

private:
    io::bytes bytes_;
};

bool is_full_or_read_only(const io::error& e) {
    return e.code == io::errc::no_space || e.code == io::errc::read_only || e.code == io::errc::access_denied;
}

}  // namespace

io::result<page_sums> page_sums::open(io::file_system& files, std::string path) {
    page_sums sums(files, std::move(path));
    auto status = files.status(sums.path_);
    if (!status) {
        if (status.error().code == io::errc::not_found) return sums;
        return std::move(status).error();
    }
    const bool plausible = status->kind == io::file_kind::regular && status->size != 0 && status->size % file_step == 0 &&
                           status->size <= file_size_for(UINT32_MAX);
    if (!plausible) return sums;
    auto mapped = files.map(sums.path_, status->size);
    if (mapped) {
        sums.mapping_ = *std::move(mapped);
    } else {
        if (!is_full_or_read_only(mapped.error())) return std::move(mapped).error();
        auto data = files.open(sums.path_, io::open_mode::read);
        if (!data) return std::move(data).error();
        sums.mapping_ = std::make_unique<in_memory>(status->size);
        auto got = (*data)->read_at(0, sums.mapping_->bytes());
        if (!got) return std::move(got).error();
    }
    sums.load();
    return sums;
}

void page_sums::load() {
    const file_head head = head_of(*mapping_);
    if (head.magic != magic || head.version != version || head.check != check_of(head) || !valid_page_size(head.page_size)) return;
    claims_ = true;
    if (mapping_->bytes().size() != file_size_for(head.page_count)) return;
    fold_all();
    if (lock_page(head.page_size) <= head.page_count && stored(lock_page(head.page_size)) != 0) return;
    sound_ = true;
}

void page_sums::fold_all() {
    const std::uint32_t page_count = head_of(*mapping_).page_count;
    folded_ = 0;
    for (std::uint32_t pgno = 1; pgno != 0 && pgno <= page_count; ++pgno) folded_ ^= stored(pgno);
}

std::uint64_t page_sums::stored(std::uint32_t pgno) const {
    std::uint64_t sum = 0;
    std::memcpy(&sum, mapping_->bytes().data() + sizeof(file_head) + 8 * (std::uint64_t{pgno} - 1), sizeof sum);
    return sum;
}

void page_sums::store(std::uint32_t pgno, std::uint64_t sum) {
    std::memcpy(mapping_->bytes().data() + sizeof(file_head) + 8 * (std::uint64_t{pgno} - 1), &sum, sizeof sum);
}

void page_sums::claim(std::uint32_t page_size, std::uint32_t page_count, std::uint64_t txid, std::uint64_t post) {
    file_head head{magic, version, page_size, txid, post, page_count, 0, 0};
    head.check = check_of(head);
    std::memcpy(mapping_->bytes().data(), &head, sizeof head);
}

bool page_sums::valid() const {
    if (!sound_) return false;
    const file_head head = head_of(*mapping_);
    return database_checksum(folded_, head.page_count) == head.post;
}

std::uint32_t page_sums::page_size() const { return valid() ? head_of(*mapping_).page_size : 0; }
std::uint32_t page_sums::page_count() const { return valid() ? head_of(*mapping_).page_count : 0; }
std::uint64_t page_sums::txid() const { return valid() ? head_of(*mapping_).txid : 0; }
std::uint64_t page_sums::post() const { return valid() ? head_of(*mapping_).post : 0; }

std::uint64_t page_sums::get(std::uint32_t pgno) const { return pgno >= 1 && pgno <= page_count() ? stored(pgno) : 0; }

io::result<void> page_sums::check(std::span<const page_sum> changed, std::uint32_t page_count) const {
    std::uint32_t last = 0;
    for (const page_sum& change : changed) {
        if (change.pgno <= last || change.pgno > page_count || change.pgno == lock_page(head_of(*mapping_).page_size))
            return refused("page sums: a bad page number");
        last = change.pgno;
    }
    return {};
}

io::result<std::uint64_t> page_sums::fold_in(std::span<const page_sum> changed, std::uint32_t page_count) const {
    if (!valid()) return refused("page sums: not valid");
    if (auto ok = check(changed, page_count); !ok) return ok.error();
    const file_head head = head_of(*mapping_);
    std::uint64_t folded = folded_;
    for (std::uint64_t pgno = std::uint64_t{page_count} + 1; pgno <= head.page_count; ++pgno) folded ^= stored(static_cast<std::uint32_t>(pgno));
    for (const page_sum& change : changed) folded ^= change.sum ^ (change.pgno <= head.page_count ? stored(change.pgno) : 0);
    return folded;
}

io::result<std::uint64_t> page_sums::checksum_after(std::span<const page_sum> changed, std::uint32_t page_count) const {
    auto folded = fold_in(changed, page_count);
    if (!folded) return folded;
    return database_checksum(*folded, page_count);
}

io::result<void> page_sums::apply(std::span<const page_sum> changed, std::uint32_t page_count, std::uint64_t txid, std::uint64_t post) {
    const auto folded = fold_in(changed, page_count);
    if (!folded) return folded.error();
    if (auto ok = move(changed, page_count, txid, post); !ok) return ok;
    folded_ = *folded;
    return {};
}

std::optional<page_sums::claim_before> page_sums::torn() const {
    if (!claims_ || valid()) return std::nullopt;
    const file_head head = head_of(*mapping_);
    return claim_before{head.page_size, head.txid, head.post};
}

io::result<void> page_sums::apply_again(std::span<const page_sum> changed, std::uint32_t page_count, std::uint64_t txid, std::uint64_t post) {
    if (!torn()) return refused("page sums: not torn");
    if (auto ok = check(changed, page_count); !ok) return ok;
    if (auto ok = move(changed, page_count, txid, post); !ok) return ok;
    fold_all();
    return {};
}

// The claim comes last: until then it is the state before, from which this can be repeated.
io::result<void> page_sums::move(std::span<const page_sum> changed, std::uint32_t page_count, std::uint64_t txid, std::uint64_t post) {
    const file_head head = head_of(*mapping_);
    // What is cut off is cleared, for the file keeps room that a growing database takes as zeros.
    const std::uint64_t room = (std::min<std::uint64_t>(file_size_for(page_count), mapping_->bytes().size()) - sizeof(file_head)) / 8;
    const std::uint64_t cut_end = std::min<std::uint64_t>(head.page_count, room);
    for (std::uint64_t pgno = std::uint64_t{page_count} + 1; pgno <= cut_end; ++pgno) store(static_cast<std::uint32_t>(pgno), 0);
    if (auto ok = resize(page_count); !ok) return ok;
    for (const page_sum& change : changed) {
        store(change.pgno, change.sum);
        io::failpoint("sums.torn");
    }
    claim(head.page_size, page_count, txid, post);
    sound_ = true;
    return {};
}

io::result<void> page_sums::reset(std::uint32_t page_size, std::span<const std::uint64_t> sums, std::uint64_t txid) {
    if (!valid_page_size(page_size) || sums.size() > UINT32_MAX) return refused("page sums: a bad page size or count");
    const auto page_count = static_cast<std::uint32_t>(sums.size());
    if (lock_page(page_size) <= page_count && sums[lock_page(page_size) - 1] != 0) return refused("page sums: a sum at the lock page");
    if (auto ok = resize(page_count); !ok) return ok;
    const io::byte_span all = mapping_->bytes();
    if (!sums.empty()) std::memcpy(all.data() + sizeof(file_head), sums.data(), sums.size_bytes());
    const io::byte_span room = all.subspan(sizeof(file_head) + sums.size_bytes());
    std::fill(room.begin(), room.end(), std::uint8_t{0});
    folded_ = 0;
    for (const std::uint64_t sum : sums) folded_ ^= sum;
    io::failpoint("sums.reset");
    claim(page_size, page_count, txid, database_checksum(folded_, page_count));
    claims_ = true;
    sound_ = true;
    return {};
}

// Leaves the sums not sound if the file cannot be made to fit.
io::result<void> page_sums::resize(std::uint32_t page_count) {
    const std::uint64_t size = file_size_for(page_count);
    if (mapping_ && mapping_->bytes().size() == size) return {};
    sound_ = false;
    claims_ = false;
    const std::unique_ptr<io::mapping> before = std::move(mapping_);
    auto mapped = files_->map(path_, size);
    if (!mapped && !is_full_or_read_only(mapped.error())) return std::move(mapped).error();
    mapping_ = mapped ? *std::move(mapped) : std::make_unique<in_memory>(size);
    if (before) {  // of which the file does not hold all, if it was in memory
        const std::size_t common = std::min<std::size_t>(size, before->bytes().size());
        std::memmove(mapping_->bytes().data(), before->bytes().data(), common);
    }
    claims_ = true;
    return {};
}

io::result<void> page_sums::sync() {
    if (!mapping_) return {};
    return mapping_->sync();
}

}  // namespace ltx
