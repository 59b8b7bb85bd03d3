#include "tests/crash/object_journal.h"

#include <sys/stat.h>

#include <filesystem>

#include "ltx/checksum.h"
#include "ltx/format.h"
#include "ltx/page_index.h"
#include "tests/support/chain_builder.h"

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

std::vector<std::string> object_journal::look(bool bytes) {
    std::vector<std::string> wrong;
    std::size_t met = 0;
    if (!std::filesystem::exists(root_)) return wrong;  // killed before it was made
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
        if (entry.path().extension() != ".ltx") continue;
        const std::string path = entry.path();
        const std::string name = path.substr(root_.size() + 1);
        struct stat status {};
        if (::stat(path.c_str(), &status) != 0) {
            wrong.push_back(name + " went while it was looked at");
            continue;
        }
        seen now;
        now.size = static_cast<std::uint64_t>(status.st_size);
        now.modified_ns = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
        now.inode = status.st_ino;
        const auto before = known_.find(name);
        met += before != known_.end();
        const auto same = [&now](const seen& then) { return then.size == now.size && then.modified_ns == now.modified_ns && then.inode == now.inode; };
        if (before != known_.end() && !same(before->second)) wrong.push_back(name + " is another file than before");
        if (before != known_.end() && !bytes) continue;
        const io::bytes object = tests::slurp(path);
        now.checksum = ltx::crc64_of(object);
        now.whole = carries_everything(object);
        if (before == known_.end()) {
            known_.emplace(name, now);
        } else if (before->second.checksum != now.checksum) {
            wrong.push_back(name + " holds other bytes than before");
        }
        if (object.empty()) wrong.push_back(name + " is empty");
    }
    if (met + wrong.size() < known_.size()) {
        for (const auto& [name, each] : known_) {
            if (!std::filesystem::exists(root_ + "/" + name)) wrong.push_back(name + " is gone");
        }
    }
    return wrong;
}

object_journal::counts object_journal::count(const std::string& stream) const {
    counts out;
    for (const auto& [name, each] : known_) {
        if (name.starts_with(stream + "/ltx/9/")) ++out.snapshots;
        if (!name.starts_with(stream + "/ltx/0/")) continue;
        ++out.captures;
        out.whole_captures += each.whole;
    }
    return out;
}

}  // namespace crash
