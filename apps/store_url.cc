#include "apps/store_url.h"

#include <fmt/format.h>

#include "apps/s3_store.h"
#include "s3/uri.h"

namespace apps {

namespace {

io::error wrong(std::string context) { return {io::errc::invalid, io::subject::usage, std::move(context)}; }

}  // namespace

io::result<std::string> directory_of(const std::string& url) {
    if (url.empty()) return wrong("the store's URL is empty; give a path, or file:///path");
    const std::size_t colon = url.find("://");
    if (colon == std::string::npos || url.find('/') < colon) return url;
    const std::string scheme = url.substr(0, colon);
    if (scheme == "s3") return wrong(fmt::format("store \"{}\": that is no directory", url));
    if (scheme != "file") return wrong(fmt::format("store \"{}\": unknown scheme \"{}\"; use a path, file:///path or s3://bucket/prefix", url, scheme));
    if (!url.starts_with("file:///") || url.size() == 8)
        return wrong(fmt::format("store \"{}\": a file URL has three slashes and an absolute path, as in file:///backup", url));
    auto path = s3::decode(std::string_view(url).substr(7), s3::plus::literal);
    if (!path) return wrong(fmt::format("store \"{}\": a % in a URL must be followed by two hexadecimal digits (a % itself is %25); a plain path needs none", url));
    return std::move(*path);
}

io::task<io::result<std::shared_ptr<io::object_store>>> open_store(const io::environment& env, std::string url, io::directory_store::access how,
                                                                   bool unsafe_no_conditional_put) {
    if (s3::is_store_url(url)) {
        auto place = co_await open_s3(env, std::move(url), how, unsafe_no_conditional_put);
        if (!place) co_return place.error();
        const auto whole = std::make_shared<s3_place>(std::move(*place));
        co_return std::shared_ptr<io::object_store>(whole, whole->store.get());
    }
    auto directory = directory_of(url);
    if (!directory) co_return directory.error();
    auto opened = co_await io::directory_store::open(env, std::move(*directory), how);
    if (!opened) co_return opened.error();
    co_return std::shared_ptr<io::object_store>(std::move(*opened));
}

}  // namespace apps
