#include "s3/http.h"

#include <algorithm>

namespace s3 {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

const std::string* find_header(const std::vector<http_header>& headers, std::string_view name) {
    for (const auto& header : headers)
        if (same_name(header.name, name)) return &header.value;
    return nullptr;
}

void set_header(std::vector<http_header>& headers, std::string_view name, std::string value) {
    const auto of_that_name = [&](const http_header& header) { return same_name(header.name, name); };
    const auto first = std::ranges::find_if(headers, of_that_name);
    if (first == headers.end()) {
        headers.push_back({std::string(name), std::move(value)});
        return;
    }
    first->value = std::move(value);
    headers.erase(std::remove_if(first + 1, headers.end(), of_that_name), headers.end());
}

void erase_header(std::vector<http_header>& headers, std::string_view name) {
    std::erase_if(headers, [&](const http_header& header) { return same_name(header.name, name); });
}

}  // namespace s3
