// Percent-encoding by RFC 3986 as SigV4 wants it: everything but A-Z a-z 0-9 - . _ ~ becomes %XX in capitals. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace s3 {

// A name or value of a query: '/' is encoded too.
std::string encode_component(std::string_view text);
// A key in a path: '/' stays, and so do "." and "" parts (S3 does not normalize paths).
std::string encode_path(std::string_view key);

struct query_parameter {
    std::string name;   // both as they are meant, not encoded
    std::string value;
};
// "a=1&b=" sorted by encoded name, then value: the same text in the request line and under the signature.
std::string encode_query(const std::vector<query_parameter>& parameters);

// The reverse. '+' is a space in what S3 lists with encoding-type=url and in forms; it stays one in paths. Nothing if a '%' is not
// followed by two hex digits, or the text holds a NUL.
enum class plus { literal, space };
std::optional<std::string> decode(std::string_view text, plus how);

// The parameters of a query in order; a parameter without '=' has an empty value. Nothing if one cannot be decoded.
std::optional<std::vector<query_parameter>> decode_query(std::string_view query);

}  // namespace s3
