// S3's documents, untrusted: size and number of tags are checked before pugixml allocates anything; entities of a DOCTYPE are never
// expanded. For the sources of this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "io/bytes.h"
#include "io/error.h"

namespace s3 {

// A page of 1,000 keys of 1,024 bytes, every one of them encoded as %XX, has 3.5 MiB.
constexpr std::size_t max_document = std::size_t{4} << 20;
constexpr std::size_t max_tags = 100'000;

// Reads `body` into `into` and returns its root, which must have that name. Errors (subject::store): too_large; io_failure for what
// is cut off, not XML, or another document: the context says which, an error document's code included.
io::result<pugi::xml_node> read_document(pugi::xml_document& into, io::byte_view body, std::string_view root);

// The text of a child, "" if there is none.
std::string text_of(const pugi::xml_node& node, const char* child);
// A child that is a decimal number without sign, nothing else.
std::optional<std::uint64_t> number_of(const pugi::xml_node& node, const char* child);
// A child that says "true" or "false".
std::optional<bool> flag_of(const pugi::xml_node& node, const char* child);
// A child that is a time by ISO 8601, ms since 1970.
std::optional<std::int64_t> time_of(const pugi::xml_node& node, const char* child);

// Whether a body looks like a web page: a proxy or another service answered, not S3.
bool looks_like_html(io::byte_view body);

}  // namespace s3
