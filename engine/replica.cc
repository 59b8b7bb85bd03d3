#include "engine/replica.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "ltx/file_name.h"

namespace engine {

replica::replica(io::object_store& store, std::string stream) : store_(store), stream_(std::move(stream)) {}

std::string replica::key(unsigned level, txid_range range) const { return object_key(store_.layout(), stream_, level, range); }

io::task<io::result<listing>> replica::list(unsigned level) const {
    auto found = co_await store_.list(level_prefix(store_.layout(), stream_, level));
    if (!found) co_return found.error().within(fmt::format("list level {} of {}", level, stream_));
    listing out;
    for (auto& info : *found) {
        const auto range = parse_object_key(info.key);
        if (!range) {
            out.strangers.push_back(std::move(info.key));
        } else {
            out.files.push_back({level, *range, info.size, info.timestamp_ms, std::move(info.key)});
        }
    }
    co_return out;
}

io::task<io::result<listing>> replica::list_all() const {
    listing out;
    for (unsigned level = 0; level < level_count; ++level) {
        auto one = co_await list(level);
        if (!one) co_return one.error();
        std::move(one->files.begin(), one->files.end(), std::back_inserter(out.files));
        std::move(one->strangers.begin(), one->strangers.end(), std::back_inserter(out.strangers));
    }
    co_return out;
}

io::task<io::result<ltx::header>> replica::header(stored_file file) const {
    auto data = co_await store_.get(file.key, 0, ltx::header_size);
    if (!data) co_return data.error().within(file.key);
    auto parsed = ltx::decode_header(*data);
    if (!parsed) co_return parsed.error().within(file.key);
    if (auto named = ltx::check_name(file.range, *parsed); !named) co_return named.error().within(file.key);
    co_return *parsed;
}

io::task<io::result<std::vector<std::string>>> replica::streams(io::object_store& store) {
    std::vector<std::string> names;
    std::deque<std::string> open{""};
    while (!open.empty()) {
        const std::string at = std::move(open.front());
        open.pop_front();
        auto parts = co_await store.children(at);
        if (!parts) co_return parts.error().within("list streams");
        bool is_stream = false;
        for (const auto& part : *parts) {
            const std::string below = at.empty() ? part : at + "/" + part;
            const bool level = store.layout() == io::key_layout::directory ? part == "ltx" : !check_stream_name(part).has_value();
            if (level && !at.empty()) {
                is_stream = true;
            } else if (check_stream_name(below)) {
                open.push_back(below);
            }
        }
        if (is_stream) names.push_back(at);
    }
    std::sort(names.begin(), names.end());
    co_return names;
}

}  // namespace engine
