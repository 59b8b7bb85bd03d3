#include "s3/ini_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace s3 {
namespace {

constexpr std::size_t most = std::size_t{1} << 20;
constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

// Up to a '#' or ';' that follows a blank.
std::string_view without_comment(std::string_view text) {
    for (std::size_t i = 1; i < text.size(); ++i)
        if ((text[i] == '#' || text[i] == ';') && (text[i - 1] == ' ' || text[i - 1] == '\t')) return text.substr(0, i);
    return text;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

// "profile \"my name\"" -> "profile my name"
std::string section_name(std::string_view inside) {
    std::string out;
    for (const char c : trimmed(inside)) {
        if (c == '"' || c == '\'') continue;
        const bool blank = c == ' ' || c == '\t';
        if (blank && !out.empty() && out.back() == ' ') continue;
        out += blank ? ' ' : c;
    }
    return out;
}

class parser {
public:
    io::result<void> line(std::string_view text) {
        ++number_;
        const std::size_t indent = std::min(text.find_first_not_of(blanks), text.size());
        const std::string_view content = trimmed(text);
        if (content.empty() || content.front() == '#' || content.front() == ';') return {};
        if (content.front() == '[') return section(content);
        if (setting_indent_ && indent > *setting_indent_) return {};
        const std::size_t equals = content.find('=');
        const std::string name = lower(trimmed(content.substr(0, equals)));
        if (equals == std::string_view::npos || name.empty()) return bad("is neither a section nor a setting");
        if (section_ == nullptr) return bad("is a setting outside of every section");
        (*section_)[name] = trimmed(without_comment(content.substr(equals + 1)));
        setting_indent_ = indent;
        return {};
    }

    ini_file take() { return std::move(file_); }

private:
    io::result<void> section(std::string_view content) {
        const std::size_t end = content.find(']');
        if (end == std::string_view::npos) return bad("lacks a ']'");
        const std::string_view rest = trimmed(content.substr(end + 1));
        const std::string name = section_name(content.substr(1, end - 1));
        if (name.empty() || (!rest.empty() && rest.front() != '#' && rest.front() != ';')) return bad("is not the head of a section");
        section_ = &file_[name];
        setting_indent_.reset();
        return {};
    }

    io::error bad(std::string_view why) const { return {io::errc::invalid, io::subject::usage, fmt::format("line {} {}", number_, why)}; }

    ini_file file_;
    ini_section* section_ = nullptr;
    std::optional<std::size_t> setting_indent_;
    std::size_t number_ = 0;
};

}  // namespace

io::result<ini_file> parse_ini(std::string_view text) {
    if (text.size() > most) return io::error{io::errc::too_large, io::subject::usage, fmt::format("{} bytes, more than {}", text.size(), most)};
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    parser lines;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (auto ok = lines.line(line); !ok) return ok.error();
    }
    return lines.take();
}

}  // namespace s3
