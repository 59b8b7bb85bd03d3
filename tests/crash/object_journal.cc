#include "tests/crash/object_journal.h"

#include <sys/stat.h>

#include <filesystem>
#include <set>

#include "ltx/checksum.h"
#include "ltx/format.h"
#include "ltx/page_index.h"

namespace crash {

namespace {

// All pages of the database in one object.
bool carries_everything(io::byte_view object) {
    const auto head = ltx::decode_header(object);
    if (!head) return false;
    const auto index = ltx::read_page_index(*head, object.size(), object);
    return index && index->pages.size() == head->commit;
}

}  // namespace

std::uint64_t object_journal::inode_of(const std::string& key) const {
    struct stat status {};
    return ::stat((store_ + "/" + key).c_str(), &status) == 0 ? status.st_ino : 0;
}

std::vector<std::string> object_journal::look(bool bytes) {
    std::vector<std::string> wrong;
    if (!open_) open_ = std::make_unique<tests::store_access>(store_);
    const bool local = open_->layout() == io::key_layout::directory;
    if (local && !std::filesystem::exists(store_)) return wrong;  // killed before it was made
    std::set<std::string> gone;
    for (const auto& [key, each] : known_) gone.insert(key);
    for (const auto& object : open_->objects()) {
        gone.erase(object.key);
        seen now{object.size, object.timestamp_ms, local ? inode_of(object.key) : 0};
        const auto before = known_.find(object.key);
        const auto same = [&now](const seen& then) { return then.size == now.size && then.modified_ms == now.modified_ms && then.inode == now.inode; };
        if (before != known_.end() && !same(before->second)) wrong.push_back(object.key + " is another object than before");
        if (before != known_.end() && !bytes) continue;
        const io::bytes held = open_->read(object.key);
        now.checksum = ltx::crc64_of(held);
        now.whole = carries_everything(held);
        if (before == known_.end()) {
            known_.emplace(object.key, now);
        } else if (before->second.checksum != now.checksum) {
            wrong.push_back(object.key + " holds other bytes than before");
        }
        if (held.empty()) wrong.push_back(object.key + " is empty");
    }
    for (const auto& key : gone) wrong.push_back(key + " is gone");
    return wrong;
}

object_journal::counts object_journal::count(const std::string& stream) const {
    counts out;
    if (!open_) return out;
    const std::string snapshots = engine::level_prefix(open_->layout(), stream, engine::level_snapshots) + "/";
    const std::string captures = engine::level_prefix(open_->layout(), stream, engine::level_captures) + "/";
    for (const auto& [key, each] : known_) {
        out.snapshots += key.starts_with(snapshots);
        if (!key.starts_with(captures)) continue;
        ++out.captures;
        out.whole_captures += each.whole;
    }
    return out;
}

}  // namespace crash
