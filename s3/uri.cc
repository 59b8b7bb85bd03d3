#include "s3/uri.h"

#include <algorithm>

namespace s3 {
namespace {

bool unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

std::string encode(std::string_view text, bool keep_slash) {
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (unreserved(c) || (keep_slash && c == '/')) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 0xf];
    }
    return out;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string encode_component(std::string_view text) { return encode(text, false); }

std::string encode_path(std::string_view key) { return encode(key, true); }

std::string encode_query(const std::vector<query_parameter>& parameters) {
    std::vector<query_parameter> encoded;
    for (const auto& p : parameters) encoded.push_back({encode_component(p.name), encode_component(p.value)});
    std::ranges::sort(encoded, [](const auto& a, const auto& b) { return a.name != b.name ? a.name < b.name : a.value < b.value; });
    std::string query;
    for (const auto& p : encoded) {
        if (!query.empty()) query += '&';
        query += p.name + "=" + p.value;
    }
    return query;
}

std::optional<std::string> decode(std::string_view text, plus how) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '+' && how == plus::space) c = ' ';
        if (c == '%') {
            if (text.size() - i < 3) return std::nullopt;
            const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (c == '\0') return std::nullopt;
        out += c;
    }
    return out;
}

std::optional<std::vector<query_parameter>> decode_query(std::string_view query) {
    std::vector<query_parameter> parameters;
    while (!query.empty()) {
        const std::string_view part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), part.size() + 1));
        if (part.empty()) continue;
        const std::size_t equals = std::min(part.find('='), part.size());
        auto name = decode(part.substr(0, equals), plus::space);
        auto value = decode(part.substr(std::min(part.size(), equals + 1)), plus::space);
        if (!name || !value) return std::nullopt;
        parameters.push_back({std::move(*name), std::move(*value)});
    }
    return parameters;
}

}  // namespace s3
