#include "s3/list_cursor.h"

#include <fmt/format.h>

#include "s3/printable.h"

namespace s3 {
namespace {

io::error untrustworthy(std::string why) {
    return {io::errc::corrupt, io::subject::store, fmt::format("the server's listing cannot be trusted: {}", why)};
}

}  // namespace

list_cursor::list_cursor(std::string prefix, std::string delimiter, std::uint64_t most) : most_(most) {
    query_.prefix = std::move(prefix);
    query_.delimiter = std::move(delimiter);
}

io::result<void> list_cursor::take(list_page page) {
    if (objects_.size() + prefixes_.size() + page.objects.size() + page.common_prefixes.size() > most_)
        return io::error{io::errc::too_large, io::subject::store, fmt::format("more than {} objects begin with \"{}\"", most_, printable(query_.prefix))};
    for (auto& object : page.objects) {
        if (!object.key.starts_with(query_.prefix)) return untrustworthy(fmt::format("\"{}\" does not begin with the prefix", printable(object.key)));
        if (!objects_.empty() && objects_.back().key >= object.key)
            return untrustworthy(fmt::format("\"{}\" follows \"{}\"", printable(object.key), printable(objects_.back().key)));
        objects_.push_back(std::move(object));
    }
    for (auto& prefix : page.common_prefixes) {
        if (!prefix.starts_with(query_.prefix)) return untrustworthy(fmt::format("\"{}\" does not begin with the prefix", printable(prefix)));
        if (!prefixes_.empty() && prefixes_.back() >= prefix)
            return untrustworthy(fmt::format("\"{}\" follows \"{}\"", printable(prefix), printable(prefixes_.back())));
        prefixes_.push_back(std::move(prefix));
    }
    done_ = page.next_token.empty();
    if (!done_ && page.next_token == query_.continuation_token) return untrustworthy("the same continuation token comes again");
    query_.continuation_token = std::move(page.next_token);
    return {};
}

}  // namespace s3
