#include "engine/departed.h"

#include <algorithm>

#include "engine/cache.h"
#include "engine/key.h"

namespace engine {

bool departed::is_due(const memo& row) const {
    if (settings_.forget_after.count() == 0 || row.gone_ms == 0) return false;
    const auto gone = std::chrono::milliseconds(env_.time.wall_ms() - row.gone_ms);
    const auto refused = [](const object_row& one) { return one.state != object_row::fate::uploaded; };
    return gone >= settings_.forget_after && std::ranges::none_of(state_.objects(row.stream), refused);
}

// False: something waits there, or cannot be removed. The row goes last, so that what is interrupted is done again.
bool departed::remove_files(const std::string& id) const {
    io::file_system& files = env_.files;
    const auto is_none = [](const auto& outcome) { return outcome.error().code == io::errc::not_found; };
    const std::string& directory = state_.directory();
    const std::string shadow = io::join(io::join(directory, "shadow"), id);
    const auto segments = files.list(shadow);
    if (segments ? !segments->empty() : !is_none(segments)) return false;
    const cache copies(files, directory, id);
    const auto names = copies.list();
    if (!names) return false;
    for (const object_name& name : *names) {
        if (!copies.remove(name)) return false;
    }
    (void)files.remove(shadow);
    const auto removed = files.remove(io::join(io::join(directory, "sums"), id));
    return removed || is_none(removed);
}

departed::fate departed::find_out(const memo& row) const {
    const auto found = env_.files.status(row.path);
    if (found || found.error().code != io::errc::not_found) return fate::there;
    return is_due(row) && remove_files(local_id(store_url_, row.stream)) ? fate::removed : fate::missing;
}

io::task<bool> departed::look(std::function<bool(const std::string& stream)> is_followed) {
    std::vector<memo> rows = state_.all(is_followed);
    std::vector<fate> fates;
    const auto work = [&] {
        for (const memo& row : rows) fates.push_back(find_out(row));
    };
    if (!rows.empty()) co_await env_.elsewhere(work);
    bool changed = false;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        memo& row = rows[i];
        const std::int64_t since = fates[i] == fate::there ? 0 : row.gone_ms != 0 ? row.gone_ms : env_.time.wall_ms();
        if (fates[i] == fate::removed) {
            env_.journal.info("{}: {} has been gone for long, and everything of it is in the store: what was remembered of it here is removed", row.stream, row.path);
            for (const object_row& one : state_.objects(row.stream)) shelf_.forget(row.stream, one.name);
            state_.forget(row.stream);
        } else if (since != row.gone_ms) {
            row.gone_ms = since;
            state_.put(row);
        } else {
            continue;
        }
        changed = true;
    }
    co_return changed;
}

}  // namespace engine
