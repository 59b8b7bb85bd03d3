#include "s3/xml.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "io/clock.h"
#include "s3/printable.h"

namespace s3 {
namespace {

io::error bad(io::errc code, std::string why) { return {code, io::subject::store, std::move(why)}; }

bool starts_with_word(std::string_view text, std::string_view word) {
    return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(), [](char w, char t) {
               return w == (t >= 'A' && t <= 'Z' ? static_cast<char>(t - 'A' + 'a') : t);
           });
}

}  // namespace

io::result<pugi::xml_node> read_document(pugi::xml_document& into, io::byte_view body, std::string_view root) {
    if (body.size() > max_document) return bad(io::errc::too_large, fmt::format("a document of {} bytes, more than {}", body.size(), max_document));
    if (static_cast<std::size_t>(std::ranges::count(body, '<')) > max_tags)
        return bad(io::errc::too_large, fmt::format("a document of more than {} tags", max_tags));
    if (body.empty()) return bad(io::errc::io_failure, fmt::format("an empty body instead of a {} document", root));
    const auto parsed = into.load_buffer(body.data(), body.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!parsed) {
        if (looks_like_html(body)) return bad(io::errc::io_failure, fmt::format("a web page instead of a {} document: is that the address of an S3 service?", root));
        return bad(io::errc::io_failure, fmt::format("the {} document is cut off or malformed at byte {} of {}", root, parsed.offset, body.size()));
    }
    const pugi::xml_node node = into.document_element();
    if (node.name() == root) return node;
    if (std::string_view(node.name()) == "Error")
        return bad(io::errc::io_failure, fmt::format("an error instead of a {} document: {}", root, printable(text_of(node, "Code"))));
    return bad(io::errc::io_failure, fmt::format("a {} document instead of {}: is that the address of an S3 service?", printable(node.name()), root));
}

std::string text_of(const pugi::xml_node& node, const char* child) { return node.child(child).text().get(); }

std::optional<std::uint64_t> number_of(const pugi::xml_node& node, const char* child) {
    const std::string_view text = node.child(child).text().get();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<bool> flag_of(const pugi::xml_node& node, const char* child) {
    const std::string_view text = node.child(child).text().get();
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
}

std::optional<std::int64_t> time_of(const pugi::xml_node& node, const char* child) {
    std::int64_t wall_ms = 0;
    if (!io::parse_time(text_of(node, child), wall_ms)) return std::nullopt;
    return wall_ms;
}

bool looks_like_html(io::byte_view body) {
    std::string_view text = io::text_of(body.first(std::min<std::size_t>(body.size(), 1024)));
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    return starts_with_word(text, "<!doctype html") || starts_with_word(text, "<html") || starts_with_word(text, "<head") || starts_with_word(text, "<body");
}

}  // namespace s3
